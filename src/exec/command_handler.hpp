// A command as the handler of a task: what `windlass work --exec 'pattern=command'` runs.
//
//   stdin          the payload
//   arguments      {id}, {type} and {queue} are replaced; other braces stay
//   environment    WINDLASS_TASK_ID, WINDLASS_QUEUE, WINDLASS_TYPE, WINDLASS_RETRY_COUNT, WINDLASS_MAX_RETRY,
//                  WINDLASS_ENQUEUED_AT, WINDLASS_SCHEDULED_AT, WINDLASS_DEADLINE (RFC 3339; not set where there is none), and
//                  WINDLASS_HEADER_KEY for each header, its key in capitals, every character but A-Z and 0-9 as _
//   stdout         the result of the task, if it succeeds
//   stderr         logged line by line with the task's id; its end is kept with the failure
//   exit 0         done
//   exit 75        not now: a failure like any other (EX_TEMPFAIL)
//   exit 76        never: archived at once, whatever retries are left
//   exit others, signal, timeout, cancel    a failure of that kind; the retry rules apply
//   a signal from elsewhere other than SIGTERM, SIGINT and SIGHUP    a crash, besides: so many of them archive the task
//   with a memory limit: a failure of kind memory, if the program ends badly after it took three quarters of the limit, or says on
//   stderr that it got no memory
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <windlass/mux.hpp>
#include <windlass/time.hpp>

#include "exec/executor.hpp"
#include "exec/process_limits.hpp"

namespace windlass::exec {

class ChildGuard;

inline constexpr int kExitSkipRetry = 76;

struct CommandHandlerSpec {
  std::vector<std::string> argv;              // at least one word
  Duration timeout{};                         // of one run, besides the task's own; 0 = none
  Duration grace = std::chrono::seconds(5);   // from SIGTERM to SIGKILL
  std::size_t result_max = 1 << 20;           // longer output on stdout is a failure
  ProcessLimits limits;
  ChildGuard* guard = nullptr;                // must outlive the handler
};

// Runs the command for each task, in a process of its own. Thread-safe.
class CommandExecutor final : public windlass::internal::Executor {
 public:
  explicit CommandExecutor(CommandHandlerSpec spec) : spec_(std::move(spec)) {}

  RunReport run(Context& ctx) override;
  void hurry() override { hurry_.request_stop(); }
  // Those that run have the time of a shutdown.
  void close() override;
  Duration stop_time() const override { return spec_.grace; }

 private:
  const CommandHandlerSpec spec_;
  std::stop_source hurry_, close_;
};

// Handles the tasks with the command. Throws as Mux::handle().
void handle_command(Mux& mux, std::string pattern, CommandHandlerSpec spec);

// The same as a handler for who has no server: thread-safe, and stops the command when the context says stop.
Handler command_handler(CommandHandlerSpec spec);

}  // namespace windlass::exec
