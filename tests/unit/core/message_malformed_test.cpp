// decode_message on bytes that another program, another version or a broken disk may hand it.
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "core/message.hpp"
#include "unit/core/bytes.hpp"
#include "unit/core/seed.hpp"

namespace windlass::core {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::bytes_field;
using testing::number_field;
using testing::tag;
using testing::varint;

TaskMessage full() {
  TaskMessage m;
  m.type = "email:send";
  m.payload = "\0\xff{}"s;
  m.id = "some-id";
  m.queue = "low";
  m.max_retry = 300;
  m.retried = 2;
  m.error_msg = "boom";
  m.timeout = 1800s;
  m.deadline = TimePoint(1700000000s);
  m.unique_key = "asynq:{low}:unique:email:send:";
  m.last_failed_at = TimePoint(1700000001s);
  m.retention = 3600s;
  m.completed_at = TimePoint(1700000002s);
  m.group = "g1";
  m.headers = {{"a", "1"}, {"b", ""}};
  return m;
}

std::string entry(std::string_view key, std::string_view value) {
  return bytes_field(15, bytes_field(1, key) + bytes_field(2, value));
}

// The fields of full(), each encoded on its own.
std::vector<std::string> fields_of_full() {
  const TaskMessage m = full();
  return {bytes_field(1, m.type),
          bytes_field(2, m.payload.bytes()),
          bytes_field(3, m.id),
          bytes_field(4, m.queue),
          number_field(5, 300),
          number_field(6, 2),
          bytes_field(7, m.error_msg),
          number_field(8, 1800),
          number_field(9, 1700000000),
          bytes_field(10, m.unique_key),
          number_field(11, 1700000001),
          number_field(12, 3600),
          number_field(13, 1700000002),
          bytes_field(14, m.group),
          entry("a", "1"),
          entry("b", "")};
}

std::vector<std::string> unknown_fields() {
  return {number_field(16, 7),     number_field(536'870'911, std::numeric_limits<std::uint64_t>::max()),
          tag(17, 1) + "12345678", bytes_field(18, "unknown"),
          bytes_field(19, ""),     tag(20, 5) + "1234",
          number_field(19'500, 1)};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

TEST(DecodeMessage, HandMadeBytesEqualTheEncodersOwn) { EXPECT_EQ(joined(fields_of_full()), encode_message(full())); }

TEST(DecodeMessage, TakesFieldsInAnyOrder) {
  std::vector<std::string> fields = fields_of_full();
  const std::vector<std::string> reversed(fields.rbegin(), fields.rend());
  EXPECT_EQ(*decode_message(joined(reversed)), full());
  const std::uint64_t seed = testing::random_seed();
  SCOPED_TRACE(testing::replay_hint(seed));
  base::Random random(seed);
  for (int round = 0; round < 100; ++round) {
    for (std::size_t i = fields.size() - 1; i > 0; --i) std::swap(fields[i], fields[random.below(i + 1)]);
    ASSERT_EQ(*decode_message(joined(fields)), full());
  }
}

TEST(DecodeMessage, SkipsUnknownFieldsOfEachWireTypeWhereverTheyStand) {
  const std::vector<std::string> fields = fields_of_full();
  for (const std::string& unknown : unknown_fields()) {
    for (std::size_t place = 0; place <= fields.size(); ++place) {
      std::vector<std::string> mixed = fields;
      mixed.insert(mixed.begin() + static_cast<std::ptrdiff_t>(place), unknown);
      const Result<TaskMessage> m = decode_message(joined(mixed));
      ASSERT_TRUE(m) << m.error().message();
      ASSERT_EQ(*m, full());
    }
  }
}

TEST(DecodeMessage, SkipsKnownFieldsOfAnotherWireType) {
  std::string strange;
  for (std::uint64_t field = 1; field <= 15; ++field) {
    strange += tag(field, 1) + "12345678" + tag(field, 5) + "1234";
    const bool is_number = field == 5 || field == 6 || field == 8 || field == 9 || (field >= 11 && field <= 13);
    strange += is_number ? bytes_field(field, "text") : number_field(field, 99);
  }
  EXPECT_EQ(*decode_message(strange + encode_message(full()) + strange), full());
}

TEST(DecodeMessage, TheLastOfRepeatedFieldsCounts) {
  TaskMessage other = full();
  other.type = "other";
  other.payload = "other";
  other.max_retry = 1;
  other.deadline = TimePoint(1s);
  other.headers = {{"a", "2"}};
  const Result<TaskMessage> m = decode_message(encode_message(full()) + encode_message(other));
  ASSERT_TRUE(m);
  other.headers = {{"a", "2"}, {"b", ""}};  // entries add up, key by key
  EXPECT_EQ(*m, other);
}

TEST(DecodeMessage, ALaterZeroOrEmptyValueCountsToo) {
  const Result<TaskMessage> m =
      decode_message(encode_message(full()) + number_field(5, 0) + bytes_field(2, "") + bytes_field(7, ""));
  ASSERT_TRUE(m);
  EXPECT_EQ(m->max_retry, 0);
  EXPECT_FALSE(m->payload.present());
  EXPECT_EQ(m->error_msg, "");
}

TEST(DecodeMessage, ReadsHeaderEntriesInEveryForm) {
  const struct {
    std::string entry;
    Headers headers;
  } cases[] = {
      {"", {{"", ""}}},
      {bytes_field(1, "k"), {{"k", ""}}},
      {bytes_field(2, "v"), {{"", "v"}}},
      {bytes_field(2, "v") + bytes_field(1, "k"), {{"k", "v"}}},
      {bytes_field(1, "old") + bytes_field(1, "k") + bytes_field(2, "v"), {{"k", "v"}}},
      {number_field(3, 1) + bytes_field(1, "k") + bytes_field(9, "?") + tag(4, 5) + "1234", {{"k", ""}}},
      {number_field(1, 1) + tag(2, 1) + "12345678", {{"", ""}}},
  };
  for (const auto& c : cases) {
    const Result<TaskMessage> m = decode_message(bytes_field(15, c.entry));
    ASSERT_TRUE(m) << m.error().message();
    EXPECT_EQ(m->headers, c.headers);
  }
}

TEST(DecodeMessage, TruncatesWideNumbersOf32BitFieldsAsProtobufDoes) {
  const Result<TaskMessage> m = decode_message(number_field(5, 0x1'0000'0007) + number_field(6, 0xFFFF'FFFF));
  ASSERT_TRUE(m);
  EXPECT_EQ(m->max_retry, 7);
  EXPECT_EQ(m->retried, -1);
}

TEST(DecodeMessage, SecondsOutOfRangeBecomeTheEndsOfTheRange) {
  constexpr auto kMin = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::min());
  const Result<TaskMessage> m = decode_message(number_field(8, kMin) + number_field(9, ~kMin) + number_field(11, kMin) +
                                               number_field(12, ~kMin) + number_field(13, 9'223'372'037));
  ASSERT_TRUE(m);
  EXPECT_EQ(m->timeout, Duration::min());
  EXPECT_EQ(m->deadline, TimePoint::max());
  EXPECT_EQ(m->last_failed_at, TimePoint::min());
  EXPECT_EQ(m->retention, Duration::max());
  EXPECT_EQ(m->completed_at, TimePoint::max());
  EXPECT_TRUE(decode_message(encode_message(*m))) << "and can be written again";
}

TEST(DecodeMessage, AcceptsNumbersWrittenLongerThanNeeded) {
  EXPECT_EQ(decode_message(tag(5, 0) + "\x87\x80\x80\x80\x00"s)->max_retry, 7);
  EXPECT_EQ(decode_message("\x8A\x00\x01t"s)->type, "t");
}

TEST(DecodeMessage, TakesTextThatIsNotUtf8AsItStands) {
  const Result<TaskMessage> m = decode_message(bytes_field(3, "id\xFF") + entry("\xC3", "\x80"));
  ASSERT_TRUE(m);
  EXPECT_EQ(m->id, "id\xFF");
  EXPECT_EQ(m->headers, (Headers{{"\xC3", "\x80"}}));
}

// Cut at a border between fields, what remains is a message; cut anywhere else, it is an error at that field.
TEST(DecodeMessage, BytesCutOffAnywhereAreCorruptUnlessBetweenFields) {
  std::vector<std::string> fields = fields_of_full();
  for (const std::string& unknown : unknown_fields()) fields.push_back(unknown);
  const std::string bytes = joined(fields);
  std::size_t begin = 0;
  for (const std::string& field : fields) {
    EXPECT_TRUE(decode_message(bytes.substr(0, begin))) << begin;
    for (std::size_t length = begin + 1; length < begin + field.size(); ++length) {
      // A copy of just that size, so that a sanitizer sees the first byte read beyond it.
      const std::vector<char> exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
      const Result<TaskMessage> m = decode_message(std::string_view(exact.data(), exact.size()));
      ASSERT_FALSE(m) << length;
      EXPECT_EQ(m.error().code(), ErrorCode::kCorrupt);
      EXPECT_EQ(m.error().message(),
                "task message: the field at offset " + std::to_string(begin) + " is cut off or not protobuf");
    }
    begin += field.size();
  }
}

TEST(DecodeMessage, RefusesWhatIsNoProtobufAndNamesThePlace) {
  const struct {
    const char* what;
    std::string bytes;
    std::size_t offset;
  } cases[] = {
      {"field number 0", number_field(0, 1), 0},
      {"field number 0 behind a good field", bytes_field(1, "t") + number_field(0, 1), 3},
      {"start of a group", tag(16, 3), 0},
      {"end of a group", tag(16, 4), 0},
      {"wire type 6", tag(1, 6), 0},
      {"wire type 7", tag(1, 7), 0},
      {"field number over 2^29 - 1", varint(std::uint64_t{1} << 32 | 8) + "\x01", 0},
      {"number of eleven bytes", tag(5, 0) + std::string(10, '\x80') + "\x01", 0},
      {"number without an end", tag(5, 0) + std::string(20, '\xFF'), 0},
      {"length over the end", tag(1, 2) + varint(5) + "abcd", 0},
      {"length over 32 bits", tag(1, 2) + varint(0x1'0000'0001) + "a", 0},
      {"length of all ones", tag(1, 2) + varint(std::numeric_limits<std::uint64_t>::max()) + "a", 0},
      {"header entry cut off", bytes_field(15, bytes_field(1, "key").substr(0, 3)), 2},
      {"second field of a header entry", bytes_field(15, bytes_field(1, "k") + tag(2, 2) + varint(9) + "v"), 5},
      {"group in a header entry", bytes_field(15, tag(1, 3)), 2},
  };
  for (const auto& c : cases) {
    const Result<TaskMessage> m = decode_message(c.bytes);
    ASSERT_FALSE(m) << c.what;
    EXPECT_EQ(m.error().code(), ErrorCode::kCorrupt) << c.what;
    EXPECT_NE(m.error().message().find("offset " + std::to_string(c.offset) + " "), std::string::npos)
        << c.what << ": " << m.error().message();
  }
}

// Whatever is read can be written and read again: nothing is undefined for any bytes (run it under the sanitizers).
void read_if_it_can_be(const std::string& bytes) {
  const Result<TaskMessage> m = decode_message(bytes);
  if (!m) return;
  const Result<TaskMessage> again = decode_message(encode_message(*m));
  ASSERT_TRUE(again) << testing::to_hex(bytes);
  ASSERT_EQ(encode_message(*again), encode_message(*m)) << testing::to_hex(bytes);
}

TEST(DecodeMessage, SurvivesRandomBytes) {
  const std::uint64_t seed = testing::random_seed();
  SCOPED_TRACE(testing::replay_hint(seed));
  base::Random random(seed);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random.below(60), '\0');
    for (char& c : bytes) c = static_cast<char>(random.below(2) == 0 ? random.below(128) : random.below(256));
    read_if_it_can_be(bytes);
  }
}

TEST(DecodeMessage, SurvivesGoodBytesThatWereDamaged) {
  const std::uint64_t seed = testing::random_seed();
  SCOPED_TRACE(testing::replay_hint(seed));
  base::Random random(seed);
  const std::string good = encode_message(full()) + joined(unknown_fields());
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = good;
    for (std::uint64_t hits = 1 + random.below(3); hits > 0; --hits) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    if (random.below(4) == 0) bytes.erase(random.below(bytes.size()), 1 + random.below(5));
    read_if_it_can_be(bytes);
  }
}

}  // namespace
}  // namespace windlass::core
