#include "exec/frames.hpp"

#include <cstring>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass::exec {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::vector<Frame> all_frames() {
  TaskFrame task;
  task.serial = 7;
  task.id = "id";
  task.queue = std::string("a\0b", 3);
  task.type = "t";
  task.payload = Payload(std::string(100000, 'p'));
  task.headers = {{"k", "v"}, {"", "empty"}};
  task.retry_count = -1;
  task.max_retry = std::numeric_limits<std::int32_t>::max();
  task.deadline = TimePoint(Duration::max());
  task.started_at = TimePoint(-1ns);
  TaskFrame bare;
  FinishedFrame finished;
  finished.kind = Outcome::Kind::kSnooze;
  finished.failure = Failure(FailureKind::kMemory, "why");
  finished.failure.exit_code = -3;
  finished.failure.signal = 11;
  finished.failure.detail = "lines\n";
  finished.delay = 5s;
  finished.rss = ~std::uint64_t{0};
  return {HelloFrame{},
          task,
          bare,
          StopFrame{3, 9, StopReason::kShutdown},
          ProgressFrame{{99.5, "nearly"}},
          ResultFrame{std::string("\0\xff", 2)},
          LogFrame{LogLevel::kWarn, "said", {{"a", "1"}, {"a", "2"}}},
          finished,
          CrashFrame{-1, 6, true}};
}

// What the reader makes of the bytes when they come in pieces of this size.
std::vector<Frame> read_in_pieces(std::string_view bytes, std::size_t piece) {
  FrameReader reader;
  std::vector<Frame> frames;
  while (!bytes.empty()) {
    const std::size_t n = std::min(piece, bytes.size());
    std::memcpy(reader.room(n), bytes.data(), n);
    reader.added(n);
    bytes.remove_prefix(n);
    for (;;) {
      auto frame = reader.next();
      EXPECT_TRUE(frame) << frame.error().message();
      if (!frame || !*frame) break;
      frames.push_back(**frame);
    }
    EXPECT_GE(reader.wanted(), 1u);
  }
  return frames;
}

Error error_of(std::string_view bytes) {
  FrameReader reader;
  std::memcpy(reader.room(bytes.size()), bytes.data(), bytes.size());
  reader.added(bytes.size());
  const auto frame = reader.next();
  return frame ? Error(ErrorCode::kInternal, "no error") : frame.error();
}

TEST(Frames, ComeOutAsTheyWentInWhateverThePieces) {
  std::string bytes;
  for (const Frame& frame : all_frames()) bytes += encode_frame(frame);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, bytes.size()}) {
    EXPECT_EQ(read_in_pieces(bytes, piece), all_frames()) << piece;
  }
}

TEST(Frames, TheSizeIsNotUnderestimated) {
  for (const Frame& frame : all_frames())
    EXPECT_LE(encode_frame(frame).size(), encoded_size_max(frame)) << frame.index();
}

TEST(Frames, ACrashIsTheSameFromASignalHandler) {
  for (const CrashFrame& crash : {CrashFrame{-1, 11, false}, CrashFrame{63, 0, true}}) {
    const auto bytes = encode_crash(crash);
    EXPECT_EQ(encode_frame(crash), std::string(bytes.data(), bytes.size()));
  }
}

TEST(Frames, ATruncatedFrameIsAwaited) {
  for (const Frame& frame : all_frames()) {
    const std::string bytes = encode_frame(frame);
    FrameReader reader;
    std::memcpy(reader.room(bytes.size()), bytes.data(), bytes.size() - 1);
    reader.added(bytes.size() - 1);
    EXPECT_EQ(reader.next().value(), std::nullopt);
    EXPECT_EQ(reader.wanted(), 1u);
  }
}

TEST(Frames, ABodyThatIsTooShortOrTooLongIsMalformed) {
  for (const Frame& frame : all_frames()) {
    for (const int change : {-1, 1}) {
      std::string bytes = encode_frame(frame);
      bytes.resize(bytes.size() + static_cast<std::size_t>(change));
      const auto length = static_cast<std::uint32_t>(bytes.size() - 4);
      std::memcpy(bytes.data(), &length, 4);
      EXPECT_THAT(error_of(bytes).message(), HasSubstr("malformed")) << frame.index() << " " << change;
    }
  }
}

TEST(Frames, WhatIsNoFrameIsAnError) {
  EXPECT_EQ(error_of(std::string(4, '\0')).message(), "frame of 0 bytes");
  EXPECT_EQ(error_of("\xff\xff\xff\x7f").message(), "frame of 2147483647 bytes");
  EXPECT_EQ(error_of(std::string("\x01\0\0\0\x63", 5)).message(), "frame of unknown type 99");
  EXPECT_EQ(error_of(std::string("\x0e\0\0\0\x02"
                                 "\0\0\0\0"
                                 "\0\0\0\0\0\0\0\0"
                                 "\x09",
                                 18))
                .code(),
            ErrorCode::kCorrupt)
      << "no such reason";
}

}  // namespace
}  // namespace windlass::exec
