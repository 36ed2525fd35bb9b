// libFuzzer target: any bytes, in any pieces, are RESP or an error, and mean the same in pieces as whole.
//
//   cmake --preset asan -DWINDLASS_FUZZ=ON && cmake --build build/asan --target resp_fuzz
//   build/asan/bin/resp_fuzz -max_total_time=60 new_inputs tests/fuzz/seeds/resp
//
// The first byte gives the size of the pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "redis/resp.hpp"

namespace {

using windlass::redis::Parser;
using windlass::redis::ParserLimits;
using windlass::redis::Replies;
using windlass::redis::Value;

constexpr ParserLimits kLimits{.bytes_max = 1 << 16, .nodes_max = 1 << 12};

// Touches every value.
std::size_t weigh(const Value& value) {
  std::size_t sum = static_cast<std::size_t>(value.type()) + 1;
  for (const char c : value.text()) sum = sum * 31 + static_cast<unsigned char>(c);
  sum = sum * 31 + static_cast<std::size_t>(value.integer().value_or(7));
  for (const Value child : value) sum = sum * 31 + weigh(child);
  return sum;
}

struct Reading {
  std::size_t sum = 0;
  std::size_t messages = 0;
  bool broken = false;
  friend bool operator==(const Reading&, const Reading&) = default;
};

Reading read(std::string_view bytes, std::size_t piece_size) {
  Parser parser(kLimits);
  Replies replies;
  Reading reading;
  while (!bytes.empty() && !reading.broken) {
    std::string_view piece = bytes.substr(0, piece_size);
    bytes.remove_prefix(piece.size());
    while (!piece.empty() && !reading.broken) {
      reading.broken = parser.parse(piece, replies) == Parser::Outcome::kBroken;
    }
  }
  reading.messages = replies.size();
  for (std::size_t i = 0; i < replies.size(); ++i) reading.sum = reading.sum * 31 + weigh(replies[i]);
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = 1 + data[0] % 16;
  if (!(read(bytes, piece) == read(bytes, std::max<std::size_t>(bytes.size(), 1)))) std::abort();
  return 0;
}
