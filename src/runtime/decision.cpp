#include "runtime/decision.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/text.hpp"
#include "core/time_math.hpp"

namespace windlass::runtime {
namespace {

broker::Finish finish(broker::FinishKind kind) {
  broker::Finish f;
  f.kind = kind;
  return f;
}

broker::Finish archive(Failure failure) {
  broker::Finish f = finish(broker::FinishKind::kArchive);
  f.failure = std::move(failure);
  return f;
}

broker::Finish finish_at(broker::FinishKind kind, TimePoint now, Duration delay) {
  broker::Finish f = finish(kind);
  f.at = core::saturated_sum(now, std::max(delay, Duration::zero()));
  return f;
}

broker::Finish decide_failure(const RunEnd& end, const RetryState& task, const Charge& charge, TimePoint now) {
  const Failure& failure = end.outcome.failure();
  const bool last = charge.is_failure && task.retried >= task.max_retry;
  const bool for_good = end.stop == StopReason::kCancelled && end.for_good;
  if (last || for_good || end.stop == StopReason::kDeadline) return archive(failure);
  broker::Finish f = finish_at(broker::FinishKind::kRetry, now, charge.retry_delay);
  f.charged = charge.is_failure;
  f.failure = failure;
  return f;
}

// The run may have ended its child.
bool is_suspect(const RunEnd& end) {
  return end.loss == exec::ChildLoss::kByThisRun || end.loss == exec::ChildLoss::kUnclear;
}

// It has done so too often.
bool is_poison(const RunEnd& end, const RetryState& task) {
  return is_suspect(end) && task.crash_limit > 0 && task.crashes + 1 >= task.crash_limit;
}

Failure poison_failure(Failure failure, int crashes) {
  failure.kind = FailureKind::kCrashed;
  failure.message = "it ended " + std::to_string(crashes) + (crashes == 1 ? " process" : " processes") + "; the last: " + failure.message;
  return failure;
}

std::string stop_text(const RunEnd& end, Duration timeout) {
  switch (end.stop) {
    case StopReason::kTimeout: return "ran longer than its timeout of " + core::format_duration(timeout);
    case StopReason::kDeadline: return "its deadline passed while it ran";
    case StopReason::kCancelled: return end.for_good ? "cancelled for good" : "cancelled";
    default: return {};
  }
}

FailureKind stop_kind(StopReason reason) {
  switch (reason) {
    case StopReason::kTimeout: return FailureKind::kTimeout;
    case StopReason::kDeadline: return FailureKind::kDeadline;
    case StopReason::kCancelled: return FailureKind::kCancelled;
    default: return FailureKind::kNone;
  }
}

// There is no child, or it ended, and not surely by this run, which was to go on: it pays nothing. One that was to end anyway,
// by its timeout, deadline or a cancel, has ended by that.
bool lost_for_another(const RunEnd& end) {
  const bool own = end.loss == exec::ChildLoss::kNone || end.loss == exec::ChildLoss::kByThisRun;
  return !own && stop_kind(end.stop) == FailureKind::kNone;
}

}  // namespace

bool failed(const RunEnd& end) {
  const Outcome::Kind kind = end.outcome.kind();
  if (lost_for_another(end)) return false;
  return kind == Outcome::Kind::kFail || kind == Outcome::Kind::kSkipRetry;
}

RunEnd with_stop_reason(RunEnd end, Duration timeout) {
  const FailureKind kind = stop_kind(end.stop);
  if (end.outcome.kind() != Outcome::Kind::kFail || kind == FailureKind::kNone) return end;
  Failure failure = end.outcome.failure();
  failure.kind = kind;
  std::string text = stop_text(end, timeout);
  if (!failure.message.empty()) text += ": " + failure.message;
  failure.message = std::move(text);
  end.outcome = Outcome::fail(std::move(failure));
  return end;
}

broker::Finish decide(const RunEnd& end, const RetryState& task, const Charge& charge, TimePoint now) {
  using broker::FinishKind;
  switch (end.outcome.kind()) {
    case Outcome::Kind::kDone: return finish(task.retention > Duration::zero() ? FinishKind::kComplete : FinishKind::kDone);
    case Outcome::Kind::kRevoke: return finish(FinishKind::kDone);
    case Outcome::Kind::kSnooze: return finish_at(FinishKind::kSnooze, now, end.outcome.delay());
    case Outcome::Kind::kSkipRetry: return archive(end.outcome.failure());
    case Outcome::Kind::kFail: break;
  }
  if (end.stop == StopReason::kShutdown) return finish(FinishKind::kRequeue);
  broker::Finish f;
  if (is_poison(end, task)) {
    f = archive(poison_failure(end.outcome.failure(), task.crashes + 1));
  } else if (lost_for_another(end)) {
    f = finish(FinishKind::kRequeue);
  } else {
    f = decide_failure(end, task, charge, now);
  }
  f.crashed = is_suspect(end);
  return f;
}

std::optional<Failure> start_refusal(TimePoint expires_at, TimePoint deadline, TimePoint now) {
  if (expires_at != kNoTime && now >= expires_at) {
    return Failure(FailureKind::kExpired, "expired at " + core::format_time(expires_at) + " before it started");
  }
  if (deadline != kNoTime && now >= deadline) {
    return Failure(FailureKind::kDeadline, "its deadline, " + core::format_time(deadline) + ", passed before it started");
  }
  return std::nullopt;
}

}  // namespace windlass::runtime
