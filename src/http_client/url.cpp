#include "http_client/call.hpp"

namespace windlass::http_client {

Result<Url> parse_url(const std::string& text) {
  const auto wrong = [&](const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, "URL '" + text + "': " + what);
  };
  Url url;
  std::string rest;
  if (text.starts_with("http://")) {
    rest = text.substr(7);
  } else if (text.starts_with("https://")) {
    rest = text.substr(8);
    url.tls = true;
  } else {
    return wrong("must begin with http:// or https://");
  }
  for (const char c : rest) {
    if (c <= ' ' || c == '\x7f') return wrong("blanks and control characters must be percent-encoded");
  }
  rest = rest.substr(0, rest.find('#'));
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  const std::string authority = rest.substr(0, slash);
  url.target = rest.substr(slash);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (authority.find('@') != std::string::npos) return wrong("user and password belong into an Authorization header");

  const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : std::string::npos;
  const std::size_t host_end =
      bracket != std::string::npos ? bracket + 1 : std::min(authority.find(':'), authority.size());
  url.host = bracket != std::string::npos ? authority.substr(1, bracket - 1) : authority.substr(0, host_end);
  url.port = url.tls ? "443" : "80";
  if (host_end < authority.size()) {
    url.port = authority.substr(host_end + 1);
    const bool digits = !url.port.empty() && url.port.find_first_not_of("0123456789") == std::string::npos;
    if (authority[host_end] != ':' || !digits || url.port.size() > 5) return wrong("the port must be a number");
  }
  if (url.host.empty()) return wrong("the host is missing");
  return url;
}

}  // namespace windlass::http_client
