#include "core/option_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.hpp"

namespace windlass::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

EnqueueOptions everything() {
  return EnqueueOptions()
      .queue("low \"x\" (y)")
      .max_retry(3)
      .task_id("id")
      .timeout(90s)
      .deadline(*parse_time("2023-11-14T22:13:20Z"))
      .unique(1h, "my\nkey")
      .process_at(*parse_time("2024-01-02T03:04:05Z"))
      .expires_in(5min)
      .retention(24h)
      .group("g")
      .header("k", "v\\1")
      .header("l", "\x01");
}

TEST(OptionText, IsThatOfAsynq) {
  EXPECT_THAT(format_options(everything()),
              ElementsAre("Queue(\"low \\\"x\\\" (y)\")", "MaxRetry(3)", "TaskID(\"id\")", "Timeout(1m30s)",
                          "Deadline(Tue Nov 14 22:13:20 UTC 2023)", "Unique(1h0m0s)", "UniqueKey(\"my\\nkey\")",
                          "ProcessAt(Tue Jan  2 03:04:05 UTC 2024)", "ExpiresIn(5m0s)", "Retention(24h0m0s)",
                          "Group(\"g\")", "Header([\"k\",\"v\\\\1\"])", "Header([\"l\",\"\\u0001\"])"));
  EXPECT_THAT(format_options(EnqueueOptions()), IsEmpty());
  EXPECT_THAT(format_options(EnqueueOptions().process_in(30s)), ElementsAre("ProcessIn(30s)"));
}

TEST(OptionText, ReadsBackWhatItWrote) {
  const auto texts = format_options(everything());
  EXPECT_EQ(format_options(parse_options(texts)), texts);
}

TEST(OptionText, PassesOverWhatItDoesNotUnderstand) {
  const std::vector<std::string> texts = {"",
                                          "Queue",
                                          "Queue()",
                                          "Queue(low)",
                                          "Queue(\"a",
                                          "Queue(\"a\"x)",
                                          "Nope(1)",
                                          "Timeout(often)",
                                          "Deadline(soon)",
                                          "MaxRetry(x)",
                                          "Header([\"a\"])",
                                          "(",
                                          "Header([\"a\",\"b\")",
                                          "Queue(\"\\u12\")",
                                          "Queue(\"\\",
                                          "Unique()",
                                          "UniqueKey(7)"};
  EXPECT_THAT(format_options(parse_options(texts)), IsEmpty());
}

}  // namespace
}  // namespace windlass::core
