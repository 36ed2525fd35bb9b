// Bytes of protobuf for tests, written by hand: hex text, and fields one by one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace windlass::testing {

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

inline std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) & 0xF];
  }
  return hex;
}

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

inline std::string tag(std::uint64_t field, unsigned wire_type) { return varint(field << 3 | wire_type); }
inline std::string number_field(std::uint64_t field, std::uint64_t value) { return tag(field, 0) + varint(value); }
inline std::string bytes_field(std::uint64_t field, std::string_view bytes) {
  return tag(field, 2) + varint(bytes.size()) + std::string(bytes);
}

}  // namespace windlass::testing
