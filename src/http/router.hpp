// Router: from method and path to a handler.
//
//   router.add("GET", "/api/queues/{queue}", [](Request& request) { return show(request.parameter("queue")); });
//   router.add("POST", "/api/queues/{queue}:pause", ...);
//
// A segment of a pattern is a text, a {name} for any one segment, or either with a ":verb" behind. Segments are compared
// before they are decoded, so that a name may hold anything, "/" and ":" as "%2F" and "%3A". Of several patterns that fit, the one that was added
// first serves. HEAD is served as GET.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace windlass::http {

// May block; called by any of the workers of a server, also at the same time.
using Handler = std::function<Response(Request&)>;

// Thread-compatible: filled first, then served from any number of threads.
class Router {
 public:
  struct Route {
    std::string method;
    std::string pattern;
    Handler handler;
    std::vector<std::string> segments;
  };

  void add(std::string method, std::string pattern, Handler handler);

  // The route; nullptr if there is none. Then `allowed` has the methods of those that fit but for the method ("GET, POST"). Fills
  // request.parameters.
  const Route* find(Request& request, std::string& allowed) const;
  // What the route says, or 404, or 405.
  Response handle(Request& request) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace windlass::http
