// The body of a job, as go-queue writes and reads it.
#include "dq/body.hpp"

#include <gtest/gtest.h>

#include "core/md5.hpp"

namespace windlass::dq {
namespace {

using namespace std::chrono_literals;

TEST(DqBody, IsTheTimeInNanosecondsASlashAndTheBytes) {
  EXPECT_EQ(wrap_body(TimePoint(1700000000123456789ns), std::string_view("a/b\0c", 5)),
            std::string_view("1700000000123456789/a/b\0c", 25));
  EXPECT_EQ(wrap_body(TimePoint(1700000000123456789ns), ""), "1700000000123456789/");
}

TEST(DqBody, IsReadBack) {
  const auto parts = unwrap_body("1700000000123456789/a/b");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->at, TimePoint(1700000000123456789ns));
  EXPECT_EQ(parts->payload, "a/b");
  EXPECT_EQ(unwrap_body("5/")->payload, "");
  EXPECT_EQ(unwrap_body("+5/x")->at, TimePoint(5ns)) << "Go's ParseInt takes a plus";
  EXPECT_EQ(unwrap_body("-5/x")->at, TimePoint(-5ns));
}

TEST(DqBody, WhatHasNoNumberBeforeASlashInTheFirst21BytesIsNone) {
  EXPECT_TRUE(unwrap_body("00000000000000000001/x")) << "the slash is the 21st byte";
  for (const char* bad : {"", "/", "/x", "hello", "hello/x", "12 /x", "9223372036854775808/x",
                          "000000000000000000001/x", "1.5/x", "0x5/x", "+-5/x", "+/x", "-/x"}) {
    EXPECT_FALSE(unwrap_body(bad)) << bad;
  }
}

TEST(DqBody, ItsKeyIsTheMd5OfTheWholeBody) {
  EXPECT_EQ(core::md5_hex("1700000000123456789/hello"), "74d651153efba330e488a428d36c41da") << "compare with md5sum";
}

}  // namespace
}  // namespace windlass::dq
