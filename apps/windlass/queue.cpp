// windlass queue ls|inspect|history|pause|resume
#include <array>
#include <memory>

#include <CLI/CLI.hpp>

#include <windlass/inspector.hpp>

#include "broker/placement.hpp"
#include "carrying.hpp"
#include "json.hpp"
#include "output.hpp"
#include "queue_rm.hpp"
#include "queues.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

struct QueueArgs {
  std::vector<std::string> queues;
  int days = 10;
  bool nodes = false;
};

// Where they are, in a Redis cluster.
Result<int> list_places(const Session& session, broker::Broker& broker) {
  const auto placement = broker::placement_of(broker);
  if (!placement) return placement.error();
  const Result<std::vector<std::string>> names = broker.queues();
  if (!names) return names.error();
  const Result<std::vector<broker::QueuePlace>> places = (*placement)->places(*names);
  if (!places) return places.error();
  Table table({"QUEUE", ">SLOT", "NODES"});
  codec::Value::Array rows;
  for (const broker::QueuePlace& place : *places) {
    std::string text;
    codec::Value::Array nodes;
    for (const std::string& node : place.nodes) {
      text += (text.empty() ? "" : " ") + node;
      nodes.push_back(node);
    }
    table.add({place.queue, std::to_string(place.slot), text});
    rows.push_back(codec::Value::Object{{"queue", place.queue}, {"slot", place.slot}, {"nodes", nodes}});
  }
  if (session.json) return Session::print(codec::Value::Object{{"queues", rows}});
  table.print();
  return kOk;
}

Result<int> list(const Session& session, const QueueArgs& args) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  if (args.nodes) return list_places(session, **broker);
  const Result<std::vector<QueueInfo>> queues = read_queues(Inspector(*broker));
  if (!queues) return queues.error();
  if (session.json) return Session::print(codec::Value::Object{{"queues", to_json(*queues)}});
  if (queues->empty()) put("no queues yet\n");
  else queue_table(*queues).print();
  return kOk;
}

void show_queue(const QueueInfo& q) {
  const auto n = [](std::uint64_t number) { return std::to_string(number); };
  print_fields({{"queue", q.queue},
                {"paused", q.paused ? "yes" : "no"},
                {"size", n(q.size)},
                {"pending", n(q.pending)},
                {"active", n(q.active)},
                {"scheduled", n(q.scheduled)},
                {"retry", n(q.retry)},
                {"archived", n(q.archived)},
                {"completed", n(q.completed)},
                {"aggregating", n(q.aggregating) + " in " + n(q.groups) + " groups"},
                {"latency", q.pending > 0 ? short_duration(q.latency) : "-"},
                {"today", n(q.processed) + " processed, " + n(q.failed) + " failed, " + n(q.expired) + " expired"},
                {"ever", n(q.processed_total) + " processed, " + n(q.failed_total) + " failed, " + n(q.expired_total) + " expired"},
                {"memory", short_bytes(q.memory_bytes)}});
}

void show_history(const std::vector<DailyStats>& days) {
  Table table({"QUEUE", "DATE (UTC)", ">PROCESSED", ">FAILED", ">EXPIRED", ">ERROR RATE"});
  for (const DailyStats& day : days) {
    const std::string rate = day.processed == 0 ? "-" : std::to_string(100 * day.failed / day.processed) + " %";
    table.add({day.queue, day.date, std::to_string(day.processed), std::to_string(day.failed), std::to_string(day.expired), rate});
  }
  table.print();
}

Result<int> inspect(const Session& session, const QueueArgs& args) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  std::vector<QueueInfo> queues;
  for (const std::string& name : args.queues) {
    Result<QueueInfo> queue = Inspector(*broker).queue(name);
    if (!queue) return queue.error();
    queues.push_back(*std::move(queue));
  }
  if (session.json) return Session::print(queues.size() == 1 ? to_json(queues[0]) : codec::Value::Object{{"queues", to_json(queues)}});
  for (std::size_t i = 0; i < queues.size(); ++i) {
    if (i > 0) put("\n");
    show_queue(queues[i]);
  }
  return kOk;
}

Result<int> history(const Session& session, const QueueArgs& args) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  std::vector<DailyStats> days;
  for (const std::string& name : args.queues) {
    const auto of_queue = Inspector(*broker).history(name, args.days);
    if (!of_queue) return of_queue.error();
    days.insert(days.end(), of_queue->begin(), of_queue->end());
  }
  if (session.json) return Session::print(codec::Value::Object{{"days", to_json(days)}});
  show_history(days);
  return kOk;
}

struct Verb {
  const char* name;
  const char* help;
  const char* done;
  Status (*act)(const Inspector&, const std::string& queue);
};

constexpr std::array<Verb, 2> kVerbs{{
    {"pause", "Let servers take no more tasks from queues", "paused",
     [](const Inspector& i, const std::string& q) { return i.pause_queue(q); }},
    {"resume", "End a pause", "resumed", [](const Inspector& i, const std::string& q) { return i.resume_queue(q); }},
}};

Result<int> act(const Session& session, const QueueArgs& args, const Verb& verb) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  int code = kOk;
  codec::Value::Array done;
  for (const std::string& queue : args.queues) {
    if (const Status status = verb.act(Inspector(*broker), queue); !status) {
      const int failed = session.report(status.error());
      if (code == kOk) code = failed;
      continue;
    }
    done.push_back(queue);
    if (!session.json) put("queue " + printable(queue) + ": " + verb.done + "\n");
  }
  if (session.json) (void)Session::print(codec::Value::Object{{"done", done}});
  return code;
}

using Run = Result<int> (*)(const Session&, const QueueArgs&);

CLI::App* add_reader(CLI::App& queue, Session& session, const char* name, const char* help, Run run,
                     const std::shared_ptr<QueueArgs>& args) {
  CLI::App* command = queue.add_subcommand(name, help);
  command->add_option("QUEUE", args->queues, "names of queues")->required();
  command->callback([&session, args, run] { session.run = [&session, args, run] { return run(session, *args); }; });
  return command;
}

}  // namespace

void add_queue(CLI::App& app, Session& session) {
  CLI::App* queue = app.add_subcommand("queue", "Look at queues, and steer them")->require_subcommand(1);
  const auto args = std::make_shared<QueueArgs>();
  CLI::App* ls = queue->add_subcommand("ls", "List all queues with their sizes");
  ls->add_flag("--nodes", args->nodes, "of a Redis cluster: their hash slots and the nodes that have them");
  ls->callback([&session, args] { session.run = [&session, args] { return list(session, *args); }; });
  add_reader(*queue, session, "inspect", "Show all about queues", inspect, args);
  add_reader(*queue, session, "history", "Show what queues did, day by day", history, args)
      ->add_option("--days,-x", args->days, "how many days back (default 10)")
      ->check(CLI::Range(1, 3650));
  add_queue_move(*queue, session);
  add_queue_rm(*queue, session);
  for (const Verb& verb : kVerbs) {
    CLI::App* command = queue->add_subcommand(verb.name, verb.help);
    command->add_option("QUEUE", args->queues, "names of queues")->required();
    command->callback([&session, args, &verb] { session.run = [&session, args, &verb] { return act(session, *args, verb); }; });
  }
}

}  // namespace windlass::app
