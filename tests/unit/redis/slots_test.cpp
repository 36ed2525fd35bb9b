#include "redis/slots.hpp"

#include <gtest/gtest.h>

#include "redis/resp.hpp"

namespace windlass::redis {
namespace {

Replies parse(std::string_view bytes) {
  Parser parser;
  Replies replies;
  EXPECT_EQ(parser.parse(bytes, replies), Parser::Outcome::kComplete);
  return replies;
}

TEST(Slots, TheCrcIsThatOfTheStandard) {
  EXPECT_EQ(crc16("123456789"), 0x31C3);
  EXPECT_EQ(crc16(""), 0);
}

TEST(Slots, AKeyIsInTheSlotThatRedisPutsItIn) {
  // From CLUSTER KEYSLOT of Redis 7.0.
  EXPECT_EQ(key_slot("foo"), 12182);
  EXPECT_EQ(key_slot("bar"), 5061);
  EXPECT_EQ(key_slot(""), 0);
}

TEST(Slots, OnlyWhatStandsInTheFirstBracesCounts) {
  EXPECT_EQ(key_slot("asynq:{mail}:pending"), key_slot("mail"));
  EXPECT_EQ(key_slot("asynq:{mail}:t:1"), key_slot("asynq:{mail}:active"));
  EXPECT_EQ(key_slot("{a}{b}"), key_slot("a"));
  EXPECT_EQ(key_slot("a{{b}}"), key_slot("{b"));
  EXPECT_EQ(key_slot("a{}b{c}"), crc16("a{}b{c}") % kSlots) << "empty braces: the whole key";
  EXPECT_EQ(key_slot("a{b"), crc16("a{b") % kSlots);
}

TEST(SlotMap, KnowsTheOwnersOfRanges) {
  const Replies replies = parse(
      "*3\r\n*4\r\n:0\r\n:5460\r\n*3\r\n$9\r\n127.0.0.1\r\n:7000\r\n$2\r\nid\r\n*3\r\n$9\r\n127.0.0.1\r\n:7003\r\n$2\r\nid\r\n"
      "*3\r\n:5461\r\n:10922\r\n*2\r\n$0\r\n\r\n:7001\r\n*3\r\n:10924\r\n:16383\r\n*2\r\n_\r\n:7002\r\n");
  const Result<SlotMap> map = SlotMap::parse(replies[0], Endpoint{"seed", 1, {}});
  ASSERT_TRUE(map.ok()) << map.error().message();
  EXPECT_EQ(map->owner(0)->address(), "127.0.0.1:7000");
  EXPECT_EQ(map->owner(5460)->address(), "127.0.0.1:7000");
  EXPECT_EQ(map->owner(5461)->address(), "seed:7001");
  EXPECT_EQ(map->owner(10923), nullptr);
  EXPECT_EQ(map->owner(16383)->address(), "seed:7002");
  EXPECT_EQ(map->masters().size(), 3u);
}

TEST(SlotMap, WhatIsNotASlotMapIsRefused) {
  for (const char* bytes : {"+OK\r\n", "*1\r\n+x\r\n", "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n+h\r\n:1\r\n", "*1\r\n*3\r\n:5\r\n:4\r\n*2\r\n+h\r\n:1\r\n",
                            "*1\r\n*3\r\n:-1\r\n:4\r\n*2\r\n+h\r\n:1\r\n", "*1\r\n*3\r\n:0\r\n:4\r\n*2\r\n+h\r\n:65536\r\n", "*1\r\n*3\r\n:0\r\n:4\r\n+h\r\n"}) {
    const Result<SlotMap> map = SlotMap::parse(parse(bytes)[0], Endpoint{"h", 1, {}});
    ASSERT_FALSE(map.ok()) << bytes;
    EXPECT_EQ(map.error().code(), ErrorCode::kCorrupt) << bytes;
  }
  EXPECT_EQ(SlotMap::parse(parse("*0\r\n")[0], Endpoint{}).error().code(), ErrorCode::kUnavailable);
}

TEST(Redirects, AreReadFromErrors) {
  const Endpoint asked{"seed", 1, {}};
  const Replies moved = parse("-MOVED 3999 127.0.0.1:6381\r\n");
  ASSERT_TRUE(parse_redirect(moved[0], "MOVED", asked));
  EXPECT_EQ(parse_redirect(moved[0], "MOVED", asked)->slot, 3999);
  EXPECT_EQ(parse_redirect(moved[0], "MOVED", asked)->to.address(), "127.0.0.1:6381");
  EXPECT_FALSE(parse_redirect(moved[0], "ASK", asked));
  EXPECT_EQ(parse_redirect(parse("-ASK 1 :6381\r\n")[0], "ASK", asked)->to.address(), "seed:6381");
  EXPECT_EQ(parse_redirect(parse("-ASK 1 ::1:6381\r\n")[0], "ASK", asked)->to.address(), "[::1]:6381");
  for (const char* bytes : {"-MOVED\r\n", "-MOVED 1\r\n", "-MOVED x h:1\r\n", "-MOVED 16384 h:1\r\n", "-MOVED 1 h:0\r\n", "-MOVED 1 h\r\n", "+MOVED 1 h:1\r\n"}) {
    EXPECT_FALSE(parse_redirect(parse(bytes)[0], "MOVED", asked)) << bytes;
  }
}

}  // namespace
}  // namespace windlass::redis
