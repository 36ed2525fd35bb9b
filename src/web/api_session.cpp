// Login, logout, who am I, and the event stream.
#include "web/api.hpp"
#include "web/body.hpp"
#include "web/fields.hpp"

namespace windlass::web {
namespace {

codec::Value session_json(const Site& site, const Identity& who) {
  Fields out;
  out.add("authenticated", who.known()).add("login_required", site.access.login_required());
  out.add("methods", array_of(site.access.methods(), [](const std::string& method) { return codec::Value(method); }));
  out.text("user", who.user).text("role", who.known() ? role_name(who.role) : "").text("csrf_token", who.csrf);
  return out.time_if("expires_at", who.expires_at).add("read_only", site.config.read_only).done();
}

http::Response no_store(http::Response response) { return response.set("Cache-Control", "no-store"); }

void note(Site& site, const Call& call, const std::string& user, const std::string& role, const char* action, int status) {
  site.audit.add({site.clock.now(), user, role, call.who.address, action, call.request.method, call.request.path, "", "", 0, status});
}

Result<http::Response> log_in(Site& site, Call& call) {
  const auto body = Body::parse(call.request, {"user", "password", "token"});
  if (!body) return body.error();
  const auto user = body->text("user"), password = body->text("password"), token = body->text("token");
  for (const auto* text : {&user, &password, &token}) {
    if (!*text) return text->error();
  }
  const auto result = token->empty() ? site.access.log_in(call.request, *user, *password) : site.access.log_in(call.request, *token);
  if (const auto* refusal = std::get_if<Refusal>(&result)) {
    note(site, call, *user, "", "login", refusal->status);
    return no_store(refusal_response(*refusal, true));
  }
  const auto& session = std::get<Session>(result);
  const std::string name = session.user.starts_with("token:") ? session.user.substr(6) : session.user;
  const Identity who{Means::kSession, name, session.role, session.id, session.csrf, session.expires_at, call.who.address};
  note(site, call, name, std::string(role_name(session.role)), "login", 200);
  return no_store(json_response(session_json(site, who)).set("Set-Cookie", site.access.cookie(session.id)));
}

Result<http::Response> log_out(Site& site, Call& call) {
  if (const auto refused = site.access.refuse_forged(call.request, call.who)) return refusal_response(*refused, true);
  site.access.log_out(call.who);
  if (call.who.known()) note(site, call, call.who.user, std::string(role_name(call.who.role)), "logout", 204);
  return no_store(http::Response(204)).set("Set-Cookie", site.access.cookie(""));
}

Result<http::Response> listen(Site& site, Call& call) {
  if (site.live.clients() >= Live::kClientsMax) return Error(ErrorCode::kUnavailable, "too many pages are open; try again later");
  return http::Response::events([&site, queues = call.request.query.all("queue"), who = call.who](std::shared_ptr<http::EventStream> stream) {
    if (!site.live.join(stream, queues, who)) stream->close();
  });
}

}  // namespace

void add_session_routes(Api& api, Site& site) {
  api.open("GET", "/api/session", [&site](Call& call) { return Result(no_store(json_response(session_json(site, call.who)))); });
  api.open("POST", "/api/session", [&site](Call& call) { return log_in(site, call); });
  api.open("DELETE", "/api/session", [&site](Call& call) { return log_out(site, call); });
  api.get("/api/events", Style::kOwn, [&site](Call& call) { return listen(site, call); });
}

}  // namespace windlass::web
