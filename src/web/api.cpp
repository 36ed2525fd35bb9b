#include "web/api.hpp"

#include <charconv>

#include "web/fields.hpp"

namespace windlass::web {
namespace {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kQueueNotEmpty: return 400;
    case ErrorCode::kTaskNotFound:
    case ErrorCode::kQueueNotFound: return 404;
    case ErrorCode::kFailedPrecondition:
    case ErrorCode::kDuplicateTask:
    case ErrorCode::kTaskIdConflict:
    case ErrorCode::kTickTaken: return 409;
    case ErrorCode::kResourceExhausted: return 413;
    case ErrorCode::kUnsupported: return 501;
    case ErrorCode::kUnavailable:
    case ErrorCode::kUnknownOutcome: return 503;
    default: return 500;
  }
}

http::Response text_or_json(int status, std::string_view code, const std::string& message, bool json) {
  if (!json) return http::Response::text(status, message + "\n");
  return json_response(Fields().text("error", code).text("message", message).done(), status);
}

std::string parameter_or_empty(const http::Request& request, const std::string& name) {
  const auto found = request.parameters.find(name);
  return found == request.parameters.end() ? std::string() : found->second;
}

}  // namespace

http::Response error_response(const Error& error, bool json) {
  const int status = status_of(error.code());
  http::Response response = text_or_json(status, error_code_name(error.code()), error.message(), json);
  if (status == 503) response.set("Retry-After", "1");
  return response;
}

http::Response refusal_response(const Refusal& refusal, bool json) {
  http::Response response = text_or_json(refusal.status, refusal.code, refusal.message, json);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(refusal.retry_after).count();
  if (seconds > 0) response.set("Retry-After", std::to_string(seconds));
  return response;
}

bool wants_json(const http::Request& request) {
  const std::string* accept = request.header("accept");
  return accept && http::list_accepts(*accept, "application/json") && !http::list_accepts(*accept, "text/plain") &&
         !http::list_accepts(*accept, "*/*");
}

http::Response json_response(const codec::Value& value, int status) {
  return http::Response::json(status, codec::write_json(value));
}

Result<std::size_t> number_of(const http::Request& request, const std::string& name, std::size_t absent, std::size_t min,
                              std::size_t max) {
  const std::optional<std::string> text = request.query.find(name);
  if (!text || text->empty()) return absent;
  std::size_t value = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failed != std::errc() || end != text->data() + text->size() || value < min || value > max) {
    return Error(ErrorCode::kInvalidArgument,
                 name + "=" + *text + ": must be a number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return value;
}

Api::Api(Site& site) : site_(site) {}

void Api::get(const std::string& pattern, Style style, Act act, Role role) {
  add("GET", pattern, {style, role, "", false}, std::move(act));
}

void Api::change(const std::string& method, const std::string& pattern, Style style, const std::string& action, Act act, Role role) {
  add(method, pattern, {style, role, action, false}, std::move(act));
}

void Api::open(const std::string& method, const std::string& pattern, Act act) {
  add(method, pattern, {Style::kOwn, Role::kViewer, "", true}, std::move(act));
}

void Api::add(const std::string& method, const std::string& pattern, Rule rule, Act act) {
  router_.add(method, pattern, [this, rule = std::move(rule), act = std::move(act)](http::Request& request) {
    return serve(request, rule, act);
  });
}

http::Response Api::handle(http::Request& request) {
  if (const auto refused = site_.access.refuse_origin(request)) return refusal_response(*refused, true);
  std::string allowed;
  if (const http::Router::Route* route = router_.find(request, allowed)) return route->handler(request);
  if (allowed.empty()) return refusal_response({404, "not_found", "there is nothing at this path", {}}, true);
  http::Response response = refusal_response({405, "method_not_allowed", "this path takes only " + allowed, {}}, true);
  return response.set("Allow", allowed);
}

http::Response Api::serve(http::Request& request, const Rule& rule, const Act& act) {
  const bool json = rule.style == Style::kOwn || wants_json(request);
  const Identity who = site_.access.identify(request);
  if (rule.open) {
    Call call{request, who};
    Result<http::Response> response = act(call);
    return response ? *std::move(response) : error_response(response.error(), json);
  }
  if (!who.known()) {
    const Refusal refusal{401, "login_required", "log in first: POST api/session, or a bearer token", {}};
    return refusal_response(refusal, json).set("WWW-Authenticate", "Bearer");
  }
  http::Response response = act_and_note(request, who, rule, act);
  if (!response.header("Cache-Control")) response.set("Cache-Control", "no-store");
  return response;
}

http::Response Api::act_and_note(http::Request& request, const Identity& who, const Rule& rule, const Act& act) {
  const bool json = rule.style == Style::kOwn || wants_json(request);
  Call call{request, who};
  const auto answer = [&]() -> http::Response {
    if (!rule.action.empty()) {
      if (const auto refused = site_.access.refuse_forged(request, who)) return refusal_response(*refused, json);
      if (site_.config.read_only) return refusal_response({405, "read_only", "this server only shows", {}}, json);
    }
    if (who.role < rule.role) {
      const std::string text = "this needs the role " + std::string(role_name(rule.role)) + "; yours is " + std::string(role_name(who.role));
      return refusal_response({403, "forbidden", text, {}}, json);
    }
    Result<http::Response> response = act(call);
    return response ? *std::move(response) : error_response(response.error(), json);
  };
  http::Response response = answer();
  if (rule.action.empty()) return response;
  AuditEntry entry{site_.clock.now(), who.user, std::string(role_name(who.role)), who.address, rule.action, request.method, request.path,
                   parameter_or_empty(request, "queue"), parameter_or_empty(request, "id"), call.count, response.status};
  if (response.status < 300) site_.live.tell_action(entry);
  site_.audit.add(std::move(entry));
  return response;
}

}  // namespace windlass::web
