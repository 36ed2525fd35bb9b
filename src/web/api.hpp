// Api: the routes of the REST API, each with who may use it, and what all of them share: access, errors, audit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <windlass/error.hpp>

#include "http/router.hpp"
#include "web/site.hpp"

namespace windlass::web {

// How errors look: on asynqmon's paths as its scripts expect them (plain text), on ours as JSON.
enum class Style : std::uint8_t { kAsynqmon, kOwn };

// One request on its way through a route. Confined to the worker.
struct Call {
  http::Request& request;
  const Identity& who;
  std::size_t count = 0;  // tasks that were acted on, for the audit log

  const std::string& queue() const { return request.parameter("queue"); }
  const std::string& id() const { return request.parameter("id"); }
};

using Act = std::function<Result<http::Response>(Call&)>;

// Filled first, then used by any number of workers.
class Api {
 public:
  explicit Api(Site& site);

  // A route that only reads.
  void get(const std::string& pattern, Style style, Act act, Role role = Role::kViewer);
  // A route that changes something. `action` is its name in the audit log.
  void change(const std::string& method, const std::string& pattern, Style style, const std::string& action, Act act,
              Role role = Role::kOperator);
  // One for which nobody needs to have logged in.
  void open(const std::string& method, const std::string& pattern, Act act);

  // REQUIRES: the path is below the root path, which is taken off.
  http::Response handle(http::Request& request);

  const http::Router& router() const { return router_; }

 private:
  struct Rule {
    Style style = Style::kOwn;
    Role role = Role::kViewer;
    std::string action;  // empty: it only reads
    bool open = false;
  };
  void add(const std::string& method, const std::string& pattern, Rule rule, Act act);
  http::Response serve(http::Request& request, const Rule& rule, const Act& act);
  http::Response act_and_note(http::Request& request, const Identity& who, const Rule& rule, const Act& act);

  Site& site_;
  http::Router router_;
};

// Errors. `json`: as {"error","message"}, else the message as plain text.
http::Response error_response(const Error& error, bool json);
http::Response refusal_response(const Refusal& refusal, bool json);
// The client takes nothing but JSON, so errors are JSON on every path.
bool wants_json(const http::Request& request);

http::Response json_response(const codec::Value& value, int status = 200);

// A number of the query. Errors: kInvalidArgument (no number, not in min..max).
Result<std::size_t> number_of(const http::Request& request, const std::string& name, std::size_t absent, std::size_t min, std::size_t max);

// Each adds its routes; one file each.
void add_session_routes(Api& api, Site& site);
void add_info_routes(Api& api, Site& site);
void add_queue_routes(Api& api, Site& site);
void add_list_routes(Api& api, Site& site);
void add_task_routes(Api& api, Site& site);
void add_bulk_routes(Api& api, Site& site);
void add_enqueue_routes(Api& api, Site& site);
void add_search_routes(Api& api, Site& site);
void add_fleet_routes(Api& api, Site& site);
void add_history_routes(Api& api, Site& site);

}  // namespace windlass::web
