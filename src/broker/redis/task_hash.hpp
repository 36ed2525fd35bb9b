// The hash of a task: what Asynq keeps in it, and the side fields that make our values exact. A side field is believed only
// where it agrees with what Asynq's fields say, because a Go process may have moved the task meanwhile
// (docs/reference/redis-keys.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <windlass/info.hpp>

#include "core/message.hpp"

namespace windlass::broker {

// -- w:x

// What the message has no place for.
std::string encode_exact(const core::TaskMessage& message);
// Puts it into a message that came from `msg`. Bytes that are no such record change nothing.
void apply_exact(core::TaskMessage& message, std::string_view exact);

// -- w:fail

std::string encode_failure(const Failure& failure, TimePoint failed_at);

// The last failure of a task: its text is that of the message; kind and details are those of `fail` if it is of the same failure.
// `message.last_failed_at` becomes exact. A message without any failure gives none.
Failure decode_failure(core::TaskMessage& message, std::string_view fail);

// -- w:run

struct Run {
  std::string_view nonce;
  std::int64_t lease_until_us = 0;  // on Redis' clock
  TimePoint started_at;
  std::string_view owner;
};
// Views into `run`. Nothing for text that is no such record.
std::optional<Run> parse_run(std::string_view run);

std::string nonce_text(std::uint64_t nonce);  // 16 hex digits

// -- w:progress

// "PERCENT:TEXT"; the scripts put the nonce of the run in front.
std::string encode_progress(const Progress& progress);
// Nothing if it is of another run.
std::optional<Progress> decode_progress(std::string_view field, std::string_view nonce);

// -- times as they stand in scores and arguments

// Whole seconds since 1970, floored, as Asynq has them.
std::int64_t unix_seconds(TimePoint t);
std::int64_t unix_nanos(TimePoint t);
// The exact time behind a score: `at` (ns in decimal) if its second is the score, else the score.
TimePoint exact_time(std::int64_t score, std::optional<std::string_view> at);

// `msg` and `w:x` as one message. Errors: kCorrupt.
Result<core::TaskMessage> decode_task(std::string_view msg, std::string_view exact);

}  // namespace windlass::broker
