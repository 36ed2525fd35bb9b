#include "mux/base64.hpp"

#include <cstdint>

namespace windlass::codec {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// 0 to 63; -1 for what is no digit.
int digit_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) text += k <= group.size() ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  while (!text.empty()) {
    std::string_view group = text.substr(0, 4);
    text.remove_prefix(4);
    if (text.empty() && group.ends_with("=="))
      group.remove_suffix(2);
    else if (text.empty() && group.ends_with('='))
      group.remove_suffix(1);
    std::uint32_t bits = 0;
    for (const char c : group) {
      if (digit_value(c) < 0) return std::nullopt;
      bits = bits << 6 | static_cast<std::uint32_t>(digit_value(c));
    }
    // Whole bytes in the digits of this group; the bits left over must be 0, or two texts would mean the same bytes.
    const std::size_t whole = group.size() * 6 / 8;
    const std::size_t rest = group.size() * 6 % 8;
    if ((bits & ((1U << rest) - 1)) != 0) return std::nullopt;
    bits >>= rest;
    for (std::size_t k = whole; k > 0; --k) bytes += static_cast<char>(bits >> (8 * (k - 1)) & 0xFF);
  }
  return bytes;
}

}  // namespace windlass::codec
