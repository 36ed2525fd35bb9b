// windlass work: a server whose handlers are commands.
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <thread>

#include <CLI/CLI.hpp>

#include <windlass/server.hpp>

#include "api/signal_watch.hpp"
#include "exec/child_guard.hpp"
#include "exec/command_handler.hpp"
#include "exec/process_limits.hpp"
#include "exec/spawn.hpp"
#include "exec/words.hpp"
#include "options.hpp"
#include "session.hpp"
#include "telemetry.hpp"

namespace windlass::app {
namespace {

struct WorkArgs {
  std::vector<std::string> rules;
  int concurrency = 0;
  std::string queues;
  bool strict = false;
  bool until_empty = false;
  std::optional<Duration> timeout, shutdown_timeout;
  std::optional<std::uint64_t> memory_max;
  std::string user;
  std::optional<std::string> metrics_listen;
};

Error bad_queues(const std::string& text) {
  return Error(ErrorCode::kInvalidArgument, "--queues '" + text + "': must be NAME or NAME=WEIGHT, separated by commas, as in critical=6,default=3,low");
}

// "critical=6,default=3,low": a queue without a weight has 1.
Result<std::map<std::string, int>> parse_queues(const std::string& text) {
  std::map<std::string, int> queues;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    const auto equals = item.rfind('=');
    int weight = 1;
    if (equals != item.npos) {
      const std::string_view number = item.substr(equals + 1);
      const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), weight);
      if (failed != std::errc() || end != number.data() + number.size() || weight < 1) return bad_queues(text);
    }
    const std::string name(item.substr(0, equals));
    if (name.empty() || !queues.emplace(name, weight).second) return bad_queues(text);
  }
  return queues;
}

// A command that is not there is better told now than by every task.
Status check_command(const exec::ExecRule& rule) {
  if (rule.argv[0].find('{') != std::string::npos) return {};
  const Result<std::string> found = exec::find_command(rule.argv[0]);
  if (!found) return found.error().at("--exec '" + rule.pattern + "=...'");
  return {};
}

Result<exec::ProcessLimits> make_limits(const WorkArgs& args) {
  exec::ProcessLimits limits;
  limits.memory_max = args.memory_max.value_or(0);
  if (args.user.empty()) return limits;
  Result<exec::UserIds> user = exec::find_user(args.user);
  if (!user) return user.error().at("--user");
  if (::geteuid() != 0) return Error(ErrorCode::kInvalidArgument, "--user '" + args.user + "': only root can run commands as another user");
  limits.user = *std::move(user);
  return limits;
}

Result<Mux> make_mux(const WorkArgs& args, exec::ChildGuard* guard) {
  Mux mux;
  const Result<exec::ProcessLimits> limits = make_limits(args);
  if (!limits) return limits.error();
  for (const std::string& text : args.rules) {
    Result<exec::ExecRule> rule = exec::parse_exec_rule(text);
    if (!rule) return rule.error().at("--exec");
    if (Status found = check_command(*rule); !found) return found.error();
    exec::CommandHandlerSpec spec;
    spec.argv = std::move(rule->argv);
    spec.timeout = args.timeout.value_or(Duration::zero());
    spec.limits = *limits;
    spec.guard = guard;
    try {
      exec::handle_command(mux, rule->pattern, std::move(spec));
    } catch (const std::invalid_argument& bad) {
      return Error(ErrorCode::kInvalidArgument, "--exec '" + text + "': " + bad.what());
    }
  }
  return mux;
}

Result<ServerConfig> make_config(const Session& session, const WorkArgs& args) {
  ServerConfig config;
  config.metrics = session.metrics;
  config.concurrency = args.concurrency;
  Result<std::map<std::string, int>> queues = parse_queues(args.queues);
  if (!queues) return queues.error();
  config.queues = *std::move(queues);
  config.strict_priority = args.strict;
  // A command takes milliseconds at least: what is fetched ahead only waits here while another worker may be idle.
  config.prefetch_max = 0;
  if (args.shutdown_timeout) config.shutdown_timeout = *args.shutdown_timeout;
  return config;
}

// As Server::run, but also ends when the queues are empty.
Status run_until_empty(Server& server, const Mux& mux) {
  auto signals = api::SignalWatch::open();
  if (!signals) return signals.error();
  if (Status started = server.start(mux); !started) return started;
  Status empty;
  std::thread watcher([&] {
    empty = server.wait_until_empty();
    signals->wake();
  });
  while (signals->wait() == SIGTSTP) server.quiet();
  server.stop();
  watcher.join();
  return empty;
}

Result<int> work(const Session& session, const WorkArgs& args) {
  const Result<ServerConfig> config = make_config(session, args);
  if (!config) return config.error();
  auto started = exec::ChildGuard::start();
  if (!started) return started.error();
  // Never destroyed: a command that outlasts the shutdown still has it. The end of this process ends it.
  static exec::ChildGuard* guard = nullptr;
  guard = started->release();
  const Result<Mux> mux = make_mux(args, guard);
  if (!mux) return mux.error();
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const auto endpoint = serve_metrics(session, args.metrics_listen);
  if (!endpoint) return endpoint.error();
  Server server(*broker, *config);
  const Status served = args.until_empty ? run_until_empty(server, *mux) : server.run(*mux);
  if (!served) return served.error();
  return kOk;
}

}  // namespace

void add_work(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("work", "Run tasks: each type with a command of its own");
  auto args = std::make_shared<WorkArgs>();
  command->add_option("--exec", args->rules, "PATTERN=COMMAND: run tasks whose type is PATTERN, or begins with it; repeatable")
      ->required()
      ->allow_extra_args(false)
      ->type_name("PATTERN=COMMAND");
  command->add_option("--concurrency", args->concurrency, "commands at once (default: the CPUs)")->check(CLI::Range(1, 10000));
  command->add_option("--queues", args->queues, "queues to serve and their weights, as critical=6,default=3,low (default: default)");
  command->add_flag("--strict", args->strict, "serve a queue only while all of greater weight are empty");
  command->add_flag("--until-empty", args->until_empty, "end when nothing is pending, scheduled, in retry or active");
  add_duration(*command, "--timeout", args->timeout, "of each run, besides the task's own timeout");
  add_size(*command, "--memory-max", args->memory_max, "of each process of a command: it cannot get more");
  command->add_option("--user", args->user, "run commands as this user, by name or number; root only")->type_name("NAME");
  add_duration(*command, "--shutdown-timeout", args->shutdown_timeout, "wait so long for running commands at the end (default 8s)");
  add_metrics_listen(*command, args->metrics_listen);
  add_wait(*command, session);
  command->callback([&session, args] { session.run = [&session, args] { return work(session, *args); }; });
}

}  // namespace windlass::app
