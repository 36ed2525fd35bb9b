#include "http/listen.hpp"

#include <gtest/gtest.h>

namespace windlass::http {
namespace {

TEST(Listen, IsReadAndWrittenAlike) {
  for (const char* text : {"127.0.0.1:9464", "localhost:0", "[::1]:65535", ":80"}) {
    const auto listen = parse_listen(text);
    ASSERT_TRUE(listen) << text;
    EXPECT_EQ(format_listen(*listen), text);
  }
  EXPECT_EQ(*parse_listen("[::1]:80"), (Listen{"::1", 80}));
}

TEST(Listen, WhatIsNoneIsRefusedWithTheText) {
  for (const char* text : {"", "9464", "localhost", "localhost:", "localhost:65536", "localhost:-1", "localhost:80x", "::1:80", "[::1]",
                           "[a]:80", "http://localhost:80", "a b:80"}) {
    const auto listen = parse_listen(text);
    ASSERT_FALSE(listen) << text;
    EXPECT_EQ(listen.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_NE(listen.error().message().find("'" + std::string(text) + "'"), std::string::npos);
  }
}

}  // namespace
}  // namespace windlass::http
