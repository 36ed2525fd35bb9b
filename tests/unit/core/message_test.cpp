// encode_message and decode_message on messages that are well formed: the bytes of Asynq, both ways.
#include "core/message.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "core/text.hpp"
#include "unit/core/bytes.hpp"
#include "unit/core/seed.hpp"

namespace windlass::core {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::from_hex;
using testing::to_hex;

TimePoint at(std::int64_t seconds) { return TimePoint(std::chrono::seconds(seconds)); }

TaskMessage small() {
  TaskMessage m;
  m.type = "t";
  m.id = "x";
  m.queue = "q";
  return m;
}

struct Vector {
  const char* name;
  TaskMessage message;
  std::string hex;
};

TaskMessage vector_a() {
  TaskMessage m;
  m.type = "email:send";
  m.payload = R"({"u":1})";
  m.id = "11111111-2222-4333-8444-555555555555";
  m.queue = "default";
  m.max_retry = 25;
  m.timeout = 1800s;
  return m;
}

constexpr const char* kHexOfA =
    "0a0a656d61696c3a73656e6412077b2275223a317d1a2431313131313131312d323232322d"
    "343333332d383434342d353535353535353535353535220764656661756c74281940880e";

std::vector<Vector> vectors() {
  std::vector<Vector> all;
  all.push_back({"A", vector_a(), kHexOfA});
  TaskMessage b = vector_a();
  b.headers = {{"k", ""}, {"trace", "abc"}};
  all.push_back({"B", b, kHexOfA + "7a050a016b12007a0c0a0574726163651203616263"s});
  TaskMessage c = small();
  c.max_retry = 0;
  c.deadline = at(1700000000);
  c.unique_key = "asynq:{q}:unique:t:d41d8cd98f00b204e9800998ecf8427e";
  c.retention = 3600s;
  c.group = "g1";
  all.push_back({"C", c,
                 "0a01741a01782201714880e2cfaa0652336173796e713a7b717d3a756e697175653a743a643431643863643938663030"
                 "623230346539383030393938656366383432376560901c72026731"});
  TaskMessage d = small();
  d.payload = "\0\xff"s;
  d.max_retry = 3;
  d.retried = 1;
  d.error_msg = "boom";
  d.timeout = 60s;
  d.last_failed_at = at(1700000001);
  d.completed_at = at(1700000002);
  all.push_back({"D", d, "0a0174120200ff1a0178220171280330013a04626f6f6d403c5881e2cfaa066882e2cfaa06"});
  TaskMessage e = small();
  e.timeout = -1s;
  all.push_back({"E", e, "0a01741a0178220171281940ffffffffffffffffff01"});
  return all;
}

TEST(EncodeMessage, GivesTheBytesOfAsynq) {
  for (const Vector& v : vectors()) EXPECT_EQ(to_hex(encode_message(v.message)), v.hex) << v.name;
}

TEST(DecodeMessage, ReadsTheBytesOfAsynq) {
  for (const Vector& v : vectors()) {
    const Result<TaskMessage> m = decode_message(from_hex(v.hex));
    ASSERT_TRUE(m) << v.name << ": " << m.error().message();
    EXPECT_EQ(*m, v.message) << v.name;
  }
}

TEST(EncodeMessage, LeavesOutEveryFieldThatIsZero) {
  TaskMessage m;
  m.max_retry = 0;
  EXPECT_EQ(encode_message(m), "");
  m.payload = "";
  EXPECT_EQ(encode_message(m), "") << "an empty payload and none are the same on the wire";
}

TEST(DecodeMessage, AbsentFieldsAreZeroAndTheRetriesTooHaveNoOtherDefault) {
  const Result<TaskMessage> m = decode_message("");
  ASSERT_TRUE(m);
  TaskMessage zero;
  zero.max_retry = 0;
  EXPECT_EQ(*m, zero);
  EXPECT_FALSE(m->payload.present());
}

TEST(DecodeMessage, APayloadOfNoBytesIsAbsent) {
  const Result<TaskMessage> m = decode_message(from_hex("1200"));
  ASSERT_TRUE(m);
  EXPECT_FALSE(m->payload.present());
}

TEST(EncodeMessage, WritesAnEmptyHeaderKeyAndValueInFull) {
  TaskMessage m;
  m.max_retry = 0;
  m.headers = {{"", ""}};
  EXPECT_EQ(to_hex(encode_message(m)), "7a040a001200");
  m.headers = {{"", "v"}};
  EXPECT_EQ(to_hex(encode_message(m)), "7a050a00120176");
  EXPECT_EQ(decode_message(encode_message(m))->headers, m.headers);
}

TEST(EncodeMessage, WritesHeadersInTheOrderOfTheirKeys) {
  TaskMessage m;
  m.max_retry = 0;
  m.headers = {{"b", "2"}, {"", "0"}, {"a", "1"}};
  EXPECT_EQ(to_hex(encode_message(m)),
            "7a050a00120130"
            "7a060a0161120131"
            "7a060a0162120132");
}

TEST(EncodeMessage, LongHeadersGetALengthOfMoreThanOneByte) {
  TaskMessage m;
  m.headers = {{std::string(100, 'k'), std::string(100'000, 'v')}, {"k", std::string(120, 'v')}};
  EXPECT_EQ(decode_message(encode_message(m))->headers, m.headers);
}

TEST(EncodeMessage, RoundsLengthsAwayFromZero) {
  const struct {
    Duration exact;
    std::int64_t seconds;
  } cases[] = {{1ns, 1},
               {500ms, 1},
               {1s, 1},
               {1s + 1ns, 2},
               {59'990ms, 60},
               {-1ns, -1},
               {-500ms, -1},
               {-1s, -1},
               {-1500ms, -2},
               {0s, 0},
               {Duration::max(), 9223372037}};
  for (const auto& c : cases) {
    TaskMessage m;
    m.timeout = c.exact;
    m.retention = c.exact;
    const Result<TaskMessage> back = decode_message(encode_message(m));
    ASSERT_TRUE(back);
    const Duration expected = c.exact == Duration::max() ? Duration::max() : Duration(std::chrono::seconds(c.seconds));
    EXPECT_EQ(back->timeout, expected) << c.exact.count();
    EXPECT_EQ(back->retention, expected) << c.exact.count();
  }
}

TEST(EncodeMessage, FloorsPointsInTime) {
  const struct {
    TimePoint exact, seconds;
  } cases[] = {{at(100) + 999ms, at(100)}, {at(100), at(100)}, {at(-100) + 1ms, at(-100)}, {at(-100) - 1ms, at(-101)}};
  for (const auto& c : cases) {
    TaskMessage m;
    m.deadline = m.last_failed_at = m.completed_at = c.exact;
    const Result<TaskMessage> back = decode_message(encode_message(m));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->deadline, c.seconds);
    EXPECT_EQ(back->last_failed_at, c.seconds);
    EXPECT_EQ(back->completed_at, c.seconds);
  }
}

TEST(EncodeMessage, LeavesOutWhatTheEncodingHasNoPlaceFor) {
  TaskMessage m = vector_a();
  m.expires_at = m.scheduled_at = m.enqueued_at = at(1700000000);
  EXPECT_EQ(encode_message(m), encode_message(vector_a()));
}

TEST(EncodeMessage, ReplacesInvalidUtf8InEveryTextButNotInThePayload) {
  TaskMessage m;
  m.type = m.id = m.queue = m.error_msg = m.unique_key = m.group = "a\xFFz";
  m.headers = {{"k\xC3", "v\x80"}};
  m.payload = "p\xFF";
  const Result<TaskMessage> back = decode_message(encode_message(m));
  ASSERT_TRUE(back);
  for (const std::string& text : {back->type, back->id, back->queue, back->error_msg, back->unique_key, back->group}) {
    EXPECT_EQ(text, "a\uFFFDz");
  }
  EXPECT_EQ(back->headers, (Headers{{"k\uFFFD", "v\uFFFD"}}));
  EXPECT_EQ(back->payload.bytes(), "p\xFF");
}

TEST(EncodeMessage, HeaderKeysThatBecomeEqualAreWrittenOnceAndInOrder) {
  TaskMessage m;
  m.max_retry = 0;
  m.headers = {{"\x80", "first"}, {"\xC3", "last"}, {"\uFFFE", "valid, behind U+FFFD"}, {"a", "valid, before it"}};
  TaskMessage clean = m;
  clean.headers = {{"a", "valid, before it"}, {"\uFFFD", "last"}, {"\uFFFE", "valid, behind U+FFFD"}};
  EXPECT_EQ(to_hex(encode_message(m)), to_hex(encode_message(clean)));
}

TEST(EncodeMessage, TakesTheWholeRangeOfTheRetryCounters) {
  for (const std::int32_t n :
       {std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min(), -1, 1}) {
    TaskMessage m = small();
    m.max_retry = m.retried = n;
    EXPECT_EQ(*decode_message(encode_message(m)), m);
  }
}

TEST(EncodeMessage, CarriesAMebibyteOfBytes) {
  TaskMessage m = small();
  std::string bytes(1 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31);
  m.payload = bytes;
  const std::string encoded = encode_message(m);
  EXPECT_EQ(encoded.size(), bytes.size() + 15);
  EXPECT_EQ(*decode_message(encoded), m);
}

std::string random_text(base::Random& random) {
  std::string bytes(random.below(30), '\0');
  for (char& c : bytes) c = static_cast<char>(random.below(256));
  return to_valid_utf8(bytes);
}

TaskMessage random_message(base::Random& random) {
  const auto maybe = [&] { return random.below(2) == 0; };
  const auto seconds = [&] {
    return std::chrono::seconds(static_cast<std::int64_t>(random.below(20'000'000'000)) >> random.below(34)) / 3;
  };
  TaskMessage m;
  m.type = random_text(random);
  m.id = random_text(random);
  m.queue = random_text(random);
  if (maybe()) m.payload = random_text(random) + "\xFF";
  if (maybe()) m.headers = {{random_text(random), random_text(random)}, {random_text(random), ""}};
  m.max_retry = static_cast<std::int32_t>(random.below(3) == 0 ? 0 : random.next());
  m.retried = static_cast<std::int32_t>(random.below(26));
  if (maybe()) m.timeout = -seconds();
  if (maybe()) m.deadline = TimePoint(seconds());
  if (maybe()) m.retention = seconds();
  if (maybe()) m.unique_key = random_text(random);
  if (maybe()) m.group = random_text(random);
  if (maybe()) m.error_msg = random_text(random);
  if (maybe()) m.last_failed_at = TimePoint(-seconds());
  if (maybe()) m.completed_at = TimePoint(seconds());
  return m;
}

TEST(DecodeMessage, GivesBackEveryMessageOfWholeSeconds) {
  const std::uint64_t seed = testing::random_seed();
  SCOPED_TRACE(testing::replay_hint(seed));
  base::Random random(seed);
  for (int round = 0; round < 3000; ++round) {
    const TaskMessage m = random_message(random);
    const std::string bytes = encode_message(m);
    const Result<TaskMessage> back = decode_message(bytes);
    ASSERT_TRUE(back) << back.error().message();
    ASSERT_EQ(*back, m);
    ASSERT_EQ(encode_message(*back), bytes);
  }
}

}  // namespace
}  // namespace windlass::core
