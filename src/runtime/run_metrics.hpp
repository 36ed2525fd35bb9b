// RunMetrics: how long tasks wait and run, and how their runs fail, by type.
//
// A "type" here is the mux's pattern that a task's type fits: those are as many as the program has handlers, whatever clients enqueue.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <windlass/metrics.hpp>
#include <windlass/mux.hpp>

#include "core/message.hpp"

namespace windlass::runtime {

// What is measured of the tasks of one type.
struct TypeMetrics {
  Histogram* wait = nullptr;
  Histogram* run = nullptr;
  std::map<FailureKind, Counter*> failures;  // all kinds that a run can fail with
};

// Thread-safe.
class RunMetrics {
 public:
  // Of more patterns than this the later ones, by name, are counted as "other", as are tasks that no handler fits.
  static constexpr std::size_t kTypesMax = 100;

  // `mux` must outlive this.
  RunMetrics(MetricsPtr metrics, const Mux& mux);

  const TypeMetrics& of(std::string_view type) const;

 private:
  TypeMetrics make(const std::string& type) const;

  const MetricsPtr metrics_;
  const Mux& mux_;
  std::map<std::string, TypeMetrics, std::less<>> by_pattern_;
  TypeMetrics other_;
};

// For the runs of one thread: the type of the last one is at hand, since most are alike. Confined to its thread.
class RunMeter {
 public:
  explicit RunMeter(const RunMetrics& metrics) : metrics_(metrics) {}

  // The first run of a task begins, which was to run when it was enqueued, or at its nominal time. What a retry waited is not known.
  void began(const core::TaskMessage& task, TimePoint now);
  void ended(std::string_view type, Duration took) { of(type).run->observe(took); }
  // A kind that no run should fail with, but that a handler may have made up, counts as kError.
  void failed(std::string_view type, FailureKind kind);

 private:
  const TypeMetrics& of(std::string_view type);

  const RunMetrics& metrics_;
  std::string last_type_;
  const TypeMetrics* last_ = nullptr;
};

}  // namespace windlass::runtime
