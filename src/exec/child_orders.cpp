#include "exec/child_orders.hpp"

#include <charconv>

namespace windlass::exec {

std::string orders_text(const ChildOrders& o) {
  return std::to_string(o.version) + " " + std::to_string(o.lanes) + " " + std::to_string(o.cpu_seconds) + " " +
         (o.memory_limited ? "1 " : "0 ") + (o.watch_rss ? "1" : "0");
}

Result<ChildOrders> parse_orders(std::string_view text) {
  const Error bad(ErrorCode::kInvalidArgument,
                  std::string(kChildVariable) + "='" + std::string(text) + "' is not what a server sets");
  std::int64_t numbers[5] = {};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::int64_t& number : numbers) {
    if (&number != numbers && (at == end || *at++ != ' ')) return bad;
    const auto [next, failed] = std::from_chars(at, end, number);
    if (failed != std::errc() || number < 0) return bad;
    at = next;
    if (&number == numbers && number != kFrameVersion) {
      return Error(ErrorCode::kUnsupported, "the server speaks version " + std::to_string(number) +
                                                " with its handler processes, this program " +
                                                std::to_string(kFrameVersion));
    }
  }
  if (at != end || numbers[1] < 1 || numbers[1] > kLanesMax || numbers[3] > 1 || numbers[4] > 1) return bad;
  return ChildOrders{static_cast<std::uint32_t>(numbers[0]), static_cast<int>(numbers[1]), numbers[2], numbers[3] == 1,
                     numbers[4] == 1};
}

}  // namespace windlass::exec
