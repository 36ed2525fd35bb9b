// TaskMessage: one task as it travels between client, broker and server, and its encoding as Asynq's protobuf.
//
// In memory all times are exact (nanoseconds). The encoding has whole seconds and no place for the fields marked
// "not in the encoding": a broker that stores messages in that form keeps them beside it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <windlass/error.hpp>
#include <windlass/task.hpp>

namespace windlass::core {

inline constexpr std::int32_t kDefaultMaxRetry = 25;
inline constexpr Duration kDefaultTimeout = std::chrono::minutes(30);
inline constexpr std::string_view kDefaultQueue = "default";

struct TaskMessage {
  std::string id;
  std::string queue;
  std::string type;
  Payload payload;
  Headers headers;
  std::int32_t max_retry = kDefaultMaxRetry;
  std::int32_t retried = 0;
  Duration timeout{};       // 0 = none
  TimePoint deadline;       // kNoTime = none
  Duration retention{};     // 0 = delete on success
  std::string unique_key;   // full key of the lock; empty = not unique
  std::string group;        // empty = none
  std::string error_msg;    // of the last failure
  TimePoint last_failed_at;
  TimePoint completed_at;
  TimePoint expires_at;     // not in the encoding. kNoTime = never
  TimePoint scheduled_at;   // not in the encoding. Nominal time; kNoTime = was to run at once
  TimePoint enqueued_at;    // not in the encoding

  friend bool operator==(const TaskMessage&, const TaskMessage&) = default;
};

// The protobuf TaskMessage of Asynq, fields in ascending order, headers in key order. Seconds are rounded: timeout and
// retention up (a negative one down), so that they never become 0, points in time are floored. Invalid UTF-8 in a string
// field is replaced by U+FFFD, because a Go server cannot read such a message; of header keys that become equal the last
// one's value is kept.
std::string encode_message(const TaskMessage& message);

// Fields may come in any order, the last of a kind counts; unknown ones are skipped. A payload of no bytes is absent: the
// encoding cannot tell them apart. Text is taken as it stands, valid UTF-8 or not. Seconds that no TimePoint can hold
// become the nearest one.
// Errors: kCorrupt, with the offset. No input is undefined.
Result<TaskMessage> decode_message(std::string_view bytes);

}  // namespace windlass::core
