// libFuzzer target: any bytes are replies of beanstalkd or an error, and mean the same in pieces as whole; any text is
// a list or a dictionary, or an error.
//
//   cmake --preset asan -DWINDLASS_FUZZ=ON && cmake --build build/asan --target beanstalk_fuzz
//   build/asan/bin/beanstalk_fuzz -max_total_time=60 new_inputs tests/fuzz/seeds/beanstalk
//
// The first byte gives the size of the pieces.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "beanstalk/reply.hpp"
#include "beanstalk/stats.hpp"
#include "fuzz/input.hpp"

namespace {

using windlass::beanstalk::Reply;
using windlass::beanstalk::ReplyParser;

struct Reading {
  std::vector<std::string> replies;
  bool broken = false;
  friend bool operator==(const Reading&, const Reading&) = default;
};

Reading read(std::string_view bytes, std::size_t piece_size) {
  ReplyParser parser;
  Reading reading;
  while (!bytes.empty() && !reading.broken) {
    std::string_view piece = bytes.substr(0, piece_size);
    bytes.remove_prefix(piece.size());
    while (!piece.empty() && !reading.broken) {
      Reply reply;
      const auto outcome = parser.parse(piece, reply);
      reading.broken = outcome == ReplyParser::Outcome::kBroken;
      if (outcome != ReplyParser::Outcome::kWhole) continue;
      reading.replies.push_back(std::string(reply_name(reply.kind)) + " " + std::to_string(reply.number) + " " +
                                reply.body);
    }
  }
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace windlass;
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::text(data, size).substr(1);
  fuzz::require(read(bytes, 1 + data[0] % 16) == read(bytes, std::max<std::size_t>(bytes.size(), 1)));
  (void)beanstalk::Stats::parse(bytes);
  (void)beanstalk::parse_list(bytes);
  return 0;
}
