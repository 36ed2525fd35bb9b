// Where a server listens, as people write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <windlass/error.hpp>

namespace windlass::http {

struct Listen {
  std::string host;  // a name or an address, IPv6 without brackets; "": all addresses of the machine
  std::uint16_t port = 0;
  friend bool operator==(const Listen&, const Listen&) = default;
};

// "127.0.0.1:9464", "[::1]:9464", "localhost:0", ":9464". Errors: kInvalidArgument, with the text.
Result<Listen> parse_listen(std::string_view text);
std::string format_listen(const Listen& listen);

}  // namespace windlass::http
