// JSON to and from Value.
#include <windlass/codec.hpp>

#include <bit>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "support/seed.hpp"
#include "unit/mux/print_value.hpp"

namespace windlass::codec {
namespace {

using ::testing::HasSubstr;

Value json(std::string_view text) {
  const Result<Value> value = parse_json(text);
  EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().message());
  return value.value_or(Value());
}

std::string json_error(std::string_view text) {
  const Result<Value> value = parse_json(text);
  EXPECT_FALSE(value) << text;
  if (value) return "";
  EXPECT_EQ(value.error().code(), ErrorCode::kCorrupt);
  return value.error().message();
}

TEST(Json, ReadsEveryKindOfValue) {
  EXPECT_TRUE(json("null").is_null());
  EXPECT_EQ(json("true"), Value(true));
  EXPECT_EQ(json(R"("text")"), Value("text"));
  EXPECT_EQ(json(" [1, -2, 2.5, \"x\", [], {}] \n"),
            Value(Value::Array{1, -2, 2.5, "x", Value::Array{}, Value::Object{}}));
  EXPECT_EQ(json(R"({"a":{"b":[false]}})"), Value(Value::Object{{"a", Value::Object{{"b", Value::Array{false}}}}}));
}

TEST(Json, UnescapesText) {
  EXPECT_EQ(json(R"("\"\\\/\b\f\n\r\t\u00fc\u20ac\ud83d\ude00")"),
            Value("\"\\/\b\f\n\r\t\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80"));
  EXPECT_NE(json(R"({"\u0061\n":1})").find("a\n"), nullptr);
}

TEST(Json, IntegersKeepAll64Bits) {
  EXPECT_EQ(json("9223372036854775807"), Value(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(json("-9223372036854775808"), Value(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(json("18446744073709551615"), Value(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_EQ(json("18446744073709551616"), Value(0x1p64)) << "what is over 64 bits becomes a double";
  EXPECT_EQ(json("-9223372036854775809"), Value(-0x1p63));
  for (const Value& value : {json("9223372036854775807"), json("-9223372036854775808"), json("18446744073709551615")}) {
    EXPECT_EQ(json(write_json(value)), value);
  }
}

TEST(Json, DoublesComeBackToTheLastBit) {
  const std::uint64_t seed = testing::test_seed();
  SCOPED_TRACE(testing::replay(seed));
  base::Random random(seed);
  int count = 0;
  while (count < 20000) {
    const double number = std::bit_cast<double>(random.next());
    if (!std::isfinite(number)) continue;
    ++count;
    const Value back = json(write_json(number));
    ASSERT_NE(back.get_if<double>(), nullptr) << write_json(number);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(*back.get_if<double>()), std::bit_cast<std::uint64_t>(number))
        << write_json(number);
  }
}

TEST(Json, ANumberWithAFractionStaysADouble) {
  EXPECT_EQ(write_json(5.0), "5.0");
  EXPECT_EQ(json("5.0"), Value(5.0));
  EXPECT_NE(json("5.0"), json("5"));
  EXPECT_EQ(write_json(-0.0), "-0.0");
  EXPECT_EQ(json("1e3"), Value(1000.0));
  EXPECT_EQ(json("5e-324"), Value(5e-324));
  EXPECT_EQ(json("1e-400"), Value(0.0)) << "too small for a double: the nearest is 0";
}

TEST(Json, ANumberOverTheRangeOfDoublesIsAnError) { EXPECT_THAT(json_error("1e400"), HasSubstr("at byte")); }

TEST(Json, NumbersThatAreNotFiniteAreWrittenAsNull) {
  EXPECT_EQ(write_json(Value::Array{std::nan(""), HUGE_VAL, -HUGE_VAL}), "[null,null,null]");
}

TEST(Json, WritesWithoutSpaceAndInOrder) {
  EXPECT_EQ(write_json(Value::Object{{"b", Value::Array{1, "x", Value()}}, {"a", Value::Object{}}, {"c\"", true}}),
            R"({"b":[1,"x",null],"a":{},"c\"":true})");
  EXPECT_EQ(write_json(Bytes("foob")), R"("Zm9vYg==")");
  EXPECT_EQ(write_json(Extension(-1, "foo")), R"({"ext":-1,"data":"Zm9v"})");
}

TEST(Json, WhatIsNotUtf8IsReplacedInWriting) { EXPECT_EQ(json(write_json("a\xFF")), Value("a\xEF\xBF\xBD")); }

TEST(Json, OfAKeyThatComesTwiceTheLastOneCounts) {
  const Value value = json(R"({"a":1,"b":2,"a":3})");
  ASSERT_NE(value.find("a"), nullptr);
  EXPECT_EQ(*value.find("a"), Value(3));
  EXPECT_EQ(value.find("c"), nullptr);
  EXPECT_EQ(Value("text").find("a"), nullptr);
}

TEST(Json, RefusesWhatIsNone) {
  for (const char* bad :
       {"",        " ",         "{",           "[1,]",    "{\"a\":1,}", "{\"a\"}", "{a:1}",         "'x'",
        "nul",     "truefalse", "01",          "1.",      ".5",         "+1",      "NaN",           "Infinity",
        "\"\\x\"", "\"\t\"",    "\"\\ud800\"", "// c\n1", "[1 2]",      "\"open",  "\xEF\xBB\xBF{}"}) {
    EXPECT_THAT(json_error(bad), HasSubstr("payload is not valid JSON: ")) << bad;
  }
}

TEST(Json, RefusesTextThatIsNotUtf8) {
  json_error("\"\xFF\"");
  json_error("\"\xC3\"");
  json_error("{\"\xED\xA0\x80\":1}");
}

TEST(Json, SaysWhereTheFaultIs) { EXPECT_THAT(json_error(R"({"a":1,"b":?})"), HasSubstr("syntax error at byte 11")); }

TEST(Json, RefusesBytesBehindTheValue) {
  EXPECT_THAT(json_error("{} {}"), HasSubstr("more than one value at byte 3"));
  EXPECT_THAT(json_error(std::string_view("{}\0", 3)), HasSubstr("at byte 2"));
  EXPECT_THAT(json_error("1 x"), HasSubstr("at byte 2"));
}

TEST(Json, ReadsDownToTheDepthLimitAndNoDeeper) {
  const std::string open(kDepthMax, '['), close(kDepthMax, ']');
  json(open + close);
  json_error("[" + open + close + "]");
  EXPECT_EQ(json_error(std::string(1 << 20, '[')).substr(0, 26), "payload is not valid JSON:");
}

}  // namespace
}  // namespace windlass::codec
