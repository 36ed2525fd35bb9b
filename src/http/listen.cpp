#include "http/listen.hpp"

#include <charconv>

namespace windlass::http {
namespace {

Error wrong(std::string_view text) {
  return Error(ErrorCode::kInvalidArgument,
               "'" + std::string(text) + "' is no HOST:PORT, as 127.0.0.1:9464, [::1]:9464 or :9464 (all addresses); port 0: one that is free");
}

}  // namespace

Result<Listen> parse_listen(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return wrong(text);
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == host.npos) return wrong(text);
  } else if (host.find_first_of(":[]/ ") != host.npos) {
    return wrong(text);
  }
  Listen listen{std::string(host), 0};
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), listen.port);
  if (failed != std::errc() || end != digits.data() + digits.size()) return wrong(text);
  return listen;
}

std::string format_listen(const Listen& listen) {
  const bool ipv6 = listen.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + listen.host + "]" : listen.host) + ":" + std::to_string(listen.port);
}

}  // namespace windlass::http
