#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace windlass::base {
namespace {

TEST(Utf8, ReadsCharactersOfEveryLength) {
  EXPECT_EQ(decode_utf8("a").code, U'a');
  EXPECT_EQ(decode_utf8("\xC3\xBC").code, U'\u00FC');
  EXPECT_EQ(decode_utf8("\xE2\x82\xAC").code, U'\u20AC');
  EXPECT_EQ(decode_utf8("\xF0\x9F\x98\x80").code, U'\U0001F600');
  EXPECT_EQ(decode_utf8("\xF0\x9F\x98\x80 and more").length, 4U);
  EXPECT_EQ(decode_utf8(std::string_view("\0", 1)).length, 1U);
}

TEST(Utf8, TakesTheFirstAndLastCharacterOfEachLength) {
  EXPECT_EQ(decode_utf8("\xC2\x80").code, 0x80U);
  EXPECT_EQ(decode_utf8("\xDF\xBF").code, 0x7FFU);
  EXPECT_EQ(decode_utf8("\xE0\xA0\x80").code, 0x800U);
  EXPECT_EQ(decode_utf8("\xEF\xBF\xBF").code, 0xFFFFU);
  EXPECT_EQ(decode_utf8("\xF0\x90\x80\x80").code, 0x10000U);
  EXPECT_EQ(decode_utf8("\xF4\x8F\xBF\xBF").code, 0x10FFFFU);
}

TEST(Utf8, RefusesWhatIsNone) {
  for (const std::string_view bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC3(", "\xE2\x28\xA1"}) {
    EXPECT_EQ(decode_utf8(bad).length, 0U) << ::testing::PrintToString(bad);
  }
}

}  // namespace
}  // namespace windlass::base
