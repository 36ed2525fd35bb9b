// SpanList: the sink of spans of a test, put in for as long as it lives.
#pragma once

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <windlass/trace.hpp>

namespace windlass::testing {

// Thread-safe.
class SpanList {
 public:
  explicit SpanList(double sample_ratio = 1) { set_span_sink(list_, sample_ratio); }
  ~SpanList() { set_span_sink(nullptr); }

  std::vector<Span> all() const {
    std::lock_guard lock(list_->mu);
    return list_->spans;
  }
  // The first one of that name. Throws if there is none.
  Span find(const std::string& name) const {
    for (const Span& span : all()) {
      if (span.name == name) return span;
    }
    throw std::runtime_error("no span '" + name + "'");
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Span& span : all()) names.push_back(span.name);
    return names;
  }

 private:
  struct List final : SpanSink {
    void write(Span span) override {
      std::lock_guard lock(mu);
      spans.push_back(std::move(span));
    }
    std::mutex mu;
    std::vector<Span> spans;
  };
  std::shared_ptr<List> list_ = std::make_shared<List>();
};

}  // namespace windlass::testing
