// What beanstalkd takes as a tube name, an address, a number of seconds.
#include "beanstalk/names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass::beanstalk {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(BeanstalkNames, ATubeNameHasTheCharactersOfTheProtocol) {
  EXPECT_TRUE(check_tube_name("aZ09-+/;.$_()"));
  EXPECT_TRUE(check_tube_name(std::string(200, 'x')));
  EXPECT_THAT(check_tube_name(std::string(201, 'x')).error().message(), HasSubstr("201 bytes"));
  EXPECT_THAT(check_tube_name("").error().message(), HasSubstr("empty"));
  EXPECT_THAT(check_tube_name("-a").error().message(), HasSubstr("hyphen"));
  for (const char* bad : {"a b", "a\r\nput", "a:b", "a,b", "\xc3\xa4", "a\n"}) {
    EXPECT_EQ(check_tube_name(bad).error().code(), ErrorCode::kInvalidArgument) << bad;
  }
  EXPECT_FALSE(check_tube_name(std::string_view("a\0b", 3)));
}

TEST(BeanstalkNames, AnAddressIsHostAndPort) {
  EXPECT_EQ(parse_address("127.0.0.1:11300")->host, "127.0.0.1");
  EXPECT_EQ(parse_address("queue.example.org:1")->port, 1);
  EXPECT_EQ(parse_address("[::1]:11300")->host, "::1");
  for (const char* bad : {"", "host", "host:", ":11300", "host:0", "host:65536", "host:1x", "host:-1", "::1:11300",
                          "a/b:1", "a,b:1", "a b:1", "unix:/run/b.sock", "[]:1", "[::1:1"}) {
    EXPECT_FALSE(parse_address(bad)) << bad;
  }
}

TEST(BeanstalkNames, SecondsAreRoundedDown) {
  EXPECT_EQ(whole_seconds(1999999999ns), 1u);
  EXPECT_EQ(whole_seconds(-5s), 0u);
  EXPECT_EQ(whole_seconds(Duration::max()), 4294967295u);
}

}  // namespace
}  // namespace windlass::beanstalk
