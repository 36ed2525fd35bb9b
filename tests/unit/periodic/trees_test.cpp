// TOML, YAML and JSON say the same thing in three ways, and say where they are wrong.
#include "periodic/trees.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "support/seed.hpp"

namespace windlass::periodic {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string json(const Result<codec::Value>& tree) { return tree ? codec::write_json(*tree) : tree.error().message(); }

TEST(Trees, TomlBecomesATree) {
  EXPECT_EQ(
      json(parse_toml(
          "[[entry]]\ncron = \"@daily\"\nmax_retry = 3\nseconds = true\npayload = { a = 1.5, l = [1, \"x\"] }\n")),
      R"({"entry":[{"cron":"@daily","max_retry":3,"payload":{"a":1.5,"l":[1,"x"]},"seconds":true}]})");
  EXPECT_EQ(json(parse_toml("deadline = 2030-01-02T03:04:05Z\nday = 2030-01-02\n")),
            R"({"day":"2030-01-02","deadline":"2030-01-02T03:04:05Z"})");
}

TEST(Trees, YamlBecomesATree) {
  EXPECT_EQ(json(parse_yaml(
                "entry:\n- cron: '@daily'\n  max_retry: 3\n  seconds: true\n  payload: {a: 1.5, l: [1, x, '7', ~]}\n")),
            R"({"entry":[{"cron":"@daily","max_retry":3,"seconds":true,"payload":{"a":1.5,"l":[1,"x","7",null]}}]})");
  EXPECT_EQ(json(parse_yaml("country: no\nversion: \"1.0\"\n")), R"({"country":"no","version":"1.0"})");
}

TEST(Trees, ErrorsSayLineAndColumn) {
  EXPECT_THAT(json(parse_toml("a = 1\nb = = 2\n")), StartsWith("line 2, column "));
  EXPECT_THAT(json(parse_toml("[[entry]\n")), StartsWith("line 1, column "));
  EXPECT_THAT(json(parse_yaml("a: 1\nb: [1, 2\n")), StartsWith("line "));
  EXPECT_THAT(json(parse_yaml("a: b: c\n")), StartsWith("line 1, column "));
  EXPECT_THAT(json(parse_yaml("? [x]\n: 1\n")), HasSubstr("a key must be a text"));
}

TEST(Trees, GarbageIsAnError) {
  for (const char* text : {"][", "\x01", "a", "= 1", "\xff\xff", "[a", "a = [1", "a = \"x", "a = 1\na = 2"}) {
    EXPECT_FALSE(parse_toml(text).ok()) << text;
  }
  for (const char* text : {"][", "{a", "- [", "&a [*a]", "*b", "a: 'x", "!!binary |\n  - :\n ["}) {
    EXPECT_FALSE(parse_yaml(text).ok()) << text;
  }
  EXPECT_FALSE(parse_toml("a = " + std::string(5000, '[')).ok());
  EXPECT_FALSE(parse_yaml(std::string(5000, '[')).ok());
}

TEST(Trees, RandomTextsDoNoHarm) {
  const std::uint64_t seed = windlass::testing::test_seed();
  SCOPED_TRACE(windlass::testing::replay(seed));
  base::Random random(seed);
  const std::string alphabet = "[]{}=:,.\"'#-+&*!|>%@ \n\r\tab01e_\\\xc3\xa4\xff";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::uint64_t n = random.below(40); n > 0; --n) text += alphabet[random.below(alphabet.size())];
    static_cast<void>(parse_toml(text).ok());
    static_cast<void>(parse_yaml(text).ok());
  }
}

}  // namespace
}  // namespace windlass::periodic
