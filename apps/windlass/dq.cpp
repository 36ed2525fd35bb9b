// windlass dq put | revoke | consume | stats | buried | kick
#include <csignal>
#include <memory>
#include <mutex>

#include <CLI/CLI.hpp>

#include <windlass/dq.hpp>

#include "core/text.hpp"
#include "exec/child_guard.hpp"
#include "exec/command_handler.hpp"
#include "exec/spawn.hpp"
#include "exec/words.hpp"
#include "input.hpp"
#include "json.hpp"
#include "options.hpp"
#include "output.hpp"
#include "session.hpp"
#include "telemetry.hpp"

namespace windlass::app {
namespace {

// What a job of beanstalkd can be at most, whatever the server was told.
constexpr std::size_t kBodyMax = std::size_t{1} << 30;

struct NodeArgs {
  std::vector<std::string> texts;

  Result<dq::Nodes> nodes() const {
    dq::Nodes nodes;
    for (const std::string& text : texts) {
      Result<dq::Node> node = dq::parse_node(text);
      if (!node) return node.error().at("--node");
      nodes.push_back(*std::move(node));
    }
    return nodes;
  }
};

void add_nodes(CLI::App& command, NodeArgs& args) {
  command.add_option("--node", args.texts, "a beanstalkd and its tube; give it once for each node")
      ->required()
      ->allow_extra_args(false)
      ->type_name("HOST:PORT/TUBE");
}

// ------------------------------------------------------------------------------------------------------ put and revoke

struct PutArgs {
  NodeArgs nodes;
  std::optional<Duration> delay, ttr;
  std::optional<TimePoint> at;
  std::uint32_t priority = dq::PutOptions().priority;
  dq::ProducerConfig config;
  std::string body;
};

Result<dq::Producer> open_producer(const NodeArgs& args, const dq::ProducerConfig& config) {
  Result<dq::Nodes> nodes = args.nodes();
  if (!nodes) return nodes.error();
  return dq::Producer::open(*std::move(nodes), config);
}

Result<int> put_message(const Session& session, const PutArgs& args) {
  Result<dq::Producer> producer = open_producer(args.nodes, args.config);
  if (!producer) return producer.error();
  const Result<Payload> body = read_payload(args.body, kBodyMax);
  if (!body) return body.error();
  dq::PutOptions options;
  options.priority = args.priority;
  if (args.ttr) options.ttr = *args.ttr;
  const Result<std::string> id = args.at
                                     ? producer->at(body->bytes(), *args.at, options)
                                     : producer->delay(body->bytes(), args.delay.value_or(Duration::zero()), options);
  if (!id) return id.error();
  if (session.json) return Session::print(codec::Value::Object{{"id", *id}});
  put(*id + "\n");
  return kOk;
}

void add_put(CLI::App& dq, Session& session) {
  CLI::App* command = dq.add_subcommand("put", "Write a message to several nodes; prints its id");
  auto args = std::make_shared<PutArgs>();
  add_nodes(*command, args->nodes);
  auto* delay = add_duration(*command, "--delay", args->delay, "when it is due, from now (default: at once)");
  add_time(*command, "--at", args->at, "when it is due")->excludes(delay);
  add_duration(*command, "--ttr", args->ttr, "how long a reader may be silent, at least 2s (default: 5s)");
  command->add_option("--priority", args->priority, "lower is more urgent (default: 2)");
  command->add_option("--replicas", args->config.replicas, "on how many nodes (default: 3, or all if there are fewer)")
      ->check(CLI::PositiveNumber);
  command->add_option("--min-written", args->config.min_written, "how many must have taken it (default: 2)")
      ->check(CLI::PositiveNumber);
  command->add_option("BODY", args->body, "the message itself, @FILE, or - for standard input")->required();
  command->callback([&session, args] { session.run = [&session, args] { return put_message(session, *args); }; });
}

struct RevokeArgs {
  NodeArgs nodes;
  std::string id;
};

Result<int> revoke(const Session& session, const RevokeArgs& args) {
  dq::ProducerConfig config;
  config.min_written = 1;  // nothing is written
  Result<dq::Producer> producer = open_producer(args.nodes, config);
  if (!producer) return producer.error();
  if (Status revoked = producer->revoke(args.id); !revoked) return revoked.error();
  std::uint64_t count = 0;
  for (const dq::ProducerStats& node : producer->stats()) count += node.revoked;
  if (count == 0) return Error(ErrorCode::kTaskNotFound, "id '" + args.id + "' names no copy on the nodes given");
  if (session.json) return Session::print(codec::Value::Object{{"count", static_cast<std::int64_t>(count)}});
  put(std::to_string(count) + (count == 1 ? " copy" : " copies") + " deleted\n");
  return kOk;
}

void add_revoke(CLI::App& dq, Session& session) {
  CLI::App* command = dq.add_subcommand("revoke", "Delete the copies of messages that no consumer has yet");
  auto args = std::make_shared<RevokeArgs>();
  add_nodes(*command, args->nodes);
  command->add_option("ID", args->id, "as put printed it")->required();
  command->callback([&session, args] { session.run = [&session, args] { return revoke(session, *args); }; });
}

// ------------------------------------------------------------------------------------------------------------- consume

struct ConsumeArgs {
  NodeArgs nodes;
  std::string locks, command;
  int concurrency = 0;
  int max_retry = dq::ConsumerConfig().max_retry;
  std::uint64_t count = 0;
  bool compatible = false;
  std::optional<Duration> timeout, shutdown_timeout, retry_delay, lease, drop_late, bury_late;
  std::optional<std::string> metrics_listen;
};

codec::Value run_json(const Context& message, const Outcome& outcome, std::string_view result) {
  const bool done = outcome.kind() == Outcome::Kind::kDone || outcome.kind() == Outcome::Kind::kRevoke;
  codec::Value::Object run{{"key", message.task_id()},
                           {"id", message.headers().at("dq-id")},
                           {"due", core::format_time(message.scheduled_at())},
                           {"attempt", std::int64_t{message.retry_count()} + 1},
                           {"done", done}};
  put_bytes(run, "result", std::string(result));
  if (!done) run.push_back({"error", outcome.failure().message});
  return run;
}

dq::ConsumerConfig make_config(const Session& session, const ConsumeArgs& args) {
  dq::ConsumerConfig config;
  config.concurrency = args.concurrency;
  config.max_retry = args.max_retry;
  config.runs_max = args.count;
  config.compatible = args.compatible;
  if (args.timeout) config.timeout = *args.timeout;
  if (args.shutdown_timeout) config.shutdown_timeout = *args.shutdown_timeout;
  if (args.lease) config.lease = *args.lease;
  if (args.retry_delay)
    config.retry_delay = [delay = *args.retry_delay](int, const Failure&, const Context&) { return delay; };
  if (args.drop_late) config.lateness = dq::Lateness::drop(*args.drop_late);
  if (args.bury_late) config.lateness = dq::Lateness::bury(*args.bury_late);
  // What commands print comes out whole, run by run.
  config.on_run = [json = session.json, mu = std::make_shared<std::mutex>()](
                      const Context& message, const Outcome& outcome, std::string_view result) {
    const std::lock_guard lock(*mu);
    if (json)
      (void)Session::print(run_json(message, outcome, result));
    else
      put(result);
  };
  return config;
}

Result<int> consume(const Session& session, const ConsumeArgs& args) {
  Result<dq::Nodes> nodes = args.nodes.nodes();
  if (!nodes) return nodes.error();
  exec::CommandHandlerSpec spec;
  Result<std::vector<std::string>> argv = exec::split_command(args.command);
  if (!argv) return argv.error().at("--exec");
  if (const auto found = exec::find_command(argv->front()); !found) return found.error().at("--exec");
  Result<dq::LockStorePtr> locks = dq::open_lock_store(args.locks);
  if (!locks) return locks.error();
  auto started = exec::ChildGuard::start();
  if (!started) return started.error();
  spec.argv = *std::move(argv);
  spec.guard = started->get();
  dq::Consumer consumer(*std::move(nodes), *std::move(locks), exec::command_handler(std::move(spec)),
                        make_config(session, args));
  const auto collector = session.metrics->add_collector(dq::stats_collector(consumer));
  const auto endpoint = serve_metrics(session, args.metrics_listen);
  if (!endpoint) return endpoint.error();
  if (Status ended = consumer.run(); !ended) return ended.error();
  return kOk;
}

void add_consume(CLI::App& dq, Session& session) {
  CLI::App* command = dq.add_subcommand("consume", "Run due messages with a command, each once");
  auto args = std::make_shared<ConsumeArgs>();
  add_nodes(*command, args->nodes);
  command
      ->add_option("--lock", args->locks,
                   "where consumers agree on who runs a message: redis://HOST:PORT/DB, or sqlite:FILE on one machine")
      ->required()
      ->type_name("URL");
  command
      ->add_option("--exec", args->command, "the command: the message on its standard input; what it prints is printed")
      ->required();
  command->add_option("--count", args->count, "end after so many runs")->check(CLI::PositiveNumber);
  command->add_option("--concurrency", args->concurrency, "commands at once (default: the CPUs)")
      ->check(CLI::Range(1, 10000));
  command->add_option("--max-retry", args->max_retry, "retries after the first run, then it is buried (default: 25)")
      ->check(CLI::NonNegativeNumber);
  add_duration(*command, "--retry-delay", args->retry_delay, "before each retry (default: longer from retry to retry)");
  add_duration(*command, "--timeout", args->timeout, "of each run");
  auto* drop = add_duration(*command, "--drop-late", args->drop_late, "drop what is later than that");
  add_duration(*command, "--bury-late", args->bury_late, "bury what is later than that")->excludes(drop);
  add_duration(*command, "--lease", args->lease,
               "how long a run may be silent before it is taken for dead (default: 10s)");
  add_duration(*command, "--shutdown-timeout", args->shutdown_timeout,
               "wait so long for running commands at the end (default: 8s)");
  add_metrics_listen(*command, args->metrics_listen);
  command->add_flag("--compatible", args->compatible,
                    "as the original: delete first, no retry, drop what is 30 minutes late");
  command->callback([&session, args] { session.run = [&session, args] { return consume(session, *args); }; });
}

// ----------------------------------------------------------------------------------------------- stats, buried and
// kick

// Prints what the nodes said; those that did not answer are told of, and make it an error.
template <class T, class Add, class Print>
Result<int> each_node(const Session& session, const dq::Nodes& nodes, const std::vector<Result<T>>& answers,
                      const char* name, Add add, Print print) {
  codec::Value::Array list;
  std::optional<Error> failure;
  std::string messages;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (answers[i]) {
      codec::Value::Object entry{{"endpoint", nodes[i].endpoint}, {"tube", nodes[i].tube}};
      if (add(nodes[i], *answers[i], entry)) list.push_back(std::move(entry));
      continue;
    }
    messages += (messages.empty() ? "" : "; ") + answers[i].error().message();
    failure = Error(answers[i].error().code(), messages);
  }
  if (session.json)
    (void)Session::print(codec::Value::Object{{name, std::move(list)}});
  else
    print();
  if (failure) return *failure;
  return kOk;
}

Result<dq::Inspector> open_inspector(const NodeArgs& args, dq::Nodes& nodes) {
  Result<dq::Nodes> parsed = args.nodes();
  if (!parsed) return parsed.error();
  nodes = *std::move(parsed);
  return dq::Inspector::open(nodes);
}

codec::Value number(std::uint64_t n) { return static_cast<std::int64_t>(n); }

Result<int> show_stats(const Session& session, const NodeArgs& args) {
  dq::Nodes nodes;
  auto inspector = open_inspector(args, nodes);
  if (!inspector) return inspector.error();
  Table table({"NODE", ">READY", ">RESERVED", ">DELAYED", ">BURIED", ">TOTAL", ">WATCHING", "BINLOG", "DRAINING"});
  const auto add = [&](const dq::Node& node, const dq::TubeStats& s, codec::Value::Object& entry) {
    const auto text = [](std::uint64_t n) { return std::to_string(n); };
    table.add({node.endpoint + "/" + node.tube, text(s.ready), text(s.reserved), text(s.delayed), text(s.buried),
               text(s.total), text(s.watching), s.binlog ? "yes" : "no", s.draining ? "yes" : "no"});
    for (const auto& [name, value] : {std::pair("ready", s.ready),
                                      {"reserved", s.reserved},
                                      {"delayed", s.delayed},
                                      {"buried", s.buried},
                                      {"total", s.total},
                                      {"watching", s.watching}}) {
      entry.push_back({name, number(value)});
    }
    entry.push_back({"binlog", s.binlog});
    entry.push_back({"draining", s.draining});
    return true;
  };
  return each_node(session, nodes, inspector->stats(), "tubes", add, [&] {
    if (!table.empty()) table.print();
  });
}

Result<int> show_buried(const Session& session, const NodeArgs& args) {
  dq::Nodes nodes;
  auto inspector = open_inspector(args, nodes);
  if (!inspector) return inspector.error();
  Table table({"ID", ">BURIED", "DUE", "BODY"});
  const auto add = [&](const dq::Node&, const std::optional<dq::BuriedMessage>& m, codec::Value::Object& entry) {
    if (!m) return false;
    table.add({m->id, std::to_string(m->tube_buried), full_time(m->at), shortened(m->body, 60)});
    entry.push_back({"buried", number(m->tube_buried)});
    entry.push_back({"id", m->id});
    entry.push_back({"key", m->key});
    if (m->at != kNoTime) entry.push_back({"due", core::format_time(m->at)});
    put_bytes(entry, "body", m->body);
    return true;
  };
  const auto print = [&] {
    if (table.empty())
      put("nothing is buried\n");
    else
      table.print();
  };
  return each_node(session, nodes, inspector->buried(), "buried", add, print);
}

struct KickArgs {
  NodeArgs nodes;
  std::uint32_t max = 1000;
};

Result<int> kick(const Session& session, const KickArgs& args) {
  dq::Nodes nodes;
  auto inspector = open_inspector(args.nodes, nodes);
  if (!inspector) return inspector.error();
  Table table({"NODE", ">KICKED"});
  const auto add = [&](const dq::Node& node, std::uint64_t kicked, codec::Value::Object& entry) {
    table.add({node.endpoint + "/" + node.tube, std::to_string(kicked)});
    entry.push_back({"kicked", number(kicked)});
    return true;
  };
  return each_node(session, nodes, inspector->kick(args.max), "kicked", add, [&] {
    if (!table.empty()) table.print();
  });
}

void add_looks(CLI::App& dq, Session& session) {
  const auto add = [&](const char* name, const char* help, auto run) {
    CLI::App* command = dq.add_subcommand(name, help);
    auto args = std::make_shared<NodeArgs>();
    add_nodes(*command, *args);
    command->callback([&session, args, run] { session.run = [&session, args, run] { return run(session, *args); }; });
  };
  add("stats", "Count the jobs of each node's tube", show_stats);
  add("buried", "Show the message of each node that was buried first", show_buried);
  CLI::App* command = dq.add_subcommand("kick", "Let buried messages run again");
  auto args = std::make_shared<KickArgs>();
  add_nodes(*command, args->nodes);
  command->add_option("--max", args->max, "at most so many of each node, oldest first (default: 1000)")
      ->check(CLI::PositiveNumber);
  command->callback([&session, args] { session.run = [&session, args] { return kick(session, *args); }; });
}

}  // namespace

void add_dq(CLI::App& app, Session& session) {
  CLI::App* dq = app.add_subcommand("dq", "Delayed messages on several beanstalkd servers")->require_subcommand(1);
  add_put(*dq, session);
  add_revoke(*dq, session);
  add_consume(*dq, session);
  add_looks(*dq, session);
}

}  // namespace windlass::app
