#include "redis/error_reply.hpp"

#include <gtest/gtest.h>

#include <string>

#include "redis/resp.hpp"

namespace windlass::redis {
namespace {

Error error_of(const std::string& line) {
  Parser parser;
  Replies replies;
  const std::string bytes = "-" + line + "\r\n";
  std::string_view rest = bytes;
  EXPECT_EQ(parser.parse(rest, replies), Parser::Outcome::kComplete);
  return to_error(replies[0]);
}

TEST(ErrorReply, TheCodeSaysWhatTheCallerCanDo) {
  EXPECT_EQ(error_of("NOAUTH Authentication required.").code(), ErrorCode::kPermissionDenied);
  EXPECT_EQ(error_of("WRONGPASS invalid username-password pair").code(), ErrorCode::kPermissionDenied);
  EXPECT_EQ(error_of("NOPERM this user has no permissions").code(), ErrorCode::kPermissionDenied);
  EXPECT_EQ(error_of("ERR The user executing the script can't run this command or subcommand").code(), ErrorCode::kPermissionDenied);
  EXPECT_EQ(error_of("LOADING Redis is loading the dataset in memory").code(), ErrorCode::kUnavailable);
  EXPECT_EQ(error_of("READONLY You can't write against a read only replica.").code(), ErrorCode::kUnavailable);
  EXPECT_EQ(error_of("OOM command not allowed").code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(error_of("WRONGTYPE Operation against a key").code(), ErrorCode::kCorrupt);
  EXPECT_EQ(error_of("ERR unknown command 'HELLO'").code(), ErrorCode::kUnsupported);
  EXPECT_EQ(error_of("ERR DB index is out of range").code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of("ERR something new").code(), ErrorCode::kInternal);
  EXPECT_EQ(error_of("ERR something new").message(), "ERR something new");
}

TEST(ErrorReply, ACodeIsAWholeWord) {
  EXPECT_TRUE(has_code("ASK 1 a:1", "ASK"));
  EXPECT_TRUE(has_code("NOSCRIPT", "NOSCRIPT"));
  EXPECT_FALSE(has_code("ASKED for", "ASK"));
}

}  // namespace
}  // namespace windlass::redis
