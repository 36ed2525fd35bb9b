#include "http/router.hpp"

#include <optional>

namespace windlass::http {
namespace {

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view segment = path.substr(0, path.find('/'));
    segments.emplace_back(segment);
    path.remove_prefix(segment.size());
  }
  return segments;
}

bool fits(std::string_view pattern, std::string_view segment, std::map<std::string, std::string>& parameters) {
  if (!pattern.starts_with('{')) return pattern == segment;
  const std::size_t end = pattern.find('}');
  const std::string_view verb = pattern.substr(end + 1);
  if (!segment.ends_with(verb)) return false;
  segment.remove_suffix(verb.size());
  const std::optional<std::string> value = percent_decode(segment);
  if (!value || value->empty()) return false;
  parameters[std::string(pattern.substr(1, end - 1))] = *value;
  return true;
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
          std::map<std::string, std::string>& parameters) {
  if (pattern.size() != path.size()) return false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!fits(pattern[i], path[i], parameters)) return false;
  }
  return true;
}

}  // namespace

void Router::add(std::string method, std::string pattern, Handler handler) {
  std::vector<std::string> segments = split_path(pattern);
  routes_.push_back({std::move(method), std::move(pattern), std::move(handler), std::move(segments)});
}

const Router::Route* Router::find(Request& request, std::string& allowed) const {
  const std::vector<std::string> path = split_path(request.path);
  const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  for (const Route& route : routes_) {
    std::map<std::string, std::string> parameters;
    if (!fits(route.segments, path, parameters)) continue;
    if (route.method == method) {
      request.parameters = std::move(parameters);
      return &route;
    }
    if (allowed.find(route.method) == allowed.npos) allowed += (allowed.empty() ? "" : ", ") + route.method;
  }
  return nullptr;
}

Response Router::handle(Request& request) const {
  std::string allowed;
  if (const Route* route = find(request, allowed)) return route->handler(request);
  if (allowed.empty()) return Response::text(404, "there is nothing at this path\n");
  return Response::text(405, "this path takes only " + allowed + "\n").set("Allow", allowed);
}

}  // namespace windlass::http
