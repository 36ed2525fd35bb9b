#include "broker/memory/cursor.hpp"

#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>

namespace windlass::broker::memory {
namespace {

constexpr std::size_t kDigits = 16;
constexpr std::size_t kLength = 3 * kDigits;

bool parse_hex(std::string_view text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string encode_cursor(std::uint64_t listing, Position position) {
  std::array<char, kLength + 1> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64 "%016" PRIx64 "%016" PRIx64, listing,
                static_cast<std::uint64_t>(position.score), position.row);
  return {text.data(), kLength};
}

Result<Position> decode_cursor(std::string_view text, std::uint64_t listing) {
  std::uint64_t from = 0, score = 0;
  Position position;
  if (text.size() != kLength || !parse_hex(text.substr(0, kDigits), from) ||
      !parse_hex(text.substr(kDigits, kDigits), score) || !parse_hex(text.substr(2 * kDigits), position.row)) {
    return Error(ErrorCode::kInvalidArgument, "the cursor is not one that a listing gave; start without one");
  }
  if (from != listing) {
    return Error(ErrorCode::kInvalidArgument, "the cursor belongs to a listing with another filter; start without one");
  }
  position.score = static_cast<std::int64_t>(score);
  return position;
}

}  // namespace windlass::broker::memory
