// The frames that a server and its handler children say to each other. Pure: bytes in, values out.
//
//   frame    = length (u32, of all that follows), type (u8), body
//   numbers are little-endian; text = length (u32), bytes
//
// A child has one control socket and a lane for each handler that it runs at a time:
//
//   lane     server: Task.  Child: any number of Progress, Result and Log, then Finished
//   control  server: Stop.  Child: Hello once it serves; Crash when a thread of it is about to end the process
//
// Both ends are the same program, started from the same file, so there is one version only; a child that meets another
// one says so and ends. To change a frame: change it here, and raise kFrameVersion.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <windlass/context.hpp>
#include <windlass/error.hpp>
#include <windlass/outcome.hpp>

namespace windlass::exec {

inline constexpr std::uint32_t kFrameVersion = 1;
// Longer frames are neither sent nor read. As much as Redis takes for one value.
inline constexpr std::size_t kFrameMax = 512u << 20;

struct HelloFrame {
  std::uint32_t version = kFrameVersion;
  friend bool operator==(const HelloFrame&, const HelloFrame&) = default;
};

struct TaskFrame {
  std::uint64_t serial = 0;  // of the run, never used again for this child
  std::string id, queue, type;
  Payload payload;
  Headers headers;
  std::int32_t retry_count = 0, max_retry = 0;
  TimePoint deadline, scheduled_at, enqueued_at, started_at;
  friend bool operator==(const TaskFrame&, const TaskFrame&) = default;
};

struct StopFrame {
  std::uint32_t lane = 0;
  std::uint64_t serial = 0;  // a run that is over is not meant
  StopReason reason = StopReason::kNone;
  friend bool operator==(const StopFrame&, const StopFrame&) = default;
};

struct ProgressFrame {
  Progress progress;
  friend bool operator==(const ProgressFrame&, const ProgressFrame&) = default;
};

struct ResultFrame {
  std::string bytes;
  friend bool operator==(const ResultFrame&, const ResultFrame&) = default;
};

struct LogFrame {
  LogLevel level = LogLevel::kInfo;
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;
  friend bool operator==(const LogFrame&, const LogFrame&) = default;
};

// How the handler ended, and what the child holds after it.
struct FinishedFrame {
  Outcome::Kind kind = Outcome::Kind::kDone;
  Failure failure;
  Duration delay{};
  std::uint64_t rss = 0;  // bytes; 0 = not looked at
  friend bool operator==(const FinishedFrame&, const FinishedFrame&) = default;
};

struct CrashFrame {
  std::int32_t lane = -1;    // whose thread it was; -1 = a thread that serves none
  std::int32_t signal = 0;   // 0 = exit() was called
  bool memory_full = false;  // no more memory could be had at that moment
  friend bool operator==(const CrashFrame&, const CrashFrame&) = default;
};

using Frame =
    std::variant<HelloFrame, TaskFrame, StopFrame, ProgressFrame, ResultFrame, LogFrame, FinishedFrame, CrashFrame>;

// As it goes over the wire. REQUIRES: it is not longer than kFrameMax; see encoded_size_max().
std::string encode_frame(const Frame& frame);
// What encode_frame() will not exceed; cheap.
std::size_t encoded_size_max(const Frame& frame);

// The same for a crash, into memory of the caller: async-signal-safe.
inline constexpr std::size_t kCrashFrameSize = 14;
std::array<char, kCrashFrameSize> encode_crash(const CrashFrame& crash) noexcept;

// Finds the frames in a stream that comes in pieces. Thread-compatible.
class FrameReader {
 public:
  // Where to put up to `size` bytes that come next, followed by added().
  char* room(std::size_t size);
  void added(std::size_t size);

  // The next whole frame; nothing if more bytes are needed. After an error the stream is worthless.
  // Errors: kCorrupt, saying what is wrong.
  Result<std::optional<Frame>> next();
  // How many bytes must come before next() can have something; at least 1.
  std::size_t wanted() const;

 private:
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of what was added and not yet read
};

}  // namespace windlass::exec
