#include "redis/reply.hpp"

#include <gtest/gtest.h>

#include "redis/resp.hpp"
#include "unit/redis/resp_text.hpp"

namespace windlass::redis {
namespace {

using testing::show;

Replies parse_all(std::string_view bytes) {
  Parser parser;
  Replies replies;
  while (!bytes.empty()) {
    if (parser.parse(bytes, replies) != Parser::Outcome::kComplete) ADD_FAILURE() << "not whole messages";
  }
  return replies;
}

TEST(Replies, ElementsAreFoundInFlatAndInNestedArrays) {
  const Replies replies = parse_all("*3\r\n:1\r\n:2\r\n:3\r\n*3\r\n*2\r\n:1\r\n:2\r\n:3\r\n*0\r\n+end\r\n");
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_EQ(show(replies[0][2]), "3");
  EXPECT_EQ(show(replies[1][0]), "[1, 2]");
  EXPECT_EQ(show(replies[1][1]), "3");
  EXPECT_EQ(show(replies[1][2]), "[]");
  EXPECT_EQ(show(replies[2]), "+end");
}

TEST(Replies, NumbersReadTheSameFromTextAndFromNumberTypes) {
  const Replies replies = parse_all(":42\r\n$2\r\n42\r\n+42\r\n#t\r\n$3\r\n4.5\r\n,4.5\r\n$2\r\n4x\r\n-42\r\n_\r\n");
  EXPECT_EQ(replies[0].integer(), 42);
  EXPECT_EQ(replies[1].integer(), 42);
  EXPECT_EQ(replies[2].integer(), 42);
  EXPECT_EQ(replies[3].integer(), 1);
  EXPECT_EQ(replies[4].integer(), std::nullopt);
  EXPECT_EQ(replies[4].real(), 4.5);
  EXPECT_EQ(replies[5].real(), 4.5);
  EXPECT_EQ(replies[6].integer(), std::nullopt);
  EXPECT_EQ(replies[7].integer(), std::nullopt) << "an error is not a number";
  EXPECT_EQ(replies[8].integer(), std::nullopt);
}

TEST(Replies, AFieldIsFoundInAMapAndInAnArrayOfPairs) {
  const Replies replies = parse_all("%2\r\n+a\r\n*1\r\n:1\r\n+b\r\n:2\r\n*4\r\n+a\r\n*1\r\n:1\r\n+b\r\n:2\r\n*1\r\n+a\r\n");
  EXPECT_EQ(*replies[0].find("b")->integer(), 2);
  EXPECT_EQ(*replies[1].find("b")->integer(), 2);
  EXPECT_EQ(show(*replies[1].find("a")), "[1]");
  EXPECT_FALSE(replies[0].find("c").has_value());
  EXPECT_FALSE(replies[2].find("a").has_value()) << "a key without a value";
}

TEST(Replies, AnEmptyValueHasNoChildren) {
  const Replies replies = parse_all("*0\r\n+x\r\n");
  for (const Value child : replies[0]) ADD_FAILURE() << show(child);
  for (const Value child : replies[1]) ADD_FAILURE() << show(child);
  EXPECT_EQ(replies[1].size(), 0u);
}

TEST(Replies, OneReplyIsReplacedAndTheOthersStay) {
  Replies replies = parse_all("+a\r\n-NOSCRIPT no\r\n*1\r\n+c\r\n");
  const Replies other = parse_all("*2\r\n$1\r\nx\r\n*1\r\n$300\r\n" + std::string(300, 'y') + "\r\n");
  replies.replace(1, other[0]);
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_EQ(show(replies[0]), "+a");
  EXPECT_EQ(show(replies[1]), show(other[0]));
  EXPECT_EQ(show(replies[2]), "[+c]");
  replies.append(other[0][0]);
  ASSERT_EQ(replies.size(), 4u);
  EXPECT_EQ(show(replies[3]), "\"x\"");
}

}  // namespace
}  // namespace windlass::redis
