#include "runtime/run_steps.hpp"

#include <algorithm>
#include <utility>

#include <windlass/log.hpp>

#include "core/time_math.hpp"
#include "mux/guarded_run.hpp"
#include "runtime/run_span.hpp"

namespace windlass::runtime {
namespace {

// When this run ends at the latest; what its handler sees as deadline() is the earlier of the two, on the wall clock.
RunLimits limits_of(const core::TaskMessage& task, Duration steady) {
  RunLimits limits;
  if (task.timeout > Duration::zero()) limits.timeout_at = core::saturated_sum(steady, task.timeout);
  limits.deadline = task.deadline;
  return limits;
}

TimePoint run_deadline(const core::TaskMessage& task, TimePoint now) {
  if (task.timeout <= Duration::zero()) return task.deadline;
  const TimePoint timeout_at = core::saturated_sum(now, task.timeout);
  return task.deadline == kNoTime ? timeout_at : std::min(timeout_at, task.deadline);
}

void log_failure(const TaskRun& run, const Failure& failure) {
  if (!log_enabled(LogLevel::kWarn)) return;
  std::vector<LogField> fields = internal::run_log_fields(run);
  fields.push_back({"kind", std::string(failure_kind_name(failure.kind))});
  fields.push_back({"error", failure.message});
  log_warn("task failed", std::move(fields));
}

}  // namespace

Outcome stopped_before_start() { return Outcome::fail("before it started"); }

std::optional<Duration> RunSteps::begin(Slot& slot, TaskRun& run) {
  const TimePoint now = tools_.clock.now();
  const Duration steady = tools_.clock.steady();
  if (refuse(run, now, steady)) return std::nullopt;
  run.begin(now, run_deadline(run.message(), now));
  meter_.began(run.message(), now);
  if (trace::tracing()) run.begin_span(begin_run_span(run.message(), now));
  RunLimits limits = limits_of(run.message(), steady);
  limits.stop_time = tools_.handlers.stop_time(run);
  if (tools_.slots.begin(slot, run, limits, now, steady)) tools_.wake_watchdog();
  return steady;
}

std::optional<Duration> RunSteps::end(Slot& slot, TaskRun& run, exec::RunReport report, Duration began) {
  if (Slots::abandoned(slot)) return std::nullopt;
  broker::Finish finish = finish_of(run, std::move(report));
  if (!Slots::end(slot)) return std::nullopt;
  const Duration took = tools_.clock.steady() - began;
  meter_.ended(run.type(), took);
  if (run.span() != nullptr) end_run_span(*run.span(), finish, tools_.clock.now());
  submit(run, std::move(finish));
  return took;
}

// Finishes a task that must not start any more. One that may be another's by now is given back: the store knows whose it is.
bool RunSteps::refuse(TaskRun& run, TimePoint now, Duration steady) {
  broker::Finish finish;
  if (!tools_.table.surely_owns(run, steady)) {
    finish.kind = broker::FinishKind::kRequeue;
  } else if (auto failure = start_refusal(run.message().expires_at, run.message().deadline, now)) {
    const bool discard = failure->kind == FailureKind::kExpired && tools_.expired == ExpiredPolicy::kDiscard;
    finish.kind = discard ? broker::FinishKind::kDiscard : broker::FinishKind::kArchive;
    finish.failure = std::move(*failure);
  } else {
    return false;
  }
  submit(run, std::move(finish));
  return true;
}

// Calls the user's hooks: the run counts as running meanwhile.
broker::Finish RunSteps::finish_of(TaskRun& run, exec::RunReport report) {
  const core::TaskMessage& task = run.message();
  RunEnd end{std::move(report.outcome), run.stop_reason(), run.for_good(), report.loss};
  end = with_stop_reason(std::move(end), task.timeout);
  Charge charge;
  if (failed(end)) {
    log_failure(run, end.outcome.failure());
    meter_.failed(task.type, end.outcome.failure().kind);
    tools_.hooks.on_error(run, end.outcome);
    if (end.outcome.kind() == Outcome::Kind::kFail) charge = tools_.hooks.charge(end.outcome.failure(), run, random_);
  }
  const TimePoint now = end.outcome.kind() == Outcome::Kind::kDone ? kNoTime : tools_.clock.now();
  return decide(end, {task.retried, task.max_retry, task.retention, run.crashes(), tools_.crash_limit}, charge, now);
}

void RunSteps::submit(TaskRun& run, broker::Finish finish) {
  finish.lease = run.lease();
  tools_.finisher.submit({std::move(finish), &run});
}

}  // namespace windlass::runtime
