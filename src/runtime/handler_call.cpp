#include "runtime/handler_call.hpp"

#include <string>

#include <windlass/log.hpp>

#include "runtime/hooks.hpp"

namespace windlass::runtime {

Outcome call_handler(const Mux& mux, TaskRun& run) {
  const LogScope scope({{"task", run.task_id()},
                        {"queue", run.queue()},
                        {"type", run.type()},
                        {"attempt", std::to_string(run.retry_count() + 1)}});
  try {
    return mux.run(run);
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

}  // namespace windlass::runtime
