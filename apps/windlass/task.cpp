// windlass task inspect|cancel|run|archive|delete
#include <array>
#include <memory>

#include <CLI/CLI.hpp>

#include <windlass/inspector.hpp>

#include "find_task.hpp"
#include "json.hpp"
#include "options.hpp"
#include "output.hpp"
#include "session.hpp"
#include "task_fields.hpp"

namespace windlass::app {
namespace {

// ----------------------------------------------------------------------------------------------------------- inspect

struct InspectArgs {
  std::string id, queue;
};

Result<int> inspect(const Session& session, const InspectArgs& args) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const Result<TaskInfo> task = find_task(Inspector(*broker), args.queue, args.id);
  if (!task) return task.error();
  if (session.json) return Session::print(to_json(*task));
  print_fields(task_fields(*task));
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
