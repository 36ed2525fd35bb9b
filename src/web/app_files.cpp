#include "web/app_files.hpp"

#include <algorithm>

#include "http/gzip.hpp"
#include "web/assets.hpp"

namespace windlass::web {
namespace {

constexpr std::string_view kRootMark = "<!--windlass-root-->";
constexpr std::size_t kIndexMax = 1 << 20;

constexpr std::string_view kFallback = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Windlass</title><!--windlass-root--></head>
<body><h1>Windlass</h1>
<p>This program was built without the web app. The REST API is there:</p>
<ul><li><a href="api/queues">api/queues</a></li><li><a href="api/servers">api/servers</a></li>
<li><a href="api/openapi.json">api/openapi.json</a></li><li><a href="metrics">metrics</a></li></ul>
</body></html>
)";

const Asset* find_asset(std::string_view path) {
  const auto assets = app_assets();
  const auto found = std::find_if(assets.begin(), assets.end(), [&](const Asset& asset) { return asset.path == path; });
  return found == assets.end() ? nullptr : &*found;
}

// With the place it is served at, so that its relative links lead there.
http::Response serve_index(const std::string& root_path) {
  const Asset* index = find_asset("index.html");
  std::string page = index ? http::gunzip(index->gzip, kIndexMax).value_or("") : std::string(kFallback);
  const std::size_t mark = page.find(kRootMark);
  if (mark != page.npos) page.replace(mark, kRootMark.size(), "<base href=\"" + root_path + "/\">");
  return http::Response::text(200, std::move(page), "text/html; charset=utf-8").set("Cache-Control", "no-cache");
}

}  // namespace

http::Response serve_app(const http::Request& request, const std::string& path, const std::string& root_path) {
  if (request.method != "GET" && request.method != "HEAD") {
    return http::Response::text(405, "this path takes only GET\n").set("Allow", "GET");
  }
  const std::string name = path.substr(std::min<std::size_t>(1, path.size()));
  if (name.empty() || name == "index.html") return serve_index(root_path);
  if (const Asset* asset = find_asset(name)) return http::serve_asset(request, *asset, name.starts_with("assets/"));
  if (name.starts_with("assets/")) return http::Response::text(404, "there is no such file\n");
  return serve_index(root_path);
}

}  // namespace windlass::web
