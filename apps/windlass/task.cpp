// windlass task ls|inspect|cancel|run|archive|delete
#include <array>
#include <memory>

#include <CLI/CLI.hpp>

#include <windlass/inspector.hpp>

#include "core/text.hpp"
#include "exec/signals.hpp"
#include "find_task.hpp"
#include "json.hpp"
#include "options.hpp"
#include "output.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

constexpr std::size_t kPageMax = 1000;

// ---------------------------------------------------------------------------------------------------------------- ls

struct ListArgs {
  TaskQuery query;
  std::optional<TaskState> state;
  std::size_t limit = 30;
  bool all = false;
  std::string cursor;
};

// What is worth knowing of a task depends on its state.
std::string remark(const TaskInfo& task) {
  switch (task.state) {
    case TaskState::kActive: return (task.orphaned ? "orphaned, started " : "started ") + relative_time(task.started_at);
    case TaskState::kScheduled: return relative_time(task.next_process_at);
    case TaskState::kRetry: return "retry " + std::to_string(task.retried + 1) + "/" + std::to_string(task.max_retry) + " " +
                                   relative_time(task.next_process_at) + ": " + shortened(task.failure.message, 60);
    case TaskState::kArchived: return relative_time(task.archived_at) + ": " + shortened(task.failure.message, 60);
    case TaskState::kCompleted: return relative_time(task.completed_at);
    case TaskState::kAggregating: return "group " + shortened(task.group, 40);
    case TaskState::kPending: break;
  }
  return task.enqueued_at == kNoTime ? "" : "enqueued " + relative_time(task.enqueued_at);
}

void add_row(Table& table, const TaskInfo& task) {
  table.add({task.id, task.type, std::string(task_state_name(task.state)), remark(task), shortened_payload(task.payload, 40)});
}

// Calls `each` with the tasks of one state, page by page, up to the limit. Returns where the next page begins.
template <class F>
Result<std::string> for_each_task(const Inspector& inspector, const ListArgs& args, F each) {
  std::string cursor = args.cursor;
  std::size_t left = args.all ? SIZE_MAX : args.limit;
  while (left > 0) {
    const Result<TaskPage> page = inspector.list(args.query, std::min(left, kPageMax), cursor);
    if (!page) return page.error();
    for (const TaskInfo& task : page->tasks) each(task);
    left -= std::min(left, page->tasks.size());
    cursor = page->next;
    if (cursor.empty()) break;
  }
  return cursor;
}

std::vector<TaskState> states_of(const ListArgs& args) {
  if (args.state) return {*args.state};
  return {TaskState::kActive, TaskState::kPending,  TaskState::kScheduled, TaskState::kRetry,
          TaskState::kArchived, TaskState::kCompleted, TaskState::kAggregating};
}

Result<int> show_list(const Session& session, const ListArgs& args, const codec::Value::Array& tasks, const Table& table,
                      const std::string& next) {
  if (session.json) {
    codec::Value::Object out{{"tasks", tasks}};
    if (!next.empty()) out.push_back({"next", next});
    return Session::print(out);
  }
  if (table.empty()) put("no tasks found in queue '" + printable(args.query.queue) + "'\n");
  else table.print();
  if (!next.empty()) put("more: add --cursor " + printable(next) + " or --all\n");
  return kOk;
}

Result<int> list(const Session& session, ListArgs args) {
  if (!args.state && !args.cursor.empty()) return Error(ErrorCode::kInvalidArgument, "--cursor goes with --state");
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const Inspector inspector(*broker);
  codec::Value::Array tasks;
  Table table({"ID", "TYPE", "STATE", "REMARK", "PAYLOAD"});
  std::string next;
  for (const TaskState state : states_of(args)) {
    args.query.state = state;
    Result<std::string> end = for_each_task(inspector, args, [&](const TaskInfo& task) {
      if (session.json) tasks.push_back(to_json(task));
      else add_row(table, task);
    });
    if (!end) return end.error();
    if (args.state) next = *end;
  }
  return show_list(session, args, tasks, table, next);
}

void add_list(CLI::App& task, Session& session) {
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
  command->callback([&session, args] { session.run = [&session, args] { return list(session, *args); }; });
}

// ----------------------------------------------------------------------------------------------------------- inspect

std::string failure_text(const Failure& failure) {
  if (failure.kind == FailureKind::kNone) return "";
  std::string text = std::string(failure_kind_name(failure.kind));
  if (failure.kind == FailureKind::kSignal) text += " " + exec::signal_name(failure.signal);
  if (failure.kind == FailureKind::kExitCode) text += " " + std::to_string(failure.exit_code);
  return text + ": " + failure.message;
}

std::string time_or_nothing(TimePoint t) { return t == kNoTime ? "" : full_time(t); }
std::string duration_or_nothing(Duration d) { return d == Duration::zero() ? "" : core::format_duration(d); }
std::string headers_text(const Headers& headers) {
  std::string text;
  for (const auto& [key, value] : headers) text += (text.empty() ? "" : ", ") + key + "=" + value;
  return text;
}
std::string progress_text(const std::optional<Progress>& progress) {
  if (!progress) return "";
  return std::to_string(static_cast<int>(progress->percent)) + " % " + progress->text;
}

