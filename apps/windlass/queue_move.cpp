// windlass queue move FROM TO
//
// Tasks are stored in TO before they are deleted in FROM, and both queues are paused meanwhile: so nothing is lost and nothing runs
// twice, wherever it is broken off, as long as it is run again before the pauses are ended.
#include <cstdio>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include <windlass/inspector.hpp>

#include "carrying.hpp"
#include "copy_tasks.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress_bar.hpp"
#include "task_walk.hpp"

namespace windlass::app {
namespace {

struct MoveArgs {
  std::string from, to;
  std::optional<TaskState> state;
  std::string group, type, id_prefix;
  bool dry_run = false;
};

std::vector<TaskState> states_of(const MoveArgs& args) {
  if (args.state) return {*args.state};
  std::vector<TaskState> states(kAllStates.begin(), kAllStates.end());
  std::erase(states, TaskState::kActive);
  return states;
}

// A queue that is made by putting a task into it would be served at once; this way it is paused before it holds anything to do.
Status make_queue(broker::Broker& broker, const std::string& queue) {
  broker::NewTask task;
  task.message.id = "windlass-queue-move";
  task.message.queue = queue;
  task.message.type = "none";
  task.process_at = now() + std::chrono::hours(24);
  const auto stored = broker.enqueue({&task, 1});
  if (!stored) return stored.error();
  const broker::TaskRef ref{queue, task.message.id};
  const auto deleted = broker.act({&ref, 1}, broker::TaskAction::kDelete);
  return deleted ? Status() : deleted.error();
}

// A pause that ends with this object's work, if it was not there before.
class Pause {
 public:
  Pause(broker::Broker& broker, std::string queue) : broker_(broker), queue_(std::move(queue)) {}

  Status begin() {
    Status paused = broker_.pause(queue_);
    began_ = paused.ok();
    if (!paused && paused.error().code() == ErrorCode::kFailedPrecondition) return {};
    return paused;
  }
  Status end() {
    if (began_) return broker_.resume(queue_);
    std::fprintf(stderr, "windlass: queue '%s' was paused before and stays so: windlass queue resume %s\n", printable(queue_).c_str(),
                 printable(queue_).c_str());
    return {};
  }

 private:
  broker::Broker& broker_;
  std::string queue_;
  bool began_ = false;
};

Result<std::uint64_t> count_all(const Inspector& inspector, const MoveArgs& args) {
  std::uint64_t count = 0;
  for (const TaskState state : states_of(args)) {
    const auto of_state = count_tasks(inspector, {args.from, state, state == TaskState::kAggregating ? args.group : "", args.id_prefix, args.type});
    if (!of_state) return of_state.error();
    count += *of_state;
  }
  return count;
}

Status move_all(broker::Broker& broker, const MoveArgs& args, std::uint64_t total, CopyCount& count) {
  ProgressBar bar(total, "tasks");
  for (const TaskState state : states_of(args)) {
    CopyOrder order;
    order.filter = {args.from, state, state == TaskState::kAggregating ? args.group : "", args.id_prefix, args.type};
    order.queue = args.to;
    order.take_away = true;
    order.progress = [&](const CopyCount& so_far) { bar.show(so_far.seen()); };
    if (const Status copied = copy_tasks(broker, broker, order, count); !copied) return copied;
  }
  return {};
}

Status move_paused(broker::Broker& broker, const MoveArgs& args, std::uint64_t total, CopyCount& count) {
  const Result<QueueInfo> target = broker.queue_info(args.to);
  if (!target && target.error().code() != ErrorCode::kQueueNotFound) return target.error();
  if (const Status made = target ? Status() : make_queue(broker, args.to); !made) return made;
  Pause from(broker, args.from), to(broker, args.to);
  if (const Status begun = from.begin(); !begun) return begun;
  if (const Status begun = to.begin(); !begun) return begun;
  if (const Status moved = move_all(broker, args, total, count); !moved) {
    return moved.error().at("the queues '" + args.from + "' and '" + args.to + "' stay paused, run this again");
  }
  if (const Status ended = to.end(); !ended) return ended;
  return from.end();
}

Result<int> move(const Session& session, const MoveArgs& args) {
  if (args.from == args.to) return Error(ErrorCode::kInvalidArgument, "FROM and TO are the same queue");
  if (args.state == TaskState::kActive) return Error(ErrorCode::kInvalidArgument, "active tasks cannot be moved: servers run them");
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const Result<std::uint64_t> total = count_all(Inspector(*broker), args);
  if (!total) return total.error();
  if (args.dry_run) {
    if (session.json) return Session::print(codec::Value::Object{{"matching", *total}, {"dry_run", true}});
    put(std::to_string(*total) + " tasks would be moved\n");
    return kOk;
  }
  CopyCount count;
  if (const Status moved = move_paused(**broker, args, *total, count); !moved) return moved.error();
  const std::uint64_t done = count.copied + count.already;
  if (session.json) (void)Session::print(codec::Value::Object{{"count", done}, {"refused", count.refused}});
  else put(std::to_string(done) + (done == 1 ? " task moved\n" : " tasks moved\n"));
  if (count.refused == 0) return kOk;
  return Error(ErrorCode::kTaskIdConflict, std::to_string(count.refused) + " tasks stay where they are; the first: " + count.first_refusal);
}

}  // namespace

void add_queue_move(CLI::App& queue, Session& session) {
  CLI::App* command = queue.add_subcommand("move", "Move tasks to another queue; both are paused meanwhile");
  auto args = std::make_shared<MoveArgs>();
  command->add_option("FROM", args->from, "the queue that they are in")->required();
  command->add_option("TO", args->to, "the queue that they go to; made if it is not there")->required();
  add_state(*command, "--state", args->state, "only this state (default: all but active)");
  command->add_option("--group", args->group, "of the aggregating ones only this group");
  command->add_option("--type", args->type, "only this type");
  command->add_option("--id-prefix", args->id_prefix, "only ids that begin so");
  command->add_flag("--dry-run", args->dry_run, "only say how many match");
  command->callback([&session, args] { session.run = [&session, args] { return move(session, *args); }; });
}

}  // namespace windlass::app
