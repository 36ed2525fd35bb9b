// Reply: what beanstalkd answers, and a parser that takes its bytes in whatever pieces they come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <windlass/error.hpp>

#include "beanstalk/commands.hpp"

namespace windlass::beanstalk {

enum class ReplyKind : std::uint8_t {
  // Done, each after its own commands.
  kInserted,
  kUsing,
  kReserved,
  kDeleted,
  kReleased,
  kBuried,
  kTouched,
  kWatching,
  kFound,
  kKicked,
  kPaused,
  kOk,
  // Nothing to be had.
  kTimedOut,
  kDeadlineSoon,
  kNotFound,
  kNotIgnored,
  // Refused.
  kExpectedCrlf,
  kJobTooBig,
  kDraining,
  kOutOfMemory,
  kInternalError,
  kBadFormat,
  kUnknownCommand,
};
// As it is written: "NOT_FOUND".
std::string_view reply_name(ReplyKind kind);

struct Reply {
  ReplyKind kind = ReplyKind::kOk;
  std::uint64_t number =
      0;             // INSERTED, BURIED (of a put), RESERVED, FOUND: the job; WATCHING, KICKED: how many. Else 0
  std::string body;  // RESERVED, FOUND, OK: the data; USING: the tube
};

// True if beanstalkd may answer `verb` so. What it does not say is no reply to us, but a sign that both sides count
// differently.
bool fits(Verb verb, ReplyKind kind);

// The Error that a reply stands for which is not what `verb` was sent for. The message is beanstalkd's word and what it
// means.
//
// kTaskNotFound (NOT_FOUND), kResourceExhausted (JOB_TOO_BIG, OUT_OF_MEMORY, BURIED after put), kUnavailable (DRAINING,
// TIMED_OUT, DEADLINE_SOON), kFailedPrecondition (NOT_IGNORED), kInternal (the rest).
Error to_error(Verb verb, ReplyKind kind);

// Thread-compatible. Pure.
class ReplyParser {
 public:
  enum class Outcome : std::uint8_t { kWhole, kNeedMore, kBroken };

  // beanstalkd's own limit for a job is 1 GiB; a line is at most as long as USING with a tube name.
  static constexpr std::size_t kBodyMax = std::size_t{1} << 30;
  static constexpr std::size_t kLineMax = 224;

  // Takes bytes from the front of `input`. kWhole: `into` is the next reply. kNeedMore: all of `input` was taken.
  // kBroken: this is not the protocol, see error(); the parser is of no more use.
  Outcome parse(std::string_view& input, Reply& into);
  const std::string& error() const { return error_; }

 private:
  bool take_line(std::string_view& input);
  bool read_line();
  bool read_numbers(std::string_view rest, std::size_t count);
  Outcome take_body(std::string_view& input, Reply& into);
  Outcome broken(const std::string& why);

  std::string line_;
  Reply reply_;
  std::size_t body_size_ = 0;
  bool in_body_ = false;
  std::string error_;
};

}  // namespace windlass::beanstalk
