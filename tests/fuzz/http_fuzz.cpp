// libFuzzer target: any bytes are HTTP requests or an error, and mean the same in pieces as whole. Only when half a request is refused depends
// on the pieces: at once, or when its head ends.
//
//   cmake --preset asan -DWINDLASS_FUZZ=ON && cmake --build build/asan --target http_fuzz
//   build/asan/bin/http_fuzz -max_total_time=60 new_inputs tests/fuzz/seeds/http
//
// The first byte gives the size of the pieces.
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/input.hpp"
#include "http/parser.hpp"

namespace {

using windlass::http::Limits;
using windlass::http::Request;
using windlass::http::RequestParser;

constexpr Limits kLimits{.head_max = 512, .body_max = 1024};

struct Reading {
  std::vector<std::string> requests;
  bool refused = false;
  bool half = false;  // the last one waits for more
};

bool same(const Reading& a, const Reading& b) {
  return a.requests == b.requests && (a.refused == b.refused || (a.refused ? b : a).half);
}

std::string text(const Request& request) {
  std::string shown = request.method + " " + request.path + "\n";
  for (const auto& [name, value] : request.query.pairs()) shown += name + "=" + value + "\n";
  for (const auto& [name, value] : request.headers) shown += name + ": " + value + "\n";
  return shown + (request.keep_alive ? "keep-alive\n" : "close\n") + request.body;
}

Reading read(std::string_view bytes, std::size_t piece_size) {
  RequestParser parser(kLimits);
  Reading reading;
  std::string unread;
  while (!bytes.empty()) {
    unread += bytes.substr(0, piece_size);
    bytes.remove_prefix(std::min(piece_size, bytes.size()));
    // What is not taken now comes again, with more.
    for (std::size_t taken = 1; taken > 0 && !unread.empty();) {
      taken = parser.feed(unread);
      windlass::fuzz::require(taken <= unread.size());
      unread.erase(0, taken);
      reading.refused = parser.failed().has_value();
      if (reading.refused) return reading;
      if (!parser.done()) continue;
      Request request = parser.take();
      windlass::fuzz::require(request.body.size() <= kLimits.body_max);
      reading.requests.push_back(text(request));
    }
  }
  reading.half = parser.begun();
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace windlass;
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::text(data, size).substr(1);
  (void)http::percent_decode(bytes);
  fuzz::require(same(read(bytes, 1 + data[0]), read(bytes, std::max<std::size_t>(bytes.size(), 1))));
  return 0;
}
