#include "trace/spans.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "base/mutex.hpp"
#include "base/random.hpp"
#include "core/ids.hpp"

namespace windlass {
namespace {

struct Sampling {
  std::shared_ptr<SpanSink> sink;
  double ratio = 1;
};

// The sink of the process. Thread-safe. A mutex, as for the sink of logs.
class SinkSlot {
 public:
  void store(Sampling sampling) {
    base::Lock lock(mu_);
    std::swap(sampling_, sampling);
    on_.store(sampling_.sink != nullptr, std::memory_order_release);
  }
  Sampling load() {
    base::Lock lock(mu_);
    return sampling_;
  }
  bool on() const { return on_.load(std::memory_order_acquire); }

 private:
  base::Mutex mu_;
  Sampling sampling_ WINDLASS_GUARDED_BY(mu_);
  std::atomic<bool> on_ = false;
};

// Never destroyed: threads may end spans until the very end.
SinkSlot& sink_slot() {
  static SinkSlot* const slot = new SinkSlot;
  return *slot;
}

template <class Id>
Id new_id() {
  Id id;
  for (std::size_t at = 0; at < id.size(); at += sizeof(std::uint64_t)) {
    // Not 0, which would be no id.
    const std::uint64_t word = core::random_word() | 1;
    std::memcpy(id.data() + at, &word, sizeof word);
  }
  return id;
}

bool sample(double ratio) {
  return static_cast<double>(core::random_word() >> 11) * 0x1.0p-53 < ratio;
}

}  // namespace

void set_span_sink(std::shared_ptr<SpanSink> sink, double sample_ratio) { sink_slot().store({std::move(sink), sample_ratio}); }

namespace trace {

bool tracing() { return sink_slot().on(); }

OpenSpan::OpenSpan(std::string name, SpanKind kind, const std::optional<TraceContext>& parent, TimePoint start) {
  span_.name = std::move(name);
  span_.kind = kind;
  span_.start = start;
  if (parent) {
    span_.context = *parent;
    span_.parent = parent->span_id;
  } else {
    span_.context.trace_id = new_id<TraceId>();
    span_.context.sampled = sample(sink_slot().load().ratio);
  }
  span_.context.span_id = new_id<SpanId>();
}

OpenSpan OpenSpan::in_trace(std::string name, SpanKind kind, const TraceId& id, TimePoint start) {
  OpenSpan open(std::move(name), kind, std::nullopt, start);
  open.span_.context.trace_id = id;
  return open;
}

OpenSpan OpenSpan::with_context(std::string name, SpanKind kind, TraceContext context, TimePoint start) {
  OpenSpan open;
  open.span_.name = std::move(name);
  open.span_.kind = kind;
  open.span_.context = std::move(context);
  open.span_.start = start;
  return open;
}

OpenSpan& OpenSpan::attribute(std::string_view name, std::string value) {
  span_.attributes.emplace_back(name, std::move(value));
  return *this;
}

OpenSpan& OpenSpan::attribute(std::string_view name, std::int64_t value) {
  span_.attributes.emplace_back(name, value);
  return *this;
}

void OpenSpan::fail(std::string why) {
  span_.failed = true;
  span_.error = std::move(why);
}

void OpenSpan::end(TimePoint at) {
  if (!span_.context.sampled) return;
  const std::shared_ptr<SpanSink> sink = sink_slot().load().sink;
  if (!sink) return;
  span_.end = std::max(at, span_.start);
  sink->write(std::move(span_));
}

void inject(const TraceContext& context, Headers& headers) {
  headers.insert_or_assign(std::string(kTraceparentHeader), format_traceparent(context));
  if (!context.state.empty()) headers.insert_or_assign(std::string(kTracestateHeader), context.state);
}

}  // namespace trace
}  // namespace windlass
