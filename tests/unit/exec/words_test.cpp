#include "exec/words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass::exec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> split(std::string_view text) {
  const auto words = split_command(text);
  EXPECT_TRUE(words) << (words ? "" : words.error().message());
  return words.value_or({});
}

std::string refusal(std::string_view text) {
  const auto words = split_command(text);
  EXPECT_FALSE(words);
  return words ? "" : words.error().message();
}

TEST(SplitCommand, BlanksSeparateHoweverMany) {
  EXPECT_THAT(split("  convert -resize\t640 \n x.png "), ElementsAre("convert", "-resize", "640", "x.png"));
}

TEST(SplitCommand, QuotesKeepBlanksTogetherAndMayStandInsideAWord) {
  EXPECT_THAT(split(R"(sh -c "kill -SEGV $$")"), ElementsAre("sh", "-c", "kill -SEGV $$"));
  EXPECT_THAT(split(R"(a'b c'd"e f")"), ElementsAre("ab cde f"));
  EXPECT_THAT(split(R"(printf '' "")"), ElementsAre("printf", "", ""));
}

TEST(SplitCommand, OnlyDoubleQuotesKnowTheBackslash) {
  EXPECT_THAT(split(R"(echo "a\"b\\c\d")"), ElementsAre("echo", R"(a"b\c\d)"));
  EXPECT_THAT(split(R"(echo 'a\"b')"), ElementsAre("echo", R"(a\"b)"));
  EXPECT_THAT(split(R"(a\ b\'c)"), ElementsAre("a b'c"));
}

TEST(SplitCommand, NothingIsExpanded) {
  EXPECT_THAT(split("echo $HOME * ~ `id` | cat > x ; #y"),
              ElementsAre("echo", "$HOME", "*", "~", "`id`", "|", "cat", ">", "x", ";", "#y"));
}

TEST(SplitCommand, ErrorsNameThePlace) {
  EXPECT_THAT(refusal("echo 'abc"), HasSubstr("the quote ' is not closed; it was opened at character 6"));
  EXPECT_THAT(refusal("echo \"abc\\\""), HasSubstr("the quote \" is not closed; it was opened at character 6"));
  EXPECT_THAT(refusal("echo a\\"), HasSubstr("backslash with nothing behind it at character 7"));
  EXPECT_THAT(refusal(std::string("a\0b", 3)), HasSubstr("zero byte in the command at character 2"));
}

TEST(SplitCommand, AnEmptyCommandIsRefused) {
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  EXPECT_THAT(refusal(" \t"), HasSubstr("empty"));
  EXPECT_THAT(refusal("'' x"), HasSubstr("empty"));
}

TEST(ExecRule, TheFirstEqualsSignSeparates) {
  const auto rule = parse_exec_rule("email:=env A=1 send {id}");
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->pattern, "email:");
  EXPECT_THAT(rule->argv, ElementsAre("env", "A=1", "send", "{id}"));
}

TEST(ExecRule, WhatCannotBeARuleIsRefusedByName) {
  for (const char* bad : {"cat", "=cat", "  =cat", "hello=", "hello='x"}) {
    const auto rule = parse_exec_rule(bad);
    ASSERT_FALSE(rule) << bad;
    EXPECT_EQ(rule.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(rule.error().message(), HasSubstr(bad));
  }
}

}  // namespace
}  // namespace windlass::exec
