// Names and numbers as beanstalkd allows them, checked before anything is sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <windlass/error.hpp>
#include <windlass/time.hpp>

namespace windlass::beanstalk {

inline constexpr std::size_t kTubeNameMax = 200;

// Errors: kInvalidArgument: empty, over 200 bytes, a character other than A-Za-z0-9-+/;.$_(), or a hyphen in front.
Status check_tube_name(std::string_view name);

// "host:port" or "[v6]:port". Host names are not looked up here.
struct Address {
  std::string host;
  std::uint16_t port = 0;
};
// Errors: kInvalidArgument (no port, a port out of range, a unix socket, blanks, slashes or commas).
Result<Address> parse_address(std::string_view text);

// Whole seconds, rounded down, as the protocol has them: 0 for what is negative, at most 2^32 - 1.
std::uint32_t whole_seconds(Duration length);

}  // namespace windlass::beanstalk
