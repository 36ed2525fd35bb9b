#include "dq/body.hpp"

#include <charconv>
#include <cstdint>

namespace windlass::dq {
namespace {

// The original looks for the slash among so many bytes: the 19 digits that nanoseconds have until 2286, and two more.
constexpr std::size_t kTimeBytesMax = 21;

}  // namespace

std::string wrap_body(TimePoint at, std::string_view payload) {
  std::string body = std::to_string(at.time_since_epoch().count());
  body.reserve(body.size() + 1 + payload.size());
  body += '/';
  body += payload;
  return body;
}

std::optional<Unwrapped> unwrap_body(std::string_view body) {
  const std::size_t slash = body.substr(0, kTimeBytesMax).find('/');
  if (slash == body.npos) return std::nullopt;
  std::string_view number = body.substr(0, slash);
  // As Go's ParseInt.
  if (number.size() > 1 && number[0] == '+' && number[1] != '-') number.remove_prefix(1);
  std::int64_t nanoseconds = 0;
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), nanoseconds);
  if (failed != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return Unwrapped{TimePoint(Duration(nanoseconds)), body.substr(slash + 1)};
}

}  // namespace windlass::dq
