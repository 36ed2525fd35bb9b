// What a server tells a handler child when it starts it: one environment variable, and descriptors.
#pragma once

#include <csignal>
#include <string>
#include <string_view>

#include <windlass/error.hpp>
#include <windlass/time.hpp>

#include "exec/frames.hpp"

namespace windlass::exec {

// Its presence makes a process a handler child. Value: "VERSION LANES CPU_SECONDS MEMORY_LIMITED WATCH_RSS", all
// numbers.
inline constexpr const char* kChildVariable = "WINDLASS_CHILD";
// The descriptors of a child: its control socket, and behind it its lanes.
inline constexpr int kControlFd = 3;
inline constexpr int kFirstLaneFd = 4;
inline constexpr int kLanesMax = 64;
// Comes when the server has died.
inline constexpr int kServerDeathSignal = SIGPWR;

// Exit codes of a child that ends by itself.
inline constexpr int kExitBadOrders = 70;       // what it was told makes no sense, or comes from another version
inline constexpr int kExitConnectionLost = 71;  // its sockets are gone, but not the server

struct ChildOrders {
  std::uint32_t version = kFrameVersion;
  int lanes = 1;
  std::int64_t cpu_seconds = 0;  // of one run; 0 = no limit
  bool memory_limited = false;
  bool watch_rss = false;  // FinishedFrame::rss is wanted
  friend bool operator==(const ChildOrders&, const ChildOrders&) = default;
};

std::string orders_text(const ChildOrders& orders);
// Errors: kInvalidArgument (not such a text), kUnsupported (another version).
Result<ChildOrders> parse_orders(std::string_view text);

}  // namespace windlass::exec
