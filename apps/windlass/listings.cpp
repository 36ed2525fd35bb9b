// windlass group ls, server ls, stats
#include <memory>

#include <CLI/CLI.hpp>

#include <windlass/inspector.hpp>

#include "json.hpp"
#include "output.hpp"
#include "queues.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

Result<int> list_groups(const Session& session, const std::string& queue) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const auto groups = Inspector(*broker).groups(queue);
  if (!groups) return groups.error();
  if (session.json) return Session::print(codec::Value::Object{{"queue", queue}, {"groups", to_json(*groups)}});
  if (groups->empty()) put("no groups in queue '" + printable(queue) + "'\n");
  Table table({"GROUP", ">SIZE"});
  for (const GroupInfo& group : *groups) table.add({group.group, std::to_string(group.size)});
  if (!table.empty()) table.print();
  return kOk;
}

std::string queues_text(const ServerInfo& server) {
  std::string text;
  for (const auto& [name, weight] : server.queues) text += (text.empty() ? "" : ",") + name + "=" + std::to_string(weight);
  return text + (server.strict_priority ? " (strict)" : "");
}

Result<int> list_servers(const Session& session) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const auto servers = Inspector(*broker).servers();
  if (!servers) return servers.error();
  if (session.json) return Session::print(codec::Value::Object{{"servers", to_json(*servers)}});
  if (servers->empty()) put("no servers\n");
  Table table({"HOST", ">PID", "STATE", ">RUNNING", "QUEUES", "STARTED"});
  for (const ServerInfo& s : *servers) {
    table.add({s.host, std::to_string(s.pid), s.status,
               std::to_string(s.workers.size()) + "/" + std::to_string(s.concurrency), queues_text(s), relative_time(s.started_at)});
  }
  if (!table.empty()) table.print();
  return kOk;
}

QueueInfo total_of(const std::vector<QueueInfo>& queues) {
  static constexpr std::uint64_t QueueInfo::*kCounts[] = {
      &QueueInfo::size,      &QueueInfo::pending,         &QueueInfo::active,       &QueueInfo::scheduled,    &QueueInfo::retry,
      &QueueInfo::archived,  &QueueInfo::completed,       &QueueInfo::aggregating,  &QueueInfo::groups,       &QueueInfo::processed,
      &QueueInfo::failed,    &QueueInfo::expired,         &QueueInfo::processed_total, &QueueInfo::failed_total, &QueueInfo::expired_total,
      &QueueInfo::memory_bytes};
  QueueInfo total;
  total.queue = "(all)";
  total.timestamp = now();
  for (const QueueInfo& queue : queues) {
    for (const auto count : kCounts) total.*count += queue.*count;
    total.latency = std::max(total.latency, queue.latency);
  }
  return total;
}

codec::Value facts_json(const std::vector<std::pair<std::string, std::string>>& facts) {
  codec::Value::Object out;
  for (const auto& [name, value] : facts) out.push_back({name, value});
  return out;
}

Result<int> show_stats(const Session& session) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const Inspector inspector(*broker);
  auto queues = read_queues(inspector);
  if (!queues) return queues.error();
  const auto servers = inspector.servers();
  if (!servers) return servers.error();
  const auto facts = inspector.describe();
  if (!facts) return facts.error();
  const QueueInfo total = total_of(*queues);
  if (session.json) {
    return Session::print(codec::Value::Object{{"total", to_json(total)}, {"queues", to_json(*queues)},
                                               {"servers", servers->size()}, {"broker", facts_json(*facts)}});
  }
  queues->push_back(total);
  queue_table(*queues).print();
  put("\n" + std::to_string(servers->size()) + (servers->size() == 1 ? " server\n\n" : " servers\n\n"));
  print_fields(*facts);
  return kOk;
}

// A command `parent NAME` that takes no arguments of its own.
void add_plain(CLI::App& parent, Session& session, const char* name, const char* help, Result<int> (*run)(const Session&)) {
  parent.add_subcommand(name, help)->callback([&session, run] { session.run = [&session, run] { return run(session); }; });
}

}  // namespace

void add_group(CLI::App& app, Session& session) {
  CLI::App* group = app.add_subcommand("group", "Look at groups that wait to be aggregated")->require_subcommand(1);
  CLI::App* ls = group->add_subcommand("ls", "List the groups of a queue");
  auto queue = std::make_shared<std::string>("default");
  ls->add_option("--queue", *queue, "queue (default: default)");
  ls->callback([&session, queue] { session.run = [&session, queue] { return list_groups(session, *queue); }; });
}

void add_server(CLI::App& app, Session& session) {
  CLI::App* server = app.add_subcommand("server", "Look at servers")->require_subcommand(1);
  add_plain(*server, session, "ls", "List the servers that live", list_servers);
}

void add_stats(CLI::App& app, Session& session) {
  add_plain(app, session, "stats", "Show all queues, their sum, and the store", show_stats);
}

}  // namespace windlass::app
