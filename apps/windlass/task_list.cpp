// windlass task ls [--follow]
#include <map>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>

#include <windlass/inspector.hpp>
#include <windlass/log.hpp>

#include "broker/broker.hpp"
#include "json.hpp"
#include "options.hpp"
#include "output.hpp"
#include "session.hpp"
#include "task_remark.hpp"
#include "task_walk.hpp"

namespace windlass::app {
namespace {

using namespace std::chrono_literals;

// How often --follow looks when no bell rings, and at most.
constexpr Duration kLookEvery = 1s;
constexpr Duration kPace = 100ms;

struct ListArgs {
  TaskQuery query;
  std::optional<TaskState> state;
  std::size_t limit = 30;
  bool all = false;
  bool follow = false;
  std::string cursor;

  std::size_t max() const { return all ? SIZE_MAX : limit; }
  std::vector<TaskState> states() const {
    return state ? std::vector<TaskState>{*state} : std::vector<TaskState>(kAllStates.begin(), kAllStates.end());
  }
};

Table task_table() { return Table({"ID", "TYPE", "STATE", "REMARK", "PAYLOAD"}); }

void add_row(Table& table, const TaskInfo& task) {
  table.add({task.id, task.type, std::string(task_state_name(task.state)), task_remark(task),
             shortened_payload(task.payload, 40)});
}

Result<int> show_list(const Session& session, const ListArgs& args, const codec::Value::Array& tasks,
                      const Table& table, const std::string& next) {
  if (session.json) {
    codec::Value::Object out{{"tasks", tasks}};
    if (!next.empty()) out.push_back({"next", next});
    return Session::print(out);
  }
  if (table.empty())
    put("no tasks found in queue '" + printable(args.query.queue) + "'\n");
  else
    table.print();
  if (!next.empty()) put("more: add --cursor " + printable(next) + " or --all\n");
  return kOk;
}

Result<int> list(const Session& session, ListArgs args) {
  if (!args.state && !args.cursor.empty()) return Error(ErrorCode::kInvalidArgument, "--cursor goes with --state");
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const Inspector inspector(*broker);
  codec::Value::Array tasks;
  Table table = task_table();
  std::string next;
  for (const TaskState state : args.states()) {
    args.query.state = state;
    Result<std::string> end = for_each_task(inspector, args.query, args.max(), args.cursor, [&](const TaskInfo& task) {
      if (session.json)
        tasks.push_back(to_json(task));
      else
        add_row(table, task);
    });
    if (!end) return end.error();
    if (args.state) next = *end;
  }
  return show_list(session, args, tasks, table, next);
}

// ------------------------------------------------------------------------------------------------------------- follow

// Prints the tasks that match, and then each one that comes or changes.
class Follower {
 public:
  Follower(const Session& session, ListArgs args, const BrokerPtr& broker)
      : session_(session), args_(std::move(args)), inspector_(broker) {}

  Status look() {
    std::map<std::string, std::string> found;
    Table table = task_table();
    for (const TaskState state : args_.states()) {
      args_.query.state = state;
      std::size_t shown = 0;
      const auto end = for_each_task(inspector_, args_.query, SIZE_MAX, {}, [&](const TaskInfo& task) {
        const std::string version = version_of(task);
        found[task.id] = version;
        const auto before = seen_.find(task.id);
        const bool is_new = before == seen_.end() || before->second != version;
        if (is_new && (!first_ || shown++ < args_.max())) show(table, task);
      });
      if (!end) return end.error();
    }
    if (!session_.json && first_)
      table.print();
    else if (!table.empty())
      table.print_rows();
    seen_ = std::move(found);
    first_ = false;
    return {};
  }

 private:
  // Changes with every step in the life of a task.
  static std::string version_of(const TaskInfo& task) {
    return std::string(task_state_name(task.state)) + " " + std::to_string(task.retried) + " " +
           std::to_string(task.crashes) + " " + std::to_string(task.started_at.time_since_epoch().count());
  }

  void show(Table& table, const TaskInfo& task) {
    if (session_.json)
      (void)Session::print(to_json(task));
    else
      add_row(table, task);
  }

  const Session& session_;
  ListArgs args_;
  Inspector inspector_;
  std::map<std::string, std::string> seen_;  // from id to version
  bool first_ = true;
};

Result<int> follow(const Session& session, const ListArgs& args) {
  if (!args.cursor.empty())
    return Error(ErrorCode::kInvalidArgument, "--follow begins at the start: leave --cursor out");
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  Follower follower(session, args, *broker);
  const auto bell = (*broker)->make_waiter({args.query.queue}, broker::WaitFor::kPending);
  if (const Status first = follower.look(); !first && first.error().code() != ErrorCode::kQueueNotFound)
    return first.error();
  for (std::string said; !output_failed();) {
    bell->wait(now() + kLookEvery);
    std::this_thread::sleep_for(kPace);
    const Status status = follower.look();
    const std::string why =
        status || status.error().code() == ErrorCode::kQueueNotFound ? "" : status.error().message();
    if (!why.empty() && why != said) log_warn("cannot look: " + why);
    said = why;
  }
  return kFailed;
}

}  // namespace

void add_task_list(CLI::App& task, Session& session) {
  CLI::App* command = task.add_subcommand("ls", "List the tasks of a queue");
  auto args = std::make_shared<ListArgs>();
  command->add_option("--queue", args->query.queue, "queue (default: default)");
  add_state(*command, "--state", args->state, "only this state (default: all, --limit of each)");
  command->add_option("--group", args->query.group, "only this group (state aggregating)");
  command->add_option("--type", args->query.type, "only this type");
  command->add_option("--id-prefix", args->query.id_prefix, "only ids that begin so");
  command->add_option("--limit", args->limit, "how many at most (default 30)")->check(CLI::PositiveNumber);
  command->add_option("--cursor", args->cursor, "go on where an earlier list ended (with the same --state)");
  command->add_flag("--all", args->all, "no limit");
  command->add_flag("--follow,-f", args->follow, "go on until it is ended: print each task that comes or changes");
  command->callback([&session, args] {
    session.run = [&session, args] { return args->follow ? follow(session, *args) : list(session, *args); };
  });
}

}  // namespace windlass::app
