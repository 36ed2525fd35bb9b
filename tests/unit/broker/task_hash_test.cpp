// Side fields of a task's hash that are not as we write them: another program may have written anything.
#include "broker/redis/task_hash.hpp"

#include <gtest/gtest.h>

#include "unit/core/bytes.hpp"

namespace windlass::broker {
namespace {

using namespace std::chrono_literals;
using testing::from_hex;

core::TaskMessage message() {
  core::TaskMessage m;
  m.id = "a";
  m.timeout = 2s;
  m.error_msg = "broken";
  m.last_failed_at = TimePoint(1'700'000'000s);
  return m;
}

TEST(TaskHash, AnExactFieldOfAnotherTypeIsSkipped) {
  // 4 (timeout) as bytes, as 4 and as 8 bytes; then enqueued at 5 ns.
  for (const std::string wrong : {"220101", "2501000000", "210100000000000000"}) {
    core::TaskMessage m = message();
    apply_exact(m, from_hex(wrong + "0805"));
    EXPECT_EQ(m.timeout, 2s) << wrong;
    EXPECT_EQ(m.enqueued_at, TimePoint(5ns)) << wrong;
  }
}

TEST(TaskHash, BytesThatAreNoRecordChangeNothing) {
  // A good field, and then: an end in the middle, a varint that is too long, a type that does not exist, a length beyond the end.
  for (const std::string rest : {"08", "08ffffffffffffffffffffff01", "0f", "4aff01"}) {
    core::TaskMessage m = message();
    apply_exact(m, from_hex("0805" + rest));
    EXPECT_EQ(m.enqueued_at, kNoTime) << rest;
    EXPECT_EQ(decode_failure(m, from_hex("0802" + rest)).kind, FailureKind::kError) << rest;
  }
}

TEST(TaskHash, ALengthFarFromThatOfTheMessageIsNotTaken) {
  core::TaskMessage m = message();
  apply_exact(m, from_hex("2080808080808080808001"));  // the least int64
  EXPECT_EQ(m.timeout, 2s);
}

TEST(TaskHash, AFailureWithFieldsOfAnotherTypeKeepsWhatIsGood) {
  const Failure failure(FailureKind::kTimeout, "broken");
  const std::string good = encode_failure(failure, TimePoint(1'700'000'000s + 7ns));
  for (const std::string wrong : {"0a0101", "2001", "2a0101"}) {  // kind as bytes, detail as a number, when as bytes
    core::TaskMessage m = message();
    EXPECT_EQ(decode_failure(m, good + from_hex(wrong)).kind, FailureKind::kTimeout) << wrong;
    EXPECT_EQ(m.last_failed_at, TimePoint(1'700'000'000s + 7ns)) << wrong;
  }
}

TEST(TaskHash, AKindThatIsNotKnownIsAnError) {
  const std::string good = encode_failure(Failure(FailureKind::kTimeout, "broken"), TimePoint(1'700'000'000s));
  for (const std::string kind : {"087f", "08ffffffff0f"}) {
    core::TaskMessage m = message();
    EXPECT_EQ(decode_failure(m, good + from_hex(kind)).kind, FailureKind::kError) << kind;
  }
}

}  // namespace
}  // namespace windlass::broker
