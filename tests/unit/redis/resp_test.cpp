// The RESP parser: each type, each way a message can be cut, each limit, and what is not RESP.
#include "redis/resp.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/seed.hpp"
#include "unit/redis/resp_text.hpp"

namespace windlass::redis {
namespace {

using testing::random_message;
using testing::show;

struct Vector {
  std::string bytes;
  std::string shown;
};

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all = {
      {"+OK\r\n", "+OK"},
      {"+\r\n", "+"},
      {"+a\rb\nc\r\n", "+a\rb\nc"},
      {"-ERR no\r\n", "-\"ERR no\""},
      {":0\r\n", "0"},
      {":+7\r\n", "7"},
      {":-9223372036854775808\r\n", "-9223372036854775808"},
      {":9223372036854775807\r\n", "9223372036854775807"},
      {"$0\r\n\r\n", "\"\""},
      {std::string("$5\r\na\r\nb\0\r\n", 11), "\"a\\x0d\\x0ab\\x00\""},
      {"$-1\r\n", "null"},
      {"*-1\r\n", "null"},
      {"_\r\n", "null"},
      {"#t\r\n", "#t"},
      {"#f\r\n", "#f"},
      {",1.5\r\n", ",1.500000"},
      {",-3\r\n", ",-3.000000"},
      {",1e3\r\n", ",1000.000000"},
      {",inf\r\n", ",inf"},
      {",-inf\r\n", ",-inf"},
      {"(3492890328409238509324850943850943825024385\r\n", "(3492890328409238509324850943850943825024385"},
      {"!5\r\nERR x\r\n", "-\"ERR x\""},
      {"=7\r\ntxt:abc\r\n", "=\"abc\""},
      {"=4\r\nmkd:\r\n", "=\"\""},
      {"*0\r\n", "[]"},
      {"*3\r\n:1\r\n$1\r\na\r\n*-1\r\n", "[1, \"a\", null]"},
      {"*2\r\n*1\r\n:1\r\n*2\r\n:2\r\n*0\r\n", "[[1], [2, []]]"},
      {"%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n_\r\n", "{+a, 1, +b, [null]}"},
      {"%0\r\n", "{}"},
      {"~2\r\n:1\r\n:2\r\n", "~[1, 2]"},
      {">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n", ">[+invalidate, [\"k\"]]"},
      {"|1\r\n+ttl\r\n:3600\r\n:5\r\n", "5"},
      {"|0\r\n:5\r\n", "5"},
      {"*2\r\n|1\r\n+a\r\n%1\r\n+x\r\n+y\r\n:1\r\n|1\r\n+b\r\n+c\r\n$2\r\nhi\r\n", "[1, \"hi\"]"},
  };
  return all;
}

// The one message in `bytes`, fed whole.
std::string parsed(std::string_view bytes, ParserLimits limits = {}) {
  Parser parser(limits);
  Replies replies;
  switch (parser.parse(bytes, replies)) {
    case Parser::Outcome::kNeedMore: return "needs more";
    case Parser::Outcome::kBroken: return "broken: " + parser.error();
    case Parser::Outcome::kComplete: break;
  }
  return show(replies[0]) + (bytes.empty() ? "" : " and more");
}

TEST(RespParser, ReadsEveryType) {
  for (const Vector& vector : vectors()) EXPECT_EQ(parsed(vector.bytes), vector.shown) << vector.bytes;
}

TEST(RespParser, ReadsEveryTypeCutAnywhere) {
  for (const Vector& vector : vectors()) {
    for (std::size_t cut = 1; cut < vector.bytes.size(); ++cut) {
      Parser parser;
      Replies replies;
      std::string_view first(vector.bytes.data(), cut);
      ASSERT_EQ(parser.parse(first, replies), Parser::Outcome::kNeedMore) << vector.bytes << " cut at " << cut;
      EXPECT_TRUE(first.empty());
      EXPECT_FALSE(parser.between_messages());
      std::string_view rest = std::string_view(vector.bytes).substr(cut);
      ASSERT_EQ(parser.parse(rest, replies), Parser::Outcome::kComplete) << vector.bytes << " cut at " << cut;
      EXPECT_EQ(show(replies[0]), vector.shown);
    }
  }
}

TEST(RespParser, ReadsAllTypesInOneStreamByteByByte) {
  std::string stream;
  for (const Vector& vector : vectors()) stream += vector.bytes;
  Parser parser;
  Replies replies;
  for (const char& byte : stream) {
    std::string_view one(&byte, 1);
    ASSERT_NE(parser.parse(one, replies), Parser::Outcome::kBroken) << parser.error();
  }
  ASSERT_EQ(replies.size(), vectors().size());
  for (std::size_t i = 0; i < replies.size(); ++i) EXPECT_EQ(show(replies[i]), vectors()[i].shown);
}

TEST(RespParser, LeavesTheBytesOfTheNextMessage) {
  Parser parser;
  Replies replies;
  std::string_view bytes = "+a\r\n+b\r\n";
  ASSERT_EQ(parser.parse(bytes, replies), Parser::Outcome::kComplete);
  EXPECT_EQ(bytes, "+b\r\n");
  EXPECT_TRUE(parser.between_messages());
}

TEST(RespParser, RandomMessagesReadTheSameInPiecesAndWhole) {
  const std::uint64_t seed = testing::test_seed();
  SCOPED_TRACE(testing::replay(seed));
  base::Random random(seed);
  for (int round = 0; round < 3000; ++round) {
    const std::string message = random_message(random, 4, false);
    const std::string whole = parsed(message);
    ASSERT_FALSE(whole.starts_with("broken")) << whole;
    Parser parser;
    Replies replies;
    std::string_view rest = message;
    while (!rest.empty()) {
      std::string_view piece = rest.substr(0, 1 + random.below(20));
      rest.remove_prefix(piece.size());
      const Parser::Outcome outcome = parser.parse(piece, replies);
      ASSERT_EQ(outcome, rest.empty() ? Parser::Outcome::kComplete : Parser::Outcome::kNeedMore) << message;
    }
    ASSERT_EQ(show(replies[0]), whole);
  }
}

TEST(RespParser, WhatIsNotRespIsAnErrorThatStays) {
  for (const char* bytes :
       {"\r\n", "x\r\n", "HTTP/1.1 400 Bad Request\r\n", ":\r\n", ":1a\r\n", ":+-1\r\n", ": 1\r\n", ":9223372036854775808\r\n",
        "$\r\n", "$-2\r\n", "$x\r\n", "$?\r\n", "$1\r\nabc\r\n", "$1\r\na\rx", "*-2\r\n", "*x\r\n", "*?\r\n", "%-1\r\n", "~-1\r\n",
        ">-1\r\n", "|-1\r\n", "#x\r\n", "#\r\n", ",x\r\n", ",infinity\r\n", ",\r\n", "(12a\r\n", "(\r\n", "_x\r\n", "!-1\r\n",
        "=-1\r\n", "=3\r\ntxt\r\n", "=4\r\ntxtx\r\n", "*1\r\nx\r\n", ".\r\n", ";4\r\n"}) {
    Parser parser;
    Replies replies;
    std::string_view rest = bytes;
    EXPECT_EQ(parser.parse(rest, replies), Parser::Outcome::kBroken) << bytes;
    EXPECT_NE(parser.error().find("not a Redis reply"), std::string::npos) << parser.error();
    std::string_view good = "+OK\r\n";
    EXPECT_EQ(parser.parse(good, replies), Parser::Outcome::kBroken) << bytes;
  }
}

TEST(RespParser, NestingHasALimit) {
  std::string deepest;
  for (std::size_t i = 0; i < Parser::kDepthMax; ++i) deepest += "*1\r\n";
  EXPECT_EQ(parsed(deepest + ":1\r\n").find("broken"), std::string::npos);
  EXPECT_NE(parsed("*1\r\n" + deepest + ":1\r\n").find("nested deeper"), std::string::npos);
}

TEST(RespParser, SizesHaveLimitsThatAnnouncedLengthsAlreadyMeet) {
  const ParserLimits limits{.bytes_max = 10, .nodes_max = 4};
  EXPECT_EQ(parsed("$10\r\n0123456789\r\n", limits), "\"0123456789\"");
  EXPECT_NE(parsed("$11\r\n", limits).find("larger than the limit"), std::string::npos);
  EXPECT_NE(parsed("*2\r\n$6\r\n012345\r\n$5\r\n", limits).find("larger than the limit"), std::string::npos);
  EXPECT_EQ(parsed("*3\r\n:1\r\n:2\r\n:3\r\n", limits), "[1, 2, 3]");
  EXPECT_NE(parsed("*5\r\n", limits).find("more elements"), std::string::npos);
  EXPECT_NE(parsed("*4\r\n:1\r\n:1\r\n:1\r\n:1\r\n", limits).find("more elements"), std::string::npos);
  EXPECT_NE(parsed("%3\r\n", limits).find("more elements"), std::string::npos);
  EXPECT_NE(parsed("%9223372036854775807\r\n").find("more elements"), std::string::npos);
  EXPECT_NE(parsed("$9223372036854775807\r\n").find("larger than the limit"), std::string::npos);
  EXPECT_NE(parsed("+" + std::string(Parser::kLineBytesMax + 1, 'x')).find("line is longer"), std::string::npos);
  EXPECT_NE(parsed("+" + std::string(Parser::kLineBytesMax + 1, 'x') + "\r\n").find("line is longer"), std::string::npos);
}

TEST(RespParser, ALimitIsOfOneMessageNotOfTheStream) {
  Parser parser(ParserLimits{.bytes_max = 4, .nodes_max = 2});
  Replies replies;
  for (int i = 0; i < 10; ++i) {
    std::string_view bytes = "$4\r\nabcd\r\n";
    ASSERT_EQ(parser.parse(bytes, replies), Parser::Outcome::kComplete) << parser.error();
  }
  EXPECT_EQ(replies.size(), 10u);
}

}  // namespace
}  // namespace windlass::redis
