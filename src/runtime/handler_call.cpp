#include "runtime/handler_call.hpp"

#include <string>

#include "runtime/hooks.hpp"

namespace windlass::runtime {

std::vector<LogField> log_fields(const TaskRun& run) {
  return {{"task", run.task_id()},
          {"queue", run.queue()},
          {"type", run.type()},
          {"attempt", std::to_string(run.retry_count() + 1)}};
}

Outcome stopped_before_start() { return Outcome::fail("before it started"); }

Outcome outcome_of_exception() {
  try {
    throw;
  } catch (const SkipRetry& skip) {
    return skip;
  } catch (const RevokeTask& revoke) {
    return revoke;
  } catch (const Snooze& snooze) {
    return snooze;
  } catch (...) {
    return Outcome::fail(Failure(FailureKind::kException, describe_current_exception()));
  }
}

Outcome call_handler(const Mux& mux, TaskRun& run) {
  const LogScope scope(log_fields(run));
  try {
    return mux.run(run);
  } catch (...) {
    return outcome_of_exception();
  }
}

}  // namespace windlass::runtime
