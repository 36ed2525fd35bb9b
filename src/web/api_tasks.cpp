// Single tasks: show, run, archive, delete, cancel, payload and result as bytes, payload edit.
#include "http/uri.hpp"
#include "web/api.hpp"
#include "web/body.hpp"
#include "web/fields.hpp"
#include "web/payload_body.hpp"

namespace windlass::web {
namespace {

Result<http::Response> done(const Status& status) {
  if (!status) return status.error();
  return http::Response(204);
}

Result<http::Response> show_task(Site& site, Call& call) {
  const auto task = site.inspector.task(call.queue(), call.id());
  if (!task) return task.error();
  const bool whole = call.request.query.find("full").value_or("") == "1";
  return json_response(task_page(*task, site.config.text, site.clock.now(), whole));
}

http::Response attachment(std::string bytes, const std::string& name) {
  http::Response response = http::Response::text(200, std::move(bytes), "application/octet-stream");
  return response.set("Content-Disposition", "attachment; filename*=UTF-8''" + http::percent_encode(name));
}

Result<http::Response> show_payload(Site& site, Call& call) {
  auto task = site.inspector.task(call.queue(), call.id());
  if (!task) return task.error();
  return attachment(std::move(task->payload).bytes(), call.id() + ".payload");
}

Result<http::Response> show_result(Site& site, Call& call) {
  auto task = site.inspector.task(call.queue(), call.id());
  if (!task) return task.error();
  if (!task->result) return Error(ErrorCode::kTaskNotFound, "task " + call.id() + " has no result");
  return attachment(*std::move(task->result), call.id() + ".result");
}

Result<http::Response> edit_payload(Site& site, Call& call) {
  const auto body = Body::parse(call.request, {"payload", "payload_json", "payload_base64"});
  if (!body) return body.error();
  const auto payload = payload_of(*body);
  if (!payload) return payload.error();
  return done(site.inspector.update_payload(call.queue(), call.id(), *payload));
}

Result<http::Response> cancel(Site& site, Call& call) {
  const bool for_good = call.request.query.find("for_good").value_or("") == "1";
  return done(site.inspector.cancel(call.queue(), call.id(), for_good ? Cancel::kForGood : Cancel::kRetry));
}

void add_actions(Api& api, Site& site, const std::string& pattern, Style style) {
  const auto run = [&site](Call& call) { return done(site.inspector.run_task(call.queue(), call.id())); };
  const auto archive = [&site](Call& call) { return done(site.inspector.archive_task(call.queue(), call.id())); };
  const auto remove = [&site](Call& call) { return done(site.inspector.delete_task(call.queue(), call.id())); };
  api.change("POST", pattern + ":run", style, "run", run);
  api.change("POST", pattern + ":archive", style, "archive", archive);
  api.change("DELETE", pattern, style, "delete", remove);
}

}  // namespace

void add_task_routes(Api& api, Site& site) {
  const std::string task = "/api/queues/{queue}/tasks/{id}";
  api.get(task, Style::kAsynqmon, [&site](Call& call) { return show_task(site, call); });
  api.get(task + "/payload", Style::kOwn, [&site](Call& call) { return show_payload(site, call); });
  api.get(task + "/result", Style::kOwn, [&site](Call& call) { return show_result(site, call); });
  api.change("PUT", task + "/payload", Style::kOwn, "edit_payload", [&site](Call& call) { return edit_payload(site, call); });
  add_actions(api, site, task, Style::kOwn);
  api.change("POST", task + ":cancel", Style::kOwn, "cancel", [&site](Call& call) { return cancel(site, call); });
  for (const char* state : {"pending", "scheduled", "retry", "archived", "completed"}) {
    add_actions(api, site, std::string("/api/queues/{queue}/") + state + "_tasks/{id}", Style::kAsynqmon);
  }
  add_actions(api, site, "/api/queues/{queue}/groups/{group}/aggregating_tasks/{id}", Style::kAsynqmon);
  api.change("POST", "/api/queues/{queue}/active_tasks/{id}:cancel", Style::kAsynqmon, "cancel",
             [&site](Call& call) { return cancel(site, call); });
}

}  // namespace windlass::web
