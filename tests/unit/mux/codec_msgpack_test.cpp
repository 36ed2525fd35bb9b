// MessagePack to and from Value, against the bytes of the specification.
#include <windlass/codec.hpp>

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/mux/print_value.hpp"

namespace windlass::codec {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

std::string msgpack_error(std::string_view bytes) {
  const Result<Value> value = parse_msgpack(bytes);
  EXPECT_FALSE(value) << ::testing::PrintToString(bytes);
  if (value) return "";
  EXPECT_EQ(value.error().code(), ErrorCode::kCorrupt);
  return value.error().message();
}

// The value is written as these bytes, and these bytes are read as the value.
void expect_both_ways(const Value& value, const std::string& bytes) {
  EXPECT_EQ(write_msgpack(value), bytes);
  const Result<Value> back = parse_msgpack(bytes);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(*back, value);
}

void expect_reads(const std::string& bytes, const Value& value) {
  const Result<Value> got = parse_msgpack(bytes);
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(*got, value);
}

TEST(MsgPack, ConstantsAreOneByte) {
  expect_both_ways(Value(), "\xC0");
  expect_both_ways(false, "\xC2");
  expect_both_ways(true, "\xC3");
}

TEST(MsgPack, IntegersTakeTheFewestBytes) {
  expect_both_ways(0, "\x00"s);
  expect_both_ways(127, "\x7F");
  expect_both_ways(128, "\xCC\x80");
  expect_both_ways(255, "\xCC\xFF");
  expect_both_ways(256, "\xCD\x01\x00"s);
  expect_both_ways(65535, "\xCD\xFF\xFF");
  expect_both_ways(65536, "\xCE\x00\x01\x00\x00"s);
  expect_both_ways(4294967295U, "\xCE\xFF\xFF\xFF\xFF");
  expect_both_ways(4294967296, "\xCF\x00\x00\x00\x01\x00\x00\x00\x00"s);
  expect_both_ways(std::numeric_limits<std::uint64_t>::max(), "\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  expect_both_ways(-1, "\xFF");
  expect_both_ways(-32, "\xE0");
  expect_both_ways(-33, "\xD0\xDF");
  expect_both_ways(-128, "\xD0\x80");
  expect_both_ways(-129, "\xD1\xFF\x7F");
  expect_both_ways(-32768, "\xD1\x80\x00"s);
  expect_both_ways(-32769, "\xD2\xFF\xFF\x7F\xFF");
  expect_both_ways(std::numeric_limits<std::int32_t>::min(), "\xD2\x80\x00\x00\x00"s);
  expect_both_ways(-2147483649, "\xD3\xFF\xFF\xFF\xFF\x7F\xFF\xFF\xFF");
  expect_both_ways(std::numeric_limits<std::int64_t>::min(), "\xD3\x80\x00\x00\x00\x00\x00\x00\x00"s);
}

TEST(MsgPack, IntegersInWiderFormatsThanNeededAreTheSameIntegers) {
  expect_reads("\xCF\x00\x00\x00\x00\x00\x00\x00\x05"s, 5);
  expect_reads("\xD3\x00\x00\x00\x00\x00\x00\x00\x05"s, 5);
  expect_reads("\xD0\x05", 5);
  expect_reads("\xD1\xFF\xFF", -1);
}

TEST(MsgPack, NumbersAreFloat32WhereThatLosesNothing) {
  expect_both_ways(0.5, "\xCA\x3F\x00\x00\x00"s);
  expect_both_ways(0.1, "\xCB\x3F\xB9\x99\x99\x99\x99\x99\x9A");
  expect_both_ways(1e300, "\xCB\x7E\x37\xE4\x3C\x88\x00\x75\x9C"s);
  expect_reads("\xCB\x3F\xE0\x00\x00\x00\x00\x00\x00"s, 0.5);
  const Result<Value> nan = parse_msgpack(write_msgpack(std::nan("")));
  ASSERT_TRUE(nan);
  ASSERT_NE(nan->get_if<double>(), nullptr);
  EXPECT_TRUE(std::isnan(*nan->get_if<double>()));
  for (const double number : {HUGE_VAL, -HUGE_VAL, -0.0, 5e-324, std::numeric_limits<double>::max()}) {
    expect_reads(write_msgpack(number), number);
  }
}

// A head with a length, and so many bytes behind it.
std::string filled(const std::string& head, std::size_t size) { return head + std::string(size, 'x'); }

TEST(MsgPack, TextTakesTheShortestHead) {
  for (const auto& [size, head] : {std::pair{0, "\xA0"s},
                                   {31, "\xBF"s},
                                   {32, "\xD9\x20"s},
                                   {255, "\xD9\xFF"s},
                                   {256, "\xDA\x01\x00"s},
                                   {65535, "\xDA\xFF\xFF"s},
                                   {65536, "\xDB\x00\x01\x00\x00"s}}) {
    expect_both_ways(filled("", static_cast<std::size_t>(size)), filled(head, static_cast<std::size_t>(size)));
  }
}

TEST(MsgPack, BytesTakeTheShortestHead) {
  for (const auto& [size, head] : {std::pair{0, "\xC4\x00"s},
                                   {255, "\xC4\xFF"s},
                                   {256, "\xC5\x01\x00"s},
                                   {65535, "\xC5\xFF\xFF"s},
                                   {65536, "\xC6\x00\x01\x00\x00"s}}) {
    expect_both_ways(Bytes(filled("", static_cast<std::size_t>(size))), filled(head, static_cast<std::size_t>(size)));
  }
}

TEST(MsgPack, ExtensionsComeBackAsTheyWere) {
  for (const auto& [size, head] : {std::pair{0, "\xC7\x00"s},
                                   {1, "\xD4"s},
                                   {2, "\xD5"s},
                                   {3, "\xC7\x03"s},
                                   {4, "\xD6"s},
                                   {8, "\xD7"s},
                                   {16, "\xD8"s},
                                   {255, "\xC7\xFF"s},
                                   {256, "\xC8\x01\x00"s},
                                   {65536, "\xC9\x00\x01\x00\x00"s}}) {
    expect_both_ways(Extension(-1, filled("", static_cast<std::size_t>(size))),
                     filled(head + "\xFF", static_cast<std::size_t>(size)));
  }
}

TEST(MsgPack, ArraysAndMapsTakeTheShortestHead) {
  for (const auto& [count, array_head, map_head] : {std::tuple{0, "\x90"s, "\x80"s},
                                                    {15, "\x9F"s, "\x8F"s},
                                                    {16, "\xDC\x00\x10"s, "\xDE\x00\x10"s},
                                                    {65535, "\xDC\xFF\xFF"s, "\xDE\xFF\xFF"s},
                                                    {65536, "\xDD\x00\x01\x00\x00"s, "\xDF\x00\x01\x00\x00"s}}) {
    Value::Array items;
    Value::Object members;
    std::string item_bytes, member_bytes;
    for (int i = 0; i < count; ++i) {
      items.push_back(1);
      members.push_back({"k", Value()});
      item_bytes += "\x01";
      member_bytes += "\xA1k\xC0";
    }
    expect_both_ways(items, array_head + item_bytes);
    expect_both_ways(members, map_head + member_bytes);
  }
}

TEST(MsgPack, TextThatIsNotUtf8IsTakenAsItIs) {
  expect_both_ways("a\xFF",
                   "\xA2"
                   "a\xFF");
}

TEST(MsgPack, EveryPrefixOfAValueIsAnError) {
  const std::string bytes =
      write_msgpack(Value::Object{{"text", std::string(40, 'x')},
                                  {"list", Value::Array{1, -1000, 0.1, 70000, Bytes("b"), Extension(5, "abc")}},
                                  {"nil", Value()}});
  ASSERT_TRUE(parse_msgpack(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(msgpack_error(std::string_view(bytes).substr(0, size)), HasSubstr("ends in the middle of a value"))
        << size;
  }
}

TEST(MsgPack, RefusesBytesBehindTheValue) {
  EXPECT_EQ(msgpack_error("\x80\xC0\xC0"), "payload is not valid MessagePack: 2 bytes left over at byte 1");
}

TEST(MsgPack, RefusesTheByteThatIsNeverUsed) { EXPECT_THAT(msgpack_error("\x91\xC1"), HasSubstr("0xc1")); }

TEST(MsgPack, RefusesMapKeysThatAreNoText) {
  EXPECT_THAT(msgpack_error("\x81\x01\x02"), HasSubstr("a map key that is no string at byte 2"));
  EXPECT_THAT(msgpack_error("\x81\x90\x02"), HasSubstr("a map key that is no string"));
}

TEST(MsgPack, ReadsDownToTheDepthLimitAndNoDeeper) {
  const std::string deepest = std::string(kDepthMax - 1, '\x91') + "\x90";
  EXPECT_TRUE(parse_msgpack(deepest));
  EXPECT_THAT(msgpack_error("\x91" + deepest), HasSubstr("deeper than 64 levels"));
  EXPECT_THAT(msgpack_error(std::string(1 << 20, '\x91')), HasSubstr("deeper than 64 levels"));
  EXPECT_THAT(msgpack_error("\x91" + std::string(kDepthMax - 1, '\x91') + "\x80"), HasSubstr("deeper than 64 levels"));
}

// With the sizes believed, these few bytes would ask for gigabytes.
TEST(MsgPack, ALyingSizeIsRefusedBeforeAnythingIsAllocated) {
  for (const std::string& head : {"\xDD\xFF\xFF\xFF\xFF"s, "\xDF\xFF\xFF\xFF\xFF"s, "\xDB\xFF\xFF\xFF\xFF"s,
                                  "\xC6\xFF\xFF\xFF\xFF"s, "\xC9\xFF\xFF\xFF\xFF\x01"s, "\xDF\x80\x00\x00\x01"s}) {
    EXPECT_THAT(msgpack_error(head + "abc"), HasSubstr("ends in the middle of a value"));
  }
}

}  // namespace
}  // namespace windlass::codec
