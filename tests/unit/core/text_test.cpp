#include "core/text.hpp"

#include <gtest/gtest.h>

#include "unit/core/seed.hpp"

namespace windlass::core {
namespace {

using namespace std::string_literals;

// The UTF-8 of any number below 2^21, whether it is a character or not.
std::string raw_utf8(std::uint32_t code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

TEST(IsBlank, EmptyTextAndWhiteSpaceAreBlank) {
  EXPECT_TRUE(is_blank(""));
  EXPECT_TRUE(is_blank(" \t\r\n\v\f"));
  EXPECT_TRUE(is_blank("\u00A0\u3000 \u2028"));
}

TEST(IsBlank, OneVisibleCharacterAnywhereMakesTextNotBlank) {
  EXPECT_FALSE(is_blank("x"));
  EXPECT_FALSE(is_blank("   x"));
  EXPECT_FALSE(is_blank("x   "));
  EXPECT_FALSE(is_blank("\u3000\u00E9"));
  EXPECT_FALSE(is_blank("\0"s)) << "NUL is no white space";
  EXPECT_FALSE(is_blank("\u200B")) << "the zero-width space is not White_Space in Unicode";
}

TEST(IsBlank, BytesThatAreNotUtf8AreNotBlank) {
  EXPECT_FALSE(is_blank("\xA0"));
  EXPECT_FALSE(is_blank(" \xE3\x80"));
}

TEST(IsBlank, ExactlyTheTwentyFiveCharactersOfUnicodeAreWhiteSpace) {
  int found = 0;
  for (std::uint32_t code = 0; code < 0x110000; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    if (is_blank(raw_utf8(code))) ++found;
  }
  EXPECT_EQ(found, 25);
}

TEST(Utf8, EveryCharacterIsValidAndEverySurrogateIsNot) {
  for (std::uint32_t code = 0; code < 0x110000; ++code) {
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    ASSERT_EQ(is_valid_utf8(raw_utf8(code)), !surrogate) << code;
  }
}

TEST(Utf8, NumbersAboveTheLastCharacterAreInvalid) {
  EXPECT_TRUE(is_valid_utf8(raw_utf8(0x10FFFF)));
  for (const std::uint32_t code : {0x110000u, 0x110001u, 0x13FFFFu, 0x140000u, 0x1FFFFFu}) {
    EXPECT_FALSE(is_valid_utf8(raw_utf8(code))) << code;
  }
}

TEST(Utf8, OverlongFormsAreInvalid) {
  EXPECT_FALSE(is_valid_utf8("\xC0\x80"));
  EXPECT_FALSE(is_valid_utf8("\xC0\xAF"));
  EXPECT_FALSE(is_valid_utf8("\xC1\xBF"));
  EXPECT_FALSE(is_valid_utf8("\xE0\x80\xAF"));
  EXPECT_FALSE(is_valid_utf8("\xE0\x9F\xBF"));
  EXPECT_FALSE(is_valid_utf8("\xF0\x80\x80\xAF"));
  EXPECT_FALSE(is_valid_utf8("\xF0\x8F\xBF\xBF"));
}

TEST(Utf8, LoneAndMissingContinuationsAreInvalid) {
  EXPECT_FALSE(is_valid_utf8("\x80"));
  EXPECT_FALSE(is_valid_utf8("\xBF"));
  EXPECT_FALSE(is_valid_utf8("\xC3"));
  EXPECT_FALSE(is_valid_utf8("\xE2\x82"));
  EXPECT_FALSE(is_valid_utf8("\xF0\x9F\x92"));
  EXPECT_FALSE(is_valid_utf8("\xC3("));
  EXPECT_FALSE(is_valid_utf8("\xE2\x28\xA1"));
  EXPECT_FALSE(is_valid_utf8("\xF8\x88\x80\x80\x80")) << "five bytes";
  EXPECT_FALSE(is_valid_utf8("\xFE"));
  EXPECT_FALSE(is_valid_utf8("\xFF"));
}

TEST(Utf8, TheValidPrefixEndsAtTheFirstBadByteWhateverItsPlace) {
  for (std::size_t before = 0; before < 20; ++before) {
    const std::string text = std::string(before, 'a') + "\xFF" + "bcdefghijk";
    EXPECT_EQ(valid_utf8_prefix(text), before);
  }
  EXPECT_EQ(valid_utf8_prefix("\u00E9\u00E9\xE2\x82"), 4u);
  EXPECT_EQ(valid_utf8_prefix("all of it"), 9u);
  EXPECT_EQ(valid_utf8_prefix(""), 0u);
}

TEST(Utf8, ValidTextIsReturnedAsItIs) {
  for (const std::string& text : {""s, "abc"s, "a\0b"s, "\u00E9\u20AC\U0001F4A9 end"s})
    EXPECT_EQ(to_valid_utf8(text), text);
}

TEST(Utf8, EachBadByteBecomesOneReplacementAndGoodTextAroundItStays) {
  EXPECT_EQ(to_valid_utf8("\xFF"), "\uFFFD");
  EXPECT_EQ(to_valid_utf8("a\xFF"
                          "b"),
            "a\uFFFD"
            "b");
  EXPECT_EQ(to_valid_utf8("\u00E9\xC3"), "\u00E9\uFFFD");
  EXPECT_EQ(to_valid_utf8("\xE2\x82x"), "\uFFFD\uFFFDx");
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
}

TEST(Utf8, RandomBytesBecomeValidAndStaySoOnASecondPass) {
  const std::uint64_t seed = testing::random_seed();
  SCOPED_TRACE(testing::replay_hint(seed));
  base::Random random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random.below(40), '\0');
    for (char& c : bytes) c = static_cast<char>(random.below(3) == 0 ? random.below(128) : random.below(256));
    const std::string text = to_valid_utf8(bytes);
    ASSERT_TRUE(is_valid_utf8(text));
    ASSERT_EQ(to_valid_utf8(text), text);
    ASSERT_EQ(is_valid_utf8(bytes), text == bytes);
  }
}

}  // namespace
}  // namespace windlass::core
