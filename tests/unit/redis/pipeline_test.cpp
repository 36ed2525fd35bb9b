#include "redis/pipeline.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "redis/script.hpp"

namespace windlass::redis {
namespace {

TEST(Pipeline, WritesCommandsAsArraysOfStrings) {
  Pipeline p;
  p.add("PING").add("SET", Key{"k"}, std::string_view("a\r\nb", 4), "EX", INT64_MIN);
  EXPECT_EQ(p.bytes(),
            "*1\r\n$4\r\nPING\r\n"
            "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n$2\r\nEX\r\n$20\r\n-9223372036854775808\r\n");
  ASSERT_EQ(p.size(), 2u);
  EXPECT_EQ(p.bytes().substr(p[0].begin, p[0].end - p[0].begin), "*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(p[1].begin, p[0].end);
  EXPECT_EQ(p[1].end, p.bytes().size());
}

TEST(Pipeline, TheFirstKeyOfACommandIsItsRoute) {
  Pipeline p;
  p.add("PING").add("SMOVE", Key{"from"}, Key{"to"}, "member").add("SET", Key{""}, "v");
  EXPECT_FALSE(p[0].has_key);
  EXPECT_EQ(p.key_of(1), "from");
  EXPECT_TRUE(p[2].has_key);
  EXPECT_EQ(p.key_of(2), "");
}

TEST(Pipeline, OnlyAPipelineWhoseCommandsAreAllIdempotentIsSo) {
  Pipeline p;
  p.add("GET", Key{"k"}).idempotent().idempotent();
  EXPECT_TRUE(p.all_idempotent());
  p.add("INCR", Key{"k"});
  EXPECT_FALSE(p.all_idempotent());
  p.clear();
  EXPECT_TRUE(p.empty());
  p.add("GET", Key{"k"}).idempotent();
  EXPECT_TRUE(p.all_idempotent());
}

TEST(Script, ItsHashIsTheSha1OfItsSource) {
  EXPECT_EQ(Script("return 1").sha1(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
}

TEST(Pipeline, AScriptRunsByItsHashAndIsSentAgainWithItsSource) {
  const Script script("return 1");
  Pipeline p;
  p.eval(script, 2, 1).key("k1").key("k2").arg(7);
  EXPECT_EQ(p.bytes(), "*6\r\n$7\r\nEVALSHA\r\n$40\r\n" + script.sha1() + "\r\n$1\r\n2\r\n$2\r\nk1\r\n$2\r\nk2\r\n$1\r\n7\r\n");
  EXPECT_EQ(p.key_of(0), "k1");

  Pipeline again;
  again.add("PING").append_with_source(p, 0).idempotent();
  EXPECT_EQ(again.bytes(),
            "*1\r\n$4\r\nPING\r\n*6\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n2\r\n$2\r\nk1\r\n$2\r\nk2\r\n$1\r\n7\r\n");
  EXPECT_EQ(again.key_of(1), "k1");
  EXPECT_EQ(again[1].begin, again[0].end);
}

TEST(Pipeline, ACommandIsCopiedWithWhatIsKnownOfIt) {
  Pipeline from;
  from.add("PING").add("GET", Key{"key"}).idempotent();
  Pipeline to;
  to.append(from, 1);
  EXPECT_EQ(to.bytes(), "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n");
  EXPECT_EQ(to.key_of(0), "key");
  EXPECT_TRUE(to.all_idempotent());
}

}  // namespace
}  // namespace windlass::redis
