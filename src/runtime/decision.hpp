// Decision: what becomes of a task whose run has ended, or that must not start. Pure: the rules of the handler contract.
//
//   handler said             becomes
//   done                     done, or completed if it has a retention: also when it was told to stop meanwhile
//   RevokeTask               done
//   Snooze{d}                scheduled at now + d, nothing charged
//   SkipRetry                archived
//   failure, exception       retried; archived when no retry is left. Not charged (is_failure said no): always retried
//
// A run whose child process died, or a command that a signal ended:
//
//   it ended the child           a failure, by the rules above, and a crash
//   another run did              given back: not a failure of the task
//   nobody knows which one did   given back, and a crash
//   none could be started        given back
//   so many crashes are too many   archived, FailureKind::kCrashed
//
// A failure of a run that was told to stop takes its kind from the reason:
//
//   timeout                  FailureKind::kTimeout, by the rules above
//   deadline                 FailureKind::kDeadline, archived: a retry could not start any more
//   cancelled                FailureKind::kCancelled, by the rules above; cancelled for good: archived
//   shutdown                 given back: not a failure of the task
//
// When the lease is lost, the store refuses the finish, whatever it is (the fence): no rule is needed.
#pragma once

#include <optional>

#include <windlass/context.hpp>
#include <windlass/outcome.hpp>

#include "broker/broker.hpp"
#include "exec/child_end.hpp"

namespace windlass::runtime {

// How a run ended.
struct RunEnd {
  Outcome outcome;
  StopReason stop = StopReason::kNone;  // why it was told to stop, if it was
  bool for_good = false;                // kCancelled: archive
  exec::ChildLoss loss = exec::ChildLoss::kNone;
};

// What the decision needs of the task.
struct RetryState {
  int retried = 0;
  int max_retry = 0;
  Duration retention{};
  int crashes = 0;      // before this run
  int crash_limit = 0;  // 0 = none
};

// The answers of the server's hooks; asked only when the run failed.
struct Charge {
  bool is_failure = true;
  Duration retry_delay{};
};

// Whether the run counts as failed, so that on_error is told.
bool failed(const RunEnd& end);

// The outcome with the failure that will be stored: the kind of a stopped run says why it was stopped, the handler's own
// words follow in the message.
RunEnd with_stop_reason(RunEnd end, Duration timeout);

// The finish of a run; its lease is left to the caller.
broker::Finish decide(const RunEnd& end, const RetryState& task, const Charge& charge, TimePoint now);

// Why a task may not start at `now`, as the failure that it is archived with (kExpired before kDeadline); nothing if it may.
std::optional<Failure> start_refusal(TimePoint expires_at, TimePoint deadline, TimePoint now);

}  // namespace windlass::runtime
