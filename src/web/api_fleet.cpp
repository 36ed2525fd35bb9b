// Servers with their workers, schedulers with their entries, beanstalkd's tubes.
#include <windlass/dq.hpp>

#include "web/api.hpp"
#include "web/fields.hpp"

namespace windlass::web {
namespace {

constexpr std::size_t kEvents = 100, kEventsMax = 1000;

Result<http::Response> list_servers(Site& site) {
  const auto servers = site.inspector.servers();
  if (!servers) return servers.error();
  const auto json = [&](const ServerInfo& server) { return server_json(server, site.config.text); };
  return json_response(Fields().add("servers", array_of(*servers, json)).done());
}

Result<http::Response> list_entries(Site& site) {
  const auto entries = site.inspector.scheduler_entries();
  if (!entries) return entries.error();
  const auto json = [&](const SchedulerEntry& entry) { return entry_json(entry, site.config.text); };
  return json_response(Fields().add("entries", array_of(*entries, json)).done());
}

Result<http::Response> list_events(Site& site, Call& call) {
  const auto size = number_of(call.request, "size", kEvents, 1, kEventsMax);
  if (!size) return size.error();
  const auto events = site.inspector.scheduler_events(call.id(), *size);
  if (!events) return events.error();
  return json_response(Fields().add("events", array_of(*events, event_json)).done());
}

codec::Value tube_json(const std::string& name, const dq::TubeStats& tube) {
  Fields out;
  out.text("name", name).add("ready", tube.ready).add("reserved", tube.reserved).add("delayed", tube.delayed);
  out.add("buried", tube.buried).add("total", tube.total).add("watching", tube.watching);
  return out.add("draining", tube.draining).add("binlog", tube.binlog).done();
}

// A node that cannot be reached says so in its place; the others are shown.
Result<http::Response> list_tubes(Site& site) {
  const dq::Nodes& nodes = site.config.dq_nodes;
  if (nodes.empty()) return Error(ErrorCode::kQueueNotFound, "this server was given no --dq-node");
  auto inspector = dq::Inspector::open(nodes);
  if (!inspector) return inspector.error();
  const auto stats = inspector->stats();
  codec::Value::Array out;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    codec::Value::Array tubes;
    if (stats[i]) tubes.push_back(tube_json(nodes[i].tube, *stats[i]));
    Fields node;
    node.text("address", nodes[i].endpoint).text_if("error", stats[i] ? "" : stats[i].error().message());
    out.push_back(node.add("tubes", std::move(tubes)).done());
  }
  return json_response(Fields().add("nodes", std::move(out)).done());
}

}  // namespace

void add_fleet_routes(Api& api, Site& site) {
  api.get("/api/servers", Style::kAsynqmon, [&site](Call&) { return list_servers(site); });
  api.get("/api/scheduler_entries", Style::kAsynqmon, [&site](Call&) { return list_entries(site); });
  api.get("/api/scheduler_entries/{id}/enqueue_events", Style::kAsynqmon, [&site](Call& call) { return list_events(site, call); });
  api.get("/api/dq", Style::kOwn, [&site](Call&) { return list_tubes(site); });
}

}  // namespace windlass::web
