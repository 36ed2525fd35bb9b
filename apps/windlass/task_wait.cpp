// windlass task wait ID
#include <algorithm>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>

#include <windlass/inspector.hpp>
#include <windlass/log.hpp>

#include "failure_text.hpp"
#include "find_task.hpp"
#include "json.hpp"
#include "options.hpp"
#include "output.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

using namespace std::chrono_literals;

// Between looks: soon at first, for tasks that take milliseconds.
constexpr Duration kFirstPause = 10ms;
constexpr Duration kLongestPause = 500ms;

struct WaitArgs {
  std::string id, queue;
  std::optional<Duration> timeout;
};

bool is_over(TaskState state) { return state == TaskState::kCompleted || state == TaskState::kArchived; }

Result<int> show_end(const Session& session, const TaskInfo& task) {
  const bool done = task.state == TaskState::kCompleted;
  if (session.json) {
    (void)Session::print(to_json(task));
    return done ? kOk : kFailed;
  }
  if (done) {
    if (task.result) put(printable(*task.result) + "\n");
    return kOk;
  }
  const std::string why = failure_text(task.failure);
  return session.report(
      Error(ErrorCode::kFailedPrecondition, "task '" + task.id + "' is archived" + (why.empty() ? "" : ": " + why)),
      kFailed);
}

Result<int> wait(const Session& session, const WaitArgs& args) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const Inspector inspector(*broker);
  Result<TaskInfo> task = find_task(inspector, args.queue, args.id);
  if (!task) return task.error();
  const std::string queue = task->queue;
  log_debug("waiting", {{"task", args.id}, {"state", std::string(task_state_name(task->state))}});
  const auto give_up = std::chrono::steady_clock::now() + args.timeout.value_or(Duration::zero());
  for (Duration pause = kFirstPause; !is_over(task->state); pause = std::min(2 * pause, kLongestPause)) {
    const auto left = give_up - std::chrono::steady_clock::now();
    if (args.timeout && left <= Duration::zero()) {
      const Error late(ErrorCode::kFailedPrecondition,
                       "task '" + args.id + "' is still " + std::string(task_state_name(task->state)));
      return session.report(late, kNotInTime);
    }
    std::this_thread::sleep_for(args.timeout ? std::min<Duration>(pause, left) : pause);
    Result<TaskInfo> again = inspector.task(queue, args.id);
    if (again) {
      if (again->state != task->state) pause = kFirstPause;
      task = *std::move(again);
    } else if (again.error().code() == ErrorCode::kTaskNotFound || again.error().code() == ErrorCode::kQueueNotFound) {
      return Error(ErrorCode::kTaskNotFound,
                   "task '" + args.id + "' is gone: it was done and had no --retention, or it was deleted");
    } else if (again.error().code() != ErrorCode::kUnavailable) {
      return again.error();
    }
  }
  return show_end(session, *task);
}

}  // namespace

void add_task_wait(CLI::App& task, Session& session) {
  CLI::App* command = task.add_subcommand("wait", "Wait until a task is completed or archived; prints its result");
  auto args = std::make_shared<WaitArgs>();
  command->add_option("ID", args->id, "id of the task")->required();
  command->add_option("--queue", args->queue, "its queue (default: look in all)");
  add_duration(*command, "--timeout", args->timeout, "wait no longer (exit code 6)");
  command->callback([&session, args] { session.run = [&session, args] { return wait(session, *args); }; });
}

}  // namespace windlass::app
