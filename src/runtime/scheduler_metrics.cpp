#include "runtime/scheduler_metrics.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace windlass::runtime {
namespace {

const MetricBuckets kLateSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600};

constexpr std::array<std::string_view, 5> kOutcomes = {"enqueued", "taken", "skipped", "duplicate", "failed"};

std::string_view outcome_of(const Result<TaskInfo>& stored) {
  if (stored) return "enqueued";
  switch (stored.error().code()) {
    case ErrorCode::kTickTaken: return "taken";
    case ErrorCode::kFailedPrecondition: return "skipped";
    case ErrorCode::kDuplicateTask: return "duplicate";
    default: return "failed";
  }
}

}  // namespace

SchedulerMetrics::SchedulerMetrics(MetricsPtr metrics) : metrics_(std::move(metrics)) {
  if (!metrics_) return;
  lateness_ = &metrics_->histogram("windlass_scheduler_tick_lateness_seconds", "Time from a tick until its task was stored.", kLateSeconds);
  for (const std::string_view outcome : kOutcomes) {
    ticks_[outcome] = &metrics_->counter("windlass_scheduler_ticks_total", "Ticks, by what became of them.", {{"outcome", std::string(outcome)}});
  }
  failures_ = &metrics_->counter("windlass_scheduler_attempt_failures_total", "Attempts to enqueue the task of a tick that failed.");
}

void SchedulerMetrics::settled(const Result<TaskInfo>& stored, Duration late) {
  if (!metrics_) return;
  ticks_.at(outcome_of(stored))->add();
  if (stored) lateness_->observe(std::max(late, Duration::zero()));
}

void SchedulerMetrics::attempt_failed() {
  if (failures_ != nullptr) failures_->add();
}

}  // namespace windlass::runtime
