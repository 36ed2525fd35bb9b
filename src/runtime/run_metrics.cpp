#include "runtime/run_metrics.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace windlass::runtime {
namespace {

const MetricBuckets kSeconds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800};
// All that a run can fail with. Of those that never come there is a 0, so that the first one is an increase.
constexpr std::array kKinds = {FailureKind::kError,    FailureKind::kException,  FailureKind::kExitCode,  FailureKind::kSignal,
                               FailureKind::kTimeout,  FailureKind::kDeadline,   FailureKind::kCancelled, FailureKind::kCrashed,
                               FailureKind::kMemory,   FailureKind::kBadPayload, FailureKind::kNoHandler};

}  // namespace

RunMetrics::RunMetrics(MetricsPtr metrics, const Mux& mux) : metrics_(std::move(metrics)), mux_(mux), other_(make("other")) {
  for (const std::string& pattern : mux.patterns()) {
    if (by_pattern_.size() == kTypesMax) break;
    by_pattern_.emplace(pattern, make(pattern));
  }
}

TypeMetrics RunMetrics::make(const std::string& type) const {
  const MetricLabels labels{{"type", type}};
  TypeMetrics made;
  made.wait = &metrics_->histogram("windlass_task_wait_seconds", "Time from when a task was to run until its first run began.", kSeconds, labels);
  made.run = &metrics_->histogram("windlass_task_run_seconds", "Time that runs of tasks took.", kSeconds, labels);
  for (const FailureKind kind : kKinds) {
    made.failures[kind] = &metrics_->counter("windlass_task_failures_total", "Runs that failed, by kind of failure.",
                                             {{"type", type}, {"kind", std::string(failure_kind_name(kind))}});
  }
  return made;
}

const TypeMetrics& RunMetrics::of(std::string_view type) const {
  const auto found = by_pattern_.find(mux_.find_pattern(type));
  return found == by_pattern_.end() ? other_ : found->second;
}

const TypeMetrics& RunMeter::of(std::string_view type) {
  if (last_ == nullptr || type != last_type_) {
    last_ = &metrics_.of(type);
    last_type_ = type;
  }
  return *last_;
}

void RunMeter::failed(std::string_view type, FailureKind kind) {
  const auto& failures = of(type).failures;
  const auto known = failures.find(kind);
  (known == failures.end() ? failures.at(FailureKind::kError) : known->second)->add();
}

void RunMeter::began(const core::TaskMessage& task, TimePoint now) {
  const TimePoint due = task.scheduled_at != kNoTime ? task.scheduled_at : task.enqueued_at;
  if (task.retried == 0 && due != kNoTime) of(task.type).wait->observe(std::max(now - due, Duration::zero()));
}

}  // namespace windlass::runtime
