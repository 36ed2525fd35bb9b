// windlass task run-all|archive-all|delete-all|cancel-all
#include <unistd.h>

#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include <windlass/inspector.hpp>

#include "options.hpp"
#include "output.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

struct BulkArgs {
  TaskQuery query;
  std::optional<TaskState> state;
  bool yes = false;
  bool for_good = false;
};

struct BulkVerb {
  const char* name;
  const char* help;
  const char* question;  // "Delete all archived tasks of queue 'x'?"
  const char* done;
  Result<std::size_t> (*act)(const Inspector&, const BulkArgs&);
};

Result<std::size_t> cancel_all(const Inspector& inspector, const BulkArgs& args) {
  return inspector.cancel_all(args.query, args.for_good ? Cancel::kForGood : Cancel::kRetry);
}

constexpr BulkVerb kVerbs[] = {
    {"run-all", "Make all tasks of a state pending", "Run", "now pending",
     [](const Inspector& i, const BulkArgs& a) { return i.run_all(a.query); }},
    {"archive-all", "Put all tasks of a state aside", "Archive", "archived",
     [](const Inspector& i, const BulkArgs& a) { return i.archive_all(a.query); }},
    {"delete-all", "Delete all tasks of a state", "Delete", "deleted",
     [](const Inspector& i, const BulkArgs& a) { return i.delete_all(a.query); }},
    {"cancel-all", "Ask for the end of all runs of a queue", "Cancel", "asked to stop", cancel_all},
};

// Somebody sits at the terminal and has not said --yes. A script has nobody to ask.
bool must_ask(const BulkArgs& args) { return !args.yes && ::isatty(STDIN_FILENO) && ::isatty(STDERR_FILENO); }

bool confirmed(const BulkVerb& verb, const BulkArgs& args) {
  std::cerr << verb.question << " all " << task_state_name(args.query.state) << " tasks of queue '"
            << printable(args.query.queue) << "' that match? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

Result<int> act(const Session& session, const BulkArgs& args, const BulkVerb& verb) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  if (must_ask(args) && !confirmed(verb, args)) {
    std::cerr << "windlass: nothing done\n";
    return kFailed;
  }
  const Result<std::size_t> count = verb.act(Inspector(*broker), args);
  if (!count) return count.error();
  if (session.json) return Session::print(codec::Value::Object{{"count", *count}});
  put(std::to_string(*count) + (*count == 1 ? " task " : " tasks ") + verb.done + "\n");
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
  command->add_flag("--yes,-y", args->yes, "do not ask");
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
