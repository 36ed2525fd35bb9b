#include "beanstalk/names.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace windlass::beanstalk {
namespace {

bool is_name_character(char c) {
  const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter_or_digit || std::string_view("-+/;.$_()").find(c) != std::string_view::npos;
}

Error bad_address(std::string_view text, const std::string& why) {
  return Error(ErrorCode::kInvalidArgument, "endpoint '" + std::string(text) + "': " + why + "; write HOST:PORT");
}

}  // namespace

Status check_tube_name(std::string_view name) {
  const auto bad = [&](const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, "tube name '" + std::string(name.substr(0, kTubeNameMax)) + "': " + why);
  };
  if (name.empty()) return Error(ErrorCode::kInvalidArgument, "the tube name is empty");
  if (name.size() > kTubeNameMax) {
    return bad(std::to_string(name.size()) + " bytes are more than the " + std::to_string(kTubeNameMax) +
               " that beanstalkd takes");
  }
  if (name.front() == '-') return bad("may not begin with a hyphen");
  if (!std::all_of(name.begin(), name.end(), is_name_character)) {
    return bad("may only have letters, digits and - + / ; . $ _ ( )");
  }
  return {};
}

Result<Address> parse_address(std::string_view text) {
  if (text.starts_with("unix:")) return bad_address(text, "a unix socket cannot be named in an id");
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return bad_address(text, "the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view number = text.substr(colon + 1);
  Address address;
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), address.port);
  if (failed != std::errc() || end != number.data() + number.size() || address.port == 0) {
    return bad_address(text, "the port must be a number from 1 to 65535");
  }
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty()) return bad_address(text, "the host is missing");
  if (!bracketed && host.find(':') != host.npos)
    return bad_address(text, "an IPv6 address stands in brackets, [::1]:11300");
  const auto odd = [](char c) { return c <= ' ' || c == '/' || c == ',' || c == '[' || c == ']'; };
  if (std::any_of(host.begin(), host.end(), odd)) return bad_address(text, "the host has a character that no host has");
  address.host = host;
  return address;
}

std::uint32_t whole_seconds(Duration length) {
  constexpr std::int64_t kMax = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(length / std::chrono::seconds(1), 0, kMax));
}

}  // namespace windlass::beanstalk
