// Ids as lower-case hexadecimal.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace windlass::trace {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

inline std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 15];
  }
  return text;
}

// False unless all are lower-case digits. REQUIRES: `text` has two for each byte at least.
inline bool read_hex(std::string_view text, std::span<std::uint8_t> into) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    const std::size_t high = kHexDigits.find(text[2 * i]);
    const std::size_t low = kHexDigits.find(text[2 * i + 1]);
    if (high == kHexDigits.npos || low == kHexDigits.npos) return false;
    into[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

}  // namespace windlass::trace
