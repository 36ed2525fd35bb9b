#include "broker/open.hpp"

#include <gtest/gtest.h>

namespace windlass::broker {
namespace {

ErrorCode code_of(std::string_view url) {
  const auto opened = open_broker(url);
  return opened ? ErrorCode::kInternal : opened.error().code();
}

TEST(OpenUrl, OpensMemory) {
  const auto opened = open_broker("memory:");
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->describe()->front().second, "memory");
}

TEST(OpenUrl, AnUnknownSchemeIsNamedWithWhatIsAllowed) {
  const auto opened = open_broker("amqp://host");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(opened.error().message().find("'amqp'"), std::string::npos) << opened.error().message();
  EXPECT_NE(opened.error().message().find("sqlite:PATH"), std::string::npos) << opened.error().message();
}

TEST(OpenUrl, BadOptionsAreRefusedBeforeAFileIsMade) {
  EXPECT_EQ(code_of("sqlite:/nowhere/x.db?durability=most"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of("sqlite:/nowhere/x.db?payload_max=many"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of("sqlite:/nowhere/x.db?payload_max=0"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of("sqlite:/nowhere/x.db?colour=red"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of("sqlite:"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of("memory:name"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(""), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of("plain/path.db"), ErrorCode::kInvalidArgument);
}

TEST(RedactUrl, HidesAPasswordAndNothingElse) {
  EXPECT_EQ(redact_url("redis://me:secret@host:6379/2?x=1"), "redis://me:***@host:6379/2?x=1");
  EXPECT_EQ(redact_url("redis://:secret@host"), "redis://:***@host");
  EXPECT_EQ(redact_url("redis://:p@ss@host"), "redis://:***@host");
  EXPECT_EQ(redact_url("redis://host:6379/2"), "redis://host:6379/2");
  EXPECT_EQ(redact_url("redis://me@host"), "redis://me@host");
  EXPECT_EQ(redact_url("sqlite:/a:b@c.db"), "sqlite:/a:b@c.db");
}

}  // namespace
}  // namespace windlass::broker
