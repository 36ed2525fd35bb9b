#include "broker/sqlite/row_codec.hpp"

#include <array>
#include <limits>

#include <gtest/gtest.h>

#include "core/ids.hpp"

namespace windlass::broker {
namespace {

using sqlite::Value;

// The id, through a row and back.
class StoredIdTest : public ::testing::Test {
 protected:
  static constexpr std::array<std::string_view, 1> kTexts = {"SELECT ?1"};
  StoredIdTest() : db_(*sqlite::Connection::open(":memory:", false, kTexts)) {}

  std::string round_trip(const std::string& id) {
    const StoredId stored(id);
    auto row = db_->run(0, stored.value());
    return row.next() ? read_id(row, 0) : "(no row)";
  }
  std::unique_ptr<sqlite::Connection> db_;
};

TEST_F(StoredIdTest, EveryIdComesBackAsItWas) {
  for (const std::string& id :
       {core::new_uuid(TimePoint(std::chrono::hours(1))), std::string("my-1"), std::string("exactly16letters"),
        std::string("0193A5B0-0000-7000-8000-000000000000"),  // upper case is not canonical
        std::string("0193a5b0-0000-7000-8000-00000000000"), std::string("0193a5b000000-7000-8000-000000000000"),
        std::string("a\0b", 3), std::string("\xff\xfe")}) {
    EXPECT_EQ(round_trip(id), id);
  }
}

TEST(StoredId, OnlyCanonicalUuidsArePacked) {
  EXPECT_EQ(StoredId("0193a5b0-0000-7000-8000-000000000000").value().kind(), Value::Kind::kBlob);
  EXPECT_EQ(StoredId("0193A5B0-0000-7000-8000-000000000000").value().kind(), Value::Kind::kText);
  EXPECT_EQ(StoredId("exactly16letters").value().kind(), Value::Kind::kText);
}

TEST(IdPrefixRange, SpansTheUuidsThatBeginSo) {
  const IdPrefixRange odd = id_prefix_range("019");
  EXPECT_EQ(odd.uuid_from, std::string("\x01\x90", 2));
  EXPECT_EQ(odd.uuid_to, std::string("\x01\xa0", 2));
  const IdPrefixRange dashed = id_prefix_range("0193a5b0-0");
  EXPECT_EQ(dashed.uuid_from, std::string("\x01\x93\xa5\xb0\x00", 5));
  EXPECT_EQ(dashed.uuid_to, std::string("\x01\x93\xa5\xb0\x10", 5));
}

TEST(IdPrefixRange, OfTextThatNoUuidBeginsWithHasNoUuids) {
  EXPECT_EQ(id_prefix_range("my-").uuid_from, "");
  EXPECT_EQ(id_prefix_range("0193a5b00").uuid_from, "") << "a dash is due there";
  EXPECT_EQ(id_prefix_range("my-").text_to, "my.");
}

TEST(IdPrefixRange, AtTheEndOfAllIdsHasNoUpperEnd) {
  EXPECT_EQ(id_prefix_range("ff").uuid_to, "");
  EXPECT_EQ(id_prefix_range("\xff").text_to, "");
}

TEST(Record, NumbersAndTextsComeBack) {
  using Limits = std::numeric_limits<std::int64_t>;
  const std::int64_t numbers[] = {0, 1, -1, 63, 64, -65, 1'000'000'000'000, Limits::max(), Limits::min()};
  RecordWriter writer;
  for (const std::int64_t n : numbers) writer.number(n);
  const std::string bytes = writer.text("").text(std::string(300, 'x')).take();
  RecordReader reader(bytes);
  for (const std::int64_t n : numbers) EXPECT_EQ(reader.number(), n);
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(reader.text(), std::string(300, 'x'));
  EXPECT_TRUE(reader.at_end());
  EXPECT_TRUE(reader.ok());
}

TEST(Record, DamagedBytesReadAsNothingAndSaySo) {
  const std::string whole = RecordWriter().number(1'000'000).text("text").take();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    RecordReader reader(std::string_view(whole).substr(0, n));
    reader.number();
    reader.text();
    EXPECT_FALSE(reader.ok()) << n;
  }
  RecordReader endless(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12));
  EXPECT_EQ(endless.number(), 0);
  EXPECT_FALSE(endless.ok());
}

TEST(Headers, ComeBack) {
  const Headers headers = {{"", "empty key"}, {"k", ""}, {"traceparent", "00-1-2-01"}};
  EXPECT_EQ(decode_headers(encode_headers(headers)), headers);
  EXPECT_EQ(encode_headers({}), "");
}

TEST(DayOf, CountsUtcDaysAlsoBefore1970) {
  EXPECT_EQ(day_of(TimePoint(std::chrono::hours(0))), 0);
  EXPECT_EQ(day_of(TimePoint(std::chrono::hours(24))), 1);
  EXPECT_EQ(day_of(TimePoint(std::chrono::hours(-1))), -1);
}

}  // namespace
}  // namespace windlass::broker
