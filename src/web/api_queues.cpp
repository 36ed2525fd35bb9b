// Queues: what they are, how they do, pause, resume, remove.
#include "web/api.hpp"
#include "web/fields.hpp"

namespace windlass::web {
namespace {

constexpr int kHistoryDays = 10;
constexpr std::size_t kStatsDays = 90;

Result<http::Response> list_queues(Site& site) {
  const auto names = site.inspector.queues();
  if (!names) return names.error();
  codec::Value::Array queues;
  for (const std::string& name : *names) {
    const auto info = site.inspector.queue(name);
    if (!info && info.error().code() == ErrorCode::kQueueNotFound) continue;  // removed meanwhile
    if (!info) return info.error();
    queues.push_back(queue_json(*info));
  }
  return json_response(Fields().add("queues", std::move(queues)).done());
}

Result<http::Response> show_queue(Site& site, const Call& call) {
  const auto info = site.inspector.queue(call.queue());
  if (!info) return info.error();
  const auto days = site.inspector.history(call.queue(), kHistoryDays);
  if (!days) return days.error();
  return json_response(Fields().add("current", queue_json(*info)).add("history", array_of(*days, day_json)).done());
}

Result<http::Response> remove_queue(Site& site, const Call& call) {
  const bool force = call.request.query.find("force").value_or("") == "1";
  if (Status removed = site.inspector.remove_queue(call.queue(), force); !removed) return removed.error();
  return http::Response(204);
}

Result<http::Response> queue_stats(Site& site, const Call& call) {
  const auto days = number_of(call.request, "days", kStatsDays, 1, kStatsDays);
  if (!days) return days.error();
  const auto names = site.inspector.queues();
  if (!names) return names.error();
  Fields stats;
  for (const std::string& name : *names) {
    const auto history = site.inspector.history(name, static_cast<int>(*days));
    if (!history && history.error().code() == ErrorCode::kQueueNotFound) continue;
    if (!history) return history.error();
    stats.add(name, array_of(*history, day_json));
  }
  return json_response(Fields().add("stats", stats.done()).done());
}

Result<http::Response> done(const Status& status) {
  if (!status) return status.error();
  return http::Response(204);
}

}  // namespace

void add_queue_routes(Api& api, Site& site) {
  api.get("/api/queues", Style::kAsynqmon, [&site](Call&) { return list_queues(site); });
  api.get("/api/queues/{queue}", Style::kAsynqmon, [&site](Call& call) { return show_queue(site, call); });
  api.change("DELETE", "/api/queues/{queue}", Style::kAsynqmon, "delete_queue",
             [&site](Call& call) { return remove_queue(site, call); }, Role::kAdmin);
  api.change("POST", "/api/queues/{queue}:pause", Style::kAsynqmon, "pause",
             [&site](Call& call) { return done(site.inspector.pause_queue(call.queue())); });
  api.change("POST", "/api/queues/{queue}:resume", Style::kAsynqmon, "resume",
             [&site](Call& call) { return done(site.inspector.resume_queue(call.queue())); });
  api.get("/api/queue_stats", Style::kAsynqmon, [&site](Call& call) { return queue_stats(site, call); });
}

}  // namespace windlass::web
