#include "core/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/utf8.hpp"

namespace windlass::core {

namespace {

// Bytes at the front that are ASCII, found eight at a time: nearly all text here is.
std::size_t ascii_prefix(std::string_view bytes) {
  std::size_t at = 0;
  for (std::uint64_t word = 0; at + sizeof word <= bytes.size(); at += sizeof word) {
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if ((word & 0x8080808080808080ULL) != 0) break;
  }
  while (at < bytes.size() && static_cast<std::uint8_t>(bytes[at]) < 0x80) ++at;
  return at;
}

// The property White_Space of Unicode.
bool is_space(char32_t code) {
  if (code >= 0x2000 && code <= 0x200A) return true;
  if (code >= 0x09 && code <= 0x0D) return true;
  constexpr char32_t kOthers[] = {0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
  return std::find(std::begin(kOthers), std::end(kOthers), code) != std::end(kOthers);
}

}  // namespace

bool is_blank(std::string_view text) {
  while (!text.empty()) {
    const base::Utf8Char front = base::decode_utf8(text);
    if (front.length == 0 || !is_space(front.code)) return false;
    text.remove_prefix(front.length);
  }
  return true;
}

std::size_t valid_utf8_prefix(std::string_view bytes) {
  std::size_t at = 0;
  for (;;) {
    at += ascii_prefix(bytes.substr(at));
    if (at == bytes.size()) return at;
    const std::size_t length = base::decode_utf8(bytes.substr(at)).length;
    if (length == 0) return at;
    at += length;
  }
}

bool is_valid_utf8(std::string_view bytes) { return valid_utf8_prefix(bytes) == bytes.size(); }

std::string to_valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (;;) {
    const std::size_t valid = valid_utf8_prefix(bytes);
    text.append(bytes.substr(0, valid));
    bytes.remove_prefix(valid);
    if (bytes.empty()) return text;
    text.append(base::kReplacementUtf8);
    bytes.remove_prefix(1);
  }
}

}  // namespace windlass::core
