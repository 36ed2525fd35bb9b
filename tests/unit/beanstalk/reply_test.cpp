// Replies in all shapes, in whatever pieces they come, and what is no reply.
#include "beanstalk/reply.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass::beanstalk {
namespace {

using ::testing::HasSubstr;
using Outcome = ReplyParser::Outcome;

// Fed so many bytes at a time; nothing if the bytes are no whole replies.
std::vector<Reply> parse(std::string_view bytes, std::size_t piece) {
  ReplyParser parser;
  std::vector<Reply> replies;
  Reply reply;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    std::string_view input = bytes.substr(at, piece);
    while (!input.empty()) {
      const Outcome outcome = parser.parse(input, reply);
      EXPECT_NE(outcome, Outcome::kBroken) << parser.error();
      if (outcome == Outcome::kBroken) return {};
      if (outcome == Outcome::kWhole) replies.push_back(reply);
    }
  }
  return replies;
}

TEST(BeanstalkReply, IsTheSameInWhateverPiecesItComes) {
  const std::string_view bytes =
      "INSERTED 12\r\nUSING mail\r\nRESERVED 7 6\r\na\r\nb\n\r\r\nOK 0\r\n\r\nFOUND 18446744073709551615 "
      "2\r\n\r\n\r\nKICKED\r\nKICKED 3\r\n"
      "BURIED\r\nBURIED 9\r\nWATCHING 1\r\nTIMED_OUT\r\nDEADLINE_SOON\r\nNOT_FOUND\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const std::vector<Reply> replies = parse(bytes, piece);
    ASSERT_EQ(replies.size(), 13u) << "in pieces of " << piece;
    EXPECT_EQ(replies[0].kind, ReplyKind::kInserted);
    EXPECT_EQ(replies[0].number, 12u);
    EXPECT_EQ(replies[1].body, "mail");
    EXPECT_EQ(replies[2].kind, ReplyKind::kReserved);
    EXPECT_EQ(replies[2].number, 7u);
    EXPECT_EQ(replies[2].body, "a\r\nb\n\r") << "a body may hold line ends";
    EXPECT_EQ(replies[3].kind, ReplyKind::kOk);
    EXPECT_EQ(replies[3].number, 0u);
    EXPECT_EQ(replies[3].body, "");
    EXPECT_EQ(replies[4].number, 18446744073709551615u);
    EXPECT_EQ(replies[4].body, "\r\n");
    EXPECT_EQ(replies[6].number, 3u);
    EXPECT_EQ(replies[8].number, 9u);
    EXPECT_EQ(replies[12].kind, ReplyKind::kNotFound);
  }
}

TEST(BeanstalkReply, TheLongestLineIsTheSameInWhateverPiecesItComes) {
  const std::string name(ReplyParser::kLineMax - std::string_view("USING ").size(), 't');
  const std::string line = "USING " + name + "\r\n";
  for (std::size_t piece = 1; piece <= line.size(); ++piece) {
    const std::vector<Reply> replies = parse(line, piece);
    ASSERT_EQ(replies.size(), 1u) << "in pieces of " << piece;
    EXPECT_EQ(replies[0].body, name);
  }
  ReplyParser parser;
  Reply reply;
  const std::string longer = "USING t" + name + "\r\n";
  std::string_view input = longer;
  EXPECT_EQ(parser.parse(input, reply), Outcome::kBroken);
}

TEST(BeanstalkReply, EveryKindIsReadByItsName) {
  for (int kind = 0; kind <= static_cast<int>(ReplyKind::kUnknownCommand); ++kind) {
    const auto expected = static_cast<ReplyKind>(kind);
    std::string line(reply_name(expected));
    switch (expected) {
      case ReplyKind::kInserted:
      case ReplyKind::kWatching: line += " 1"; break;
      case ReplyKind::kUsing: line += " tube"; break;
      case ReplyKind::kReserved:
      case ReplyKind::kFound: line += " 1 0\r\n"; break;
      case ReplyKind::kOk: line += " 0\r\n"; break;
      default: break;
    }
    const std::vector<Reply> replies = parse(line + "\r\n", 3);
    ASSERT_EQ(replies.size(), 1u) << line;
    EXPECT_EQ(replies[0].kind, expected);
  }
}

TEST(BeanstalkReply, WhatIsNoReplyIsRefusedAndStaysSo) {
  for (const std::string& bad :
       {std::string("HELLO\r\n"), std::string("INSERTED\r\n"), std::string("INSERTED x\r\n"),
        std::string("INSERTED 1 2\r\n"), std::string("INSERTED -1\r\n"),
        std::string("INSERTED 18446744073709551616\r\n"), std::string("DELETED 1\r\n"), std::string("USING \r\n"),
        std::string("DELETED\n"), std::string("\r\n"), std::string("OK 2\r\nabcd"),
        std::string("RESERVED 1 99999999999999\r\n"), std::string("deleted\r\n"), std::string("OK 1073741825\r\n"),
        "USING " + std::string(500, 'x')}) {
    ReplyParser parser;
    Reply reply;
    std::string_view input = bad;
    Outcome outcome = Outcome::kNeedMore;
    while (outcome == Outcome::kNeedMore && !input.empty()) outcome = parser.parse(input, reply);
    EXPECT_EQ(outcome, Outcome::kBroken) << bad;
    EXPECT_THAT(parser.error(), HasSubstr("not the protocol"));
    std::string_view good = "DELETED\r\n";
    EXPECT_EQ(parser.parse(good, reply), Outcome::kBroken) << "nobody knows where the next reply begins";
  }
}

TEST(BeanstalkReply, ErrorsSayWhatHappenedAndWhatToDo) {
  EXPECT_THAT(to_error(Verb::kPut, ReplyKind::kJobTooBig).message(), HasSubstr("-z"));
  EXPECT_EQ(to_error(Verb::kPut, ReplyKind::kJobTooBig).code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(to_error(Verb::kPut, ReplyKind::kDraining).code(), ErrorCode::kUnavailable);
  EXPECT_EQ(to_error(Verb::kDelete, ReplyKind::kNotFound).code(), ErrorCode::kTaskNotFound);
  EXPECT_THAT(to_error(Verb::kStatsTube, ReplyKind::kNotFound).message(), HasSubstr("no such tube"));
  EXPECT_EQ(to_error(Verb::kIgnore, ReplyKind::kNotIgnored).code(), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(to_error(Verb::kPut, ReplyKind::kBadFormat).message(),
            "put: BAD_FORMAT: the server did not understand what was sent");
}

TEST(BeanstalkReply, EachCommandHasItsReplies) {
  EXPECT_TRUE(fits(Verb::kPut, ReplyKind::kInserted));
  EXPECT_FALSE(fits(Verb::kDelete, ReplyKind::kInserted));
  EXPECT_TRUE(fits(Verb::kReserve, ReplyKind::kDeadlineSoon));
  EXPECT_FALSE(fits(Verb::kTouch, ReplyKind::kDeadlineSoon));
  EXPECT_TRUE(fits(Verb::kTouch, ReplyKind::kOutOfMemory)) << "the general errors come after anything";
}

}  // namespace
}  // namespace windlass::beanstalk
