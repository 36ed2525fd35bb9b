// SchedulerMetrics: what became of ticks, and how late they were.
#pragma once

#include <map>
#include <string_view>

#include <windlass/error.hpp>
#include <windlass/info.hpp>
#include <windlass/metrics.hpp>

namespace windlass::runtime {

// Thread-safe. Without metrics it counts nothing.
class SchedulerMetrics {
 public:
  explicit SchedulerMetrics(MetricsPtr metrics);

  // A tick is settled, so long after its time.
  void settled(const Result<TaskInfo>& stored, Duration late);
  void attempt_failed();

 private:
  const MetricsPtr metrics_;
  Histogram* lateness_ = nullptr;
  Counter* failures_ = nullptr;
  std::map<std::string_view, Counter*> ticks_;  // by outcome
};

}  // namespace windlass::runtime
