#include "runtime/worker.hpp"

#include <algorithm>
#include <utility>

#include <windlass/log.hpp>

#include "core/time_math.hpp"
#include "runtime/handler_call.hpp"

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

void log_failure(const core::TaskMessage& task, const Failure& failure) {
  if (!log_enabled(LogLevel::kWarn)) return;
  log_warn("task failed", {{"task", task.id},
                           {"queue", task.queue},
                           {"type", task.type},
                           {"kind", std::string(failure_kind_name(failure.kind))},
                           {"error", failure.message}});
}

}  // namespace

Worker::Worker(std::size_t slot, const WorkerTools& tools, base::Random random)
    : slot_(slot), tools_(tools), random_(random) {}

void Worker::loop() {
  TaskRun* run = tools_.queue.take(slot_);
  while (run != nullptr) {
    if (!serve(*run)) return;
    run = tools_.queue.finish_and_take(slot_, took_);
  }
}

bool Worker::serve(TaskRun& run) {
  const TimePoint now = tools_.clock.now();
  const Duration start = tools_.clock.steady();
  took_ = Duration::zero();
  if (refuse(run, now)) return true;
  run.begin(now, run_deadline(run.message(), now));
  if (tools_.slots.begin(slot_, run, limits_of(run.message(), start), now, start)) tools_.wake_watchdog();
  Outcome outcome = run.stop_reason() == StopReason::kNone ? call_handler(tools_.mux, run) : Outcome::fail("before it started");
  if (tools_.slots.abandoned(slot_)) return false;
  broker::Finish finish = finish_of(run, std::move(outcome));
  if (!tools_.slots.end(slot_)) return false;
  took_ = tools_.clock.steady() - start;
  submit(run, std::move(finish));
  return true;
}

// Finishes a task that must not start any more.
bool Worker::refuse(TaskRun& run, TimePoint now) {
  broker::Finish finish;
  if (run.disowned()) {
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
broker::Finish Worker::finish_of(TaskRun& run, Outcome outcome) {
  const core::TaskMessage& task = run.message();
  RunEnd end{std::move(outcome), run.stop_reason(), run.for_good()};
  end = with_stop_reason(std::move(end), task.timeout);
  Charge charge;
  if (failed(end)) {
    log_failure(task, end.outcome.failure());
    tools_.hooks.on_error(run, end.outcome);
    if (end.outcome.kind() == Outcome::Kind::kFail) charge = tools_.hooks.charge(end.outcome.failure(), run, random_);
  }
  const TimePoint now = end.outcome.kind() == Outcome::Kind::kDone ? kNoTime : tools_.clock.now();
  return decide(end, {task.retried, task.max_retry, task.retention}, charge, now);
}

void Worker::submit(TaskRun& run, broker::Finish finish) {
  finish.lease = run.lease();
  tools_.finisher.submit({std::move(finish), &run});
}

}  // namespace windlass::runtime
