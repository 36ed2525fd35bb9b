// Parser: RESP2 and RESP3 bytes in, Replies out. No I/O. Resumable: bytes may come in any pieces and none is looked at twice,
// so a large reply that arrives in a thousand reads costs no more than one that arrives in one.
//
// What comes from a socket is not trusted: everything has a limit, memory grows with the bytes received and never with the
// length a peer announces, and what is not RESP is an error with a text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "redis/reply.hpp"

namespace windlass::redis {

// Of one message. A Redis' own limit for a string is 512 MiB (proto-max-bulk-len).
struct ParserLimits {
  std::uint64_t bytes_max = 512ULL << 20;
  std::uint64_t nodes_max = 1ULL << 24;
};

// Thread-compatible.
class Parser {
 public:
  static constexpr std::size_t kDepthMax = 32;
  static constexpr std::size_t kLineBytesMax = 1 << 20;  // a simple string or an error

  enum class Outcome : std::uint8_t {
    kNeedMore,   // all of the bytes were taken and the message is not whole yet
    kComplete,   // one whole message was added to `out`; what is left of the bytes belongs to the next one
    kBroken,     // not RESP, or over a limit: error() says what. The parser takes nothing more
  };

  explicit Parser(ParserLimits limits = {}) : limits_(limits) {}

  // Takes bytes from the front of `bytes`. While a message is under way, `out` must be the same at each call and may not be
  // touched in between.
  Outcome parse(std::string_view& bytes, Replies& out);

  // True if no message is under way, so that the next byte is the first of one.
  bool between_messages() const { return state_ == State::kStart; }
  const std::string& error() const { return error_; }

 private:
  enum class State : std::uint8_t { kStart, kHeader, kBulk, kBroken };
  enum class Step : std::uint8_t { kOpen, kValueDone, kBroken };
  struct Frame {
    std::size_t node = 0;
    std::size_t data = 0;        // where the arena's string ended before it
    std::uint64_t left = 0;      // children still to come
    bool attribute = false;
  };

  bool take_line(std::string_view& bytes, std::string_view& line);
  bool take_bulk(std::string_view& bytes, Replies& out);
  Step header(std::string_view line, Replies& out);
  Step text(Type type, std::string_view body, Replies& out);
  Step number(char kind, std::string_view body, Replies& out);
  Step bulk(Type type, std::string_view body, Replies& out);
  Step aggregate(Type type, std::uint64_t children_each, bool attribute, std::string_view body, Replies& out);
  Step leaf(Type type, std::uint64_t bits, Replies& out);
  bool room_for_node(const Replies& out);
  bool close_frames(Replies& out);
  Step broken(std::string_view what, std::string_view body = {});

  ParserLimits limits_;
  State state_ = State::kStart;
  std::string line_;                // the first part of a header that came in pieces
  std::uint64_t bulk_left_ = 0;     // bytes of the text and its CR LF still to come
  std::array<Frame, kDepthMax> frames_{};
  std::size_t depth_ = 0;
  std::size_t root_node_ = 0;
  std::size_t root_data_ = 0;
  std::string error_;
};

}  // namespace windlass::redis