void show_task(const TaskInfo& task) {
  print_fields({{"id", task.id},
                {"queue", task.queue},
                {"type", task.type},
                {"state", std::string(task_state_name(task.state)) + (task.orphaned ? " (orphaned)" : "")},
                {"payload", task.payload.present() ? shortened_payload(task.payload, 2000) + " (" + short_bytes(task.payload.size()) + ")" : ""},
                {"headers", headers_text(task.headers)},
                {"retries", std::to_string(task.retried) + " of " + std::to_string(task.max_retry)},
                {"crashes", task.crashes > 0 ? std::to_string(task.crashes) : ""},
                {"failure", failure_text(task.failure)},
                {"failed at", time_or_nothing(task.last_failed_at)},
                {"timeout", duration_or_nothing(task.timeout)},
                {"deadline", time_or_nothing(task.deadline)},
                {"expires", time_or_nothing(task.expires_at)},
                {"retention", duration_or_nothing(task.retention)},
                {"group", task.group},
                {"unique key", task.unique_key},
                {"enqueued", time_or_nothing(task.enqueued_at)},
                {"scheduled", time_or_nothing(task.scheduled_at)},
                {"next run", time_or_nothing(task.next_process_at)},
                {"started", time_or_nothing(task.started_at)},
                {"completed", time_or_nothing(task.completed_at)},
                {"archived", time_or_nothing(task.archived_at)},
                {"kept until", time_or_nothing(task.delete_at)},
                {"owner", task.owner},
                {"progress", progress_text(task.progress)},
                {"result", task.result ? shortened(*task.result, 2000) : ""},
                {"detail", shortened(task.failure.detail, 4000)}});
}

struct InspectArgs {
  std::string id, queue;
};

Result<int> inspect(const Session& session, const InspectArgs& args) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const Result<TaskInfo> task = find_task(Inspector(*broker), args.queue, args.id);
  if (!task) return task.error();
  if (session.json) return Session::print(to_json(*task));
  show_task(*task);
  return kOk;
}

void add_inspect(CLI::App& task, Session& session) {
  CLI::App* command = task.add_subcommand("inspect", "Show all about one task");
  auto args = std::make_shared<InspectArgs>();
  command->add_option("ID", args->id, "id of the task")->required();
  command->add_option("--queue", args->queue, "its queue (default: look in all)");
  command->callback([&session, args] { session.run = [&session, args] { return inspect(session, *args); }; });
}

// ------------------------------------------------------------------------------------- cancel, run, archive, delete

struct ActArgs {
  std::vector<std::string> ids;
  std::string queue;
  bool for_good = false;
};

using Act = Status (*)(const Inspector&, const TaskInfo&, const ActArgs&);

struct Verb {
  const char* name;
  const char* help;
  const char* done;  // "task X: ..."
  Act act;
};

// Goes on after an error, so that one bad id does not hold up the others; the first error decides the exit code.
Result<int> act(const Session& session, const ActArgs& args, const Verb& verb) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const Inspector inspector(*broker);
  int code = kOk;
  codec::Value::Array done;
  for (const std::string& id : args.ids) {
    const Result<TaskInfo> task = find_task(inspector, args.queue, id);
    const Status status = task ? verb.act(inspector, *task, args) : Status(task.error());
    if (!status) {
      const int failed = session.report(status.error());
      if (code == kOk) code = failed;
      continue;
    }
    done.push_back(codec::Value::Object{{"id", id}, {"queue", task->queue}});
    if (!session.json) put("task " + printable(id) + ": " + verb.done + "\n");
  }
  if (session.json) (void)Session::print(codec::Value::Object{{"done", done}});
  return code;
}

Status cancel_one(const Inspector& inspector, const TaskInfo& task, const ActArgs& args) {
  if (task.state != TaskState::kActive) {
    return Error(ErrorCode::kFailedPrecondition, "task '" + task.id + "' does not run, it is " +
                                                     std::string(task_state_name(task.state)) + ": use delete or archive");
  }
  return inspector.cancel(task.queue, task.id, args.for_good ? Cancel::kForGood : Cancel::kRetry);
}

constexpr std::array<Verb, 4> kVerbs{{
    {"cancel", "Ask the server that runs a task to stop it; the retry rules apply", "cancellation requested", cancel_one},
    {"run", "Make a task pending now", "pending",
     [](const Inspector& i, const TaskInfo& t, const ActArgs&) { return i.run_task(t.queue, t.id); }},
    {"archive", "Put a task aside: it will not run by itself", "archived",
     [](const Inspector& i, const TaskInfo& t, const ActArgs&) { return i.archive_task(t.queue, t.id); }},
    {"delete", "Delete a task", "deleted",
     [](const Inspector& i, const TaskInfo& t, const ActArgs&) { return i.delete_task(t.queue, t.id); }},
}};

void add_verb(CLI::App& task, Session& session, const Verb& verb) {
  CLI::App* command = task.add_subcommand(verb.name, verb.help);
  auto args = std::make_shared<ActArgs>();
  command->add_option("ID", args->ids, "ids of the tasks")->required();
  command->add_option("--queue", args->queue, "their queue (default: look in all)");
  if (verb.act == cancel_one) command->add_flag("--for-good", args->for_good, "archive it instead of retrying it");
  command->callback([&session, args, &verb] { session.run = [&session, args, &verb] { return act(session, *args, verb); }; });
}

}  // namespace

void add_task(CLI::App& app, Session& session) {
  CLI::App* task = app.add_subcommand("task", "Look at tasks, and steer them")->require_subcommand(1);
  add_list(*task, session);
  add_inspect(*task, session);
  for (const Verb& verb : kVerbs) add_verb(*task, session, verb);
  add_task_bulk(*task, session);
}

}  // namespace windlass::app
