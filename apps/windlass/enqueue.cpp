// windlass enqueue
#include <memory>

#include <CLI/CLI.hpp>

#include <windlass/client.hpp>

#include "broker/broker.hpp"
#include "input.hpp"
#include "json.hpp"
#include "options.hpp"
#include "output.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

struct EnqueueArgs {
  std::string type;
  std::optional<std::string> payload;
  std::string queue, id, group, unique_key;
  bool has_queue = false, has_id = false, has_group = false;
  std::optional<int> max_retry;
  bool fsynced = false;
  int replicas = 0;
  std::optional<Duration> in, timeout, expires_in, unique, retention;
  std::optional<TimePoint> at, deadline, expires_at;
  std::vector<std::string> headers;
};

Result<EnqueueOptions> make_options(const EnqueueArgs& args) {
  EnqueueOptions options;
  if (args.has_queue) options.queue(args.queue);
  if (args.has_id) options.task_id(args.id);
  if (args.has_group) options.group(args.group);
  if (args.max_retry) options.max_retry(*args.max_retry);
  if (args.timeout) options.timeout(*args.timeout);
  if (args.deadline) options.deadline(*args.deadline);
  if (args.in) options.process_in(*args.in);
  if (args.at) options.process_at(*args.at);
  if (args.expires_in) options.expires_in(*args.expires_in);
  if (args.expires_at) options.expires_at(*args.expires_at);
  if (args.unique) options.unique(*args.unique, args.unique_key);
  if (args.retention) options.retention(*args.retention);
  if (args.fsynced || args.replicas > 0) options.durability({args.fsynced, args.replicas});
  for (const std::string& header : args.headers) {
    const auto equals = header.find('=');
    if (equals == header.npos || equals == 0) {
      return Error(ErrorCode::kInvalidArgument, "--header '" + header + "': must be KEY=VALUE");
    }
    options.header(header.substr(0, equals), header.substr(equals + 1));
  }
  return options;
}

Result<int> enqueue(const Session& session, const EnqueueArgs& args) {
  const Result<EnqueueOptions> options = make_options(args);
  if (!options) return options.error();
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  Result<Payload> payload = read_payload(args.payload, (*broker)->payload_max());
  if (!payload) return payload.error();
  const Result<TaskInfo> task = Client(*broker).enqueue(Task(args.type, *std::move(payload)), *options);
  if (!task) return task.error();
  if (session.json) return Session::print(to_json(*task));
  put(printable(task->id) + "\n");
  return kOk;
}

void add_when(CLI::App& command, EnqueueArgs& args) {
  auto* in = add_duration(command, "--in,--process-in", args.in, "run it so much later, e.g. 1500ms, 2h, 7d");
  add_time(command, "--at,--process-at", args.at, "run it then, e.g. 2030-01-31T08:00:00+01:00")->excludes(in);
  auto* expires = add_duration(command, "--expires-in", args.expires_in, "archive it unrun if it has not started so soon");
  add_time(command, "--expires-at", args.expires_at, "archive it unrun if it has not started by then")->excludes(expires);
  add_duration(command, "--timeout", args.timeout, "how long one run may take (default 30m, none with a deadline)");
  add_time(command, "--deadline", args.deadline, "no run starts or goes on after that");
  add_duration(command, "--retention", args.retention, "keep the record so long after success (default 0)");
}

void add_what(CLI::App& command, EnqueueArgs& args) {
  command.add_option("TYPE", args.type, "type of the task: chooses its handler")->required();
  command.add_option("PAYLOAD", args.payload, "the payload itself, @FILE, or - for standard input");
  command.add_option("--queue", args.queue, "queue (default: default)")->each([&](const std::string&) { args.has_queue = true; });
  command.add_option("--id", args.id, "id, unique in the queue (default: a fresh UUID)")
      ->each([&](const std::string&) { args.has_id = true; });
  command.add_option("--group", args.group, "wait in this group to be aggregated")
      ->each([&](const std::string&) { args.has_group = true; });
  command.add_option("--max-retry", args.max_retry, "retries after the first run (default 25)")->check(CLI::NonNegativeNumber);
  auto* unique = add_duration(command, "--unique", args.unique, "refuse a second one like it for so long, or until it is done");
  command.add_option("--unique-key", args.unique_key, "what counts as like it, instead of type and payload")->needs(unique);
  command.add_flag("--fsync", args.fsynced, "answer when it is on disk; an error where the broker cannot promise that");
  command.add_option("--replicas", args.replicas, "answer when so many replicas of the Redis server have it")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--header", args.headers, "KEY=VALUE that travels with it; may be given again")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

}  // namespace

void add_enqueue(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("enqueue", "Put a task into a queue; prints its id");
  auto args = std::make_shared<EnqueueArgs>();
  add_what(*command, *args);
  add_when(*command, *args);
  command->callback([&session, args] { session.run = [&session, args] { return enqueue(session, *args); }; });
}

}  // namespace windlass::app
