// windlass task inspect|cancel|run|archive|delete
#include <array>
#include <memory>

#include <CLI/CLI.hpp>

#include <windlass/inspector.hpp>

#include "core/text.hpp"
#include "failure_text.hpp"
#include "find_task.hpp"
#include "json.hpp"
#include "options.hpp"
#include "output.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

// ----------------------------------------------------------------------------------------------------------- inspect

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
  add_task_list(*task, session);
  add_inspect(*task, session);
  add_task_wait(*task, session);
  for (const Verb& verb : kVerbs) add_verb(*task, session, verb);
  add_task_bulk(*task, session);
}

}  // namespace windlass::app
