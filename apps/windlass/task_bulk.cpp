// windlass task run-all|archive-all|delete-all|cancel-all
#include <memory>

#include <CLI/CLI.hpp>

#include <windlass/inspector.hpp>

#include "confirm.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress_bar.hpp"
#include "session.hpp"
#include "task_walk.hpp"

namespace windlass::app {
namespace {

struct BulkArgs {
  TaskQuery query;
  std::optional<TaskState> state;
  bool yes = false;
  bool dry_run = false;
  bool for_good = false;
};

using Progress = Inspector::BulkProgress;

struct BulkVerb {
  const char* name;
  const char* help;
  const char* question;  // "Delete all archived tasks of queue 'x'?"; nullptr: it takes nothing away, so nobody is asked
  const char* done;
  Result<std::size_t> (*act)(const Inspector&, const BulkArgs&, const Progress&);
};

Result<std::size_t> cancel_all(const Inspector& inspector, const BulkArgs& args, const Progress&) {
  return inspector.cancel_all(args.query, args.for_good ? Cancel::kForGood : Cancel::kRetry);
}

constexpr BulkVerb kVerbs[] = {
    {"run-all", "Make all tasks of a state pending", nullptr, "now pending",
     [](const Inspector& i, const BulkArgs& a, const Progress& p) { return i.run_all(a.query, p); }},
    {"archive-all", "Put all tasks of a state aside", "Archive", "archived",
     [](const Inspector& i, const BulkArgs& a, const Progress& p) { return i.archive_all(a.query, p); }},
    {"delete-all", "Delete all tasks of a state", "Delete", "deleted",
     [](const Inspector& i, const BulkArgs& a, const Progress& p) { return i.delete_all(a.query, p); }},
    {"cancel-all", "Ask for the end of all runs of a queue", "Cancel", "asked to stop", cancel_all},
};

std::string tasks_text(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " task" : " tasks"); }

std::string question_of(const BulkVerb& verb, const BulkArgs& args, std::uint64_t matching) {
  return std::string(verb.question) + " all " + std::string(task_state_name(args.query.state)) + " tasks of queue '" +
         args.query.queue + "' that match (" + std::to_string(matching) + ")?";
}

Result<int> act(const Session& session, const BulkArgs& args, const BulkVerb& verb) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const Inspector inspector(*broker);
  const Result<std::uint64_t> matching = count_tasks(inspector, args.query);
  if (!matching) return matching.error();
  if (args.dry_run) {
    if (session.json) return Session::print(codec::Value::Object{{"matching", *matching}, {"dry_run", true}});
    put(tasks_text(*matching) + " would be " + verb.done + "\n");
    return kOk;
  }
  if (verb.question) {
    const Result<bool> wanted = confirmed(question_of(verb, args, *matching), args.yes);
    if (!wanted) return wanted.error();
    if (!*wanted) return kFailed;
  }
  ProgressBar bar(*matching, "tasks");
  const Result<std::size_t> count = verb.act(inspector, args, [&](std::size_t so_far) {
    bar.show(so_far);
    return true;
  });
  if (!count) return count.error();
  if (session.json) return Session::print(codec::Value::Object{{"count", *count}});
  put(tasks_text(*count) + " " + verb.done + "\n");
  return kOk;
}

void add_verb(CLI::App& task, Session& session, const BulkVerb& verb) {
  CLI::App* command = task.add_subcommand(verb.name, verb.help);
  auto args = std::make_shared<BulkArgs>();
  command->add_option("--queue", args->query.queue, "queue (default: default)");
  command->add_option("--type", args->query.type, "only this type");
  command->add_option("--id-prefix", args->query.id_prefix, "only ids that begin so");
  if (verb.act == cancel_all) {
    command->add_flag("--for-good", args->for_good, "archive them instead of retrying them");
    args->state = TaskState::kActive;
  } else {
    add_state(*command, "--state", args->state, "state of the tasks")->required();
    command->add_option("--group", args->query.group, "only this group (state aggregating)");
  }
  command->add_flag("--dry-run", args->dry_run, "only say how many match");
  command->add_flag("--yes,-y", args->yes, "do not ask; needed where there is no terminal to ask at");
  command->callback([&session, args, &verb] {
    session.run = [&session, args, &verb] {
      args->query.state = *args->state;
      return act(session, *args, verb);
    };
  });
}

}  // namespace

void add_task_bulk(CLI::App& task, Session& session) {
  for (const BulkVerb& verb : kVerbs) add_verb(task, session, verb);
}

}  // namespace windlass::app
