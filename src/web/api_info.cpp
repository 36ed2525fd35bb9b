// About the server itself: what it is and can do, the store behind it, the audit log, the OpenAPI document.
#include <algorithm>

#include "web/api.hpp"
#include "web/fields.hpp"
#include "web/openapi.hpp"

namespace windlass::web {
namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kAuditSize = 100;

Result<http::Response> show_info(Site& site, Call& call) {
  Fields features;
  features.add("dq", !site.config.dq_nodes.empty()).add("history", true).add("login", site.access.login_required());
  features.add("redis_info", site.broker_kind == "redis").add("metrics", true);
  Fields out;
  out.text("name", "windlass").text("version", site.config.version).text("broker", site.broker_kind);
  out.text("user", call.who.user).text("role", role_name(call.who.role)).add("read_only", site.config.read_only);
  out.text("root_path", site.config.root_path).time("time", site.clock.now());
  out.add("max_payload_length", site.config.text.payload).add("max_result_length", site.config.text.result);
  out.add("body_max_bytes", site.config.body_max).add("payload_max_bytes", site.broker->payload_max());
  return json_response(out.add("features", features.done()).done());
}

Result<http::Response> show_broker(Site& site) {
  const auto facts = site.inspector.describe();
  if (!facts) return facts.error();
  const auto json = [](const auto& fact) { return Fields().text("name", fact.first).text("value", fact.second).done(); };
  return json_response(Fields().text("kind", site.broker_kind).add("facts", array_of(*facts, json)).done());
}

std::string find_fact(const Facts& facts, std::string_view name) {
  const auto found = std::find_if(facts.begin(), facts.end(), [&](const auto& fact) { return fact.first == name; });
  return found == facts.end() ? std::string() : found->second;
}

// As asynqmon has it, of what the store tells: facts with the names that they have in Redis' INFO.
Result<http::Response> show_redis(Site& site) {
  if (site.broker_kind != "redis") return Error(ErrorCode::kQueueNotFound, "the broker is no Redis; see api/broker_info");
  const auto facts = site.inspector.describe();
  if (!facts) return facts.error();
  Fields info;
  std::string raw;
  for (const auto& [name, value] : *facts) {
    info.text(name, value);
    raw += name + ":" + value + "\r\n";
  }
  Fields out;
  out.text("address", find_fact(*facts, "server")).add("info", info.done()).text("raw_info", raw);
  return json_response(out.add("cluster", find_fact(*facts, "topology") == "cluster").done());
}

Result<http::Response> show_audit(Site& site, Call& call) {
  const auto size = number_of(call.request, "size", kAuditSize, 1, Audit::kKept);
  if (!size) return size.error();
  std::string items;
  for (const AuditEntry& entry : site.audit.last(*size)) items += (items.empty() ? "" : ",") + audit_json(entry);
  return http::Response::json(200, R"({"entries":[)" + items + "]}");
}

}  // namespace

void add_info_routes(Api& api, Site& site) {
  api.get("/api/info", Style::kOwn, [&site](Call& call) { return show_info(site, call); });
  api.get("/api/broker_info", Style::kOwn, [&site](Call&) { return show_broker(site); });
  api.get("/api/redis_info", Style::kAsynqmon, [&site](Call&) { return show_redis(site); });
  api.get("/api/audit", Style::kOwn, [&site](Call& call) { return show_audit(site, call); }, Role::kAdmin);
  api.get("/api/openapi.json", Style::kOwn, [](Call&) { return Result(http::Response::json(200, std::string(openapi_document()))); });
}

}  // namespace windlass::web
