// What a consumer does with a copy, by what it finds under the key of the message.
#include "dq/claim.hpp"

#include <gtest/gtest.h>

namespace windlass::dq {
namespace {

using namespace std::chrono_literals;
using Kind = ClaimStep::Kind;

class DqClaim : public ::testing::Test {
 protected:
  static Record record(Record::Kind kind, int attempt, Duration span, std::uint64_t number = 0) {
    Record r;
    r.kind = kind;
    r.owner = "other.1";
    r.attempt = attempt;
    r.number = number;
    r.span = span;
    r.keep = 24h;
    return r;
  }
  ClaimStep look(const Record& found, Duration age, std::uint64_t buries = 0) {
    return look(found.text(), found.keep - age, buries);
  }
  ClaimStep look(const std::string& value, Duration left, std::uint64_t buries = 0) {
    Exchange found;
    found.value = value;
    found.left = left;
    return next_step(found, buries, rules_, now_, suspicion_);
  }

  ClaimRules rules_{"me.1", 2, 10s, 24h};
  Suspicion suspicion_;
  Duration now_ = 1h;
};

TEST_F(DqClaim, TheFirstRunIsARecordOfOurs) {
  EXPECT_EQ(first_run(rules_).text(), "windlass1 run me.1 1 0 10000 86400000");
}

TEST_F(DqClaim, ALockOfAGoConsumerMeansThatTheCopyIsNotNeeded) {
  EXPECT_EQ(look("aBcDeFgHiJkLmNoP", 1h).kind, Kind::kDelete);
}

TEST_F(DqClaim, WhatIsDoneIsDeleted) { EXPECT_EQ(look(record(Record::Kind::kDone, 1, 0s), 1h).kind, Kind::kDelete); }

TEST_F(DqClaim, ALockThatHasExpiredMeanwhileIsTakenAgain) {
  const ClaimStep step = look("", 0s);
  EXPECT_EQ(step.kind, Kind::kRun);
  EXPECT_EQ(step.record->attempt, 1);
}

TEST_F(DqClaim, ARunThatGoesOnIsLookedAtAgain) {
  const ClaimStep step = look(record(Record::Kind::kRun, 1, 10s), 9s);
  EXPECT_EQ(step.kind, Kind::kLookAgain);
  EXPECT_EQ(step.wait, kLookInterval);
}

TEST_F(DqClaim, ASilentRunIsTakenOverAfterASecondLook) {
  const Record silent = record(Record::Kind::kRun, 1, 10s, 4);
  const ClaimStep first = look(silent, 11s);
  EXPECT_EQ(first.kind, Kind::kLookAgain) << "the store may just be back, and the owner about to write";
  EXPECT_EQ(first.wait, 5s);
  now_ += 4s;
  EXPECT_EQ(look(silent, 15s).wait, 1s);
  now_ += 1s;
  const ClaimStep step = look(silent, 16s);
  ASSERT_EQ(step.kind, Kind::kRun);
  EXPECT_TRUE(step.takes_over);
  EXPECT_EQ(step.record->attempt, 2) << "the run that was cut off counts";
  EXPECT_EQ(step.record->owner, "me.1");
}

TEST_F(DqClaim, AShortLeaseStillGivesTheOwnerTimeToReachAStoreThatIsBack) {
  EXPECT_EQ(look(record(Record::Kind::kRun, 1, 1s), 40s).wait, 3s);
}

TEST_F(DqClaim, AnOwnerThatWritesAgainKeepsItsRun) {
  (void)look(record(Record::Kind::kRun, 1, 10s, 4), 31s);
  now_ += 5s;
  EXPECT_EQ(look(record(Record::Kind::kRun, 1, 10s, 5), 1s).kind, Kind::kLookAgain);
  now_ += 30s;
  EXPECT_EQ(look(record(Record::Kind::kRun, 1, 10s, 5), 31s).wait, 5s) << "a new record, a new suspicion";
}

TEST_F(DqClaim, AMessageWhoseConsumersDieIsBuriedInTheEnd) {
  const Record silent = record(Record::Kind::kRun, 3, 10s);  // the last of its three runs
  (void)look(silent, 11s);
  now_ += 5s;
  const ClaimStep step = look(silent, 16s);
  EXPECT_EQ(step.kind, Kind::kBury);
  EXPECT_EQ(step.record->kind, Record::Kind::kDead);
  EXPECT_EQ(step.record->number, 1u);
}

TEST_F(DqClaim, ARetryBeginsWhenItsTimeHasCome) {
  const Record waiting = record(Record::Kind::kWait, 1, 60s);
  EXPECT_EQ(look(waiting, 20s).kind, Kind::kPutOff) << "nobody's hand is full of what waits";
  EXPECT_EQ(look(waiting, 20s).wait, 40s);
  EXPECT_EQ(look(waiting, 59s).kind, Kind::kPutOff);
  EXPECT_EQ(look(waiting, 59001ms).kind, Kind::kLookAgain) << "beanstalkd cannot wait for less than a second";
  EXPECT_EQ(look(waiting, 59001ms).wait, 999ms);
  const ClaimStep step = look(waiting, 60s);
  EXPECT_EQ(step.kind, Kind::kRun);
  EXPECT_EQ(step.record->attempt, 2);
  EXPECT_FALSE(step.takes_over);
}

TEST_F(DqClaim, AMessageThatRanBeforeIsKnownAlsoIfThatRunCostNothing) {
  EXPECT_FALSE(look("", 0s).again);
  const ClaimStep snoozed = look(record(Record::Kind::kWait, 0, 1s), 1s);
  EXPECT_EQ(snoozed.record->attempt, 1);
  EXPECT_TRUE(snoozed.again);
}

TEST_F(DqClaim, CopiesOfADeadMessageAreBuriedAndKickedOnesBeginAnew) {
  const Record dead = record(Record::Kind::kDead, 3, 0s, 2);
  const ClaimStep other = look(dead, 1h, 1);
  EXPECT_EQ(other.kind, Kind::kBury);
  EXPECT_FALSE(other.record) << "it is dead already";
  const ClaimStep kicked = look(dead, 1h, 2);
  EXPECT_EQ(kicked.kind, Kind::kRun);
  EXPECT_EQ(kicked.record->attempt, 1);
}

}  // namespace
}  // namespace windlass::dq
