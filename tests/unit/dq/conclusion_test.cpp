// What becomes of a message when a run has ended.
#include "dq/conclusion.hpp"

#include <gtest/gtest.h>

namespace windlass::dq {
namespace {

using namespace std::chrono_literals;

class DqConclusion : public ::testing::Test {
 protected:
  DqConclusion() {
    run_.owner = "me.1";
    run_.attempt = 2;
    run_.number = 9;
    run_.span = 10s;
    run_.keep = 24h;
    rules_.max_retry = 2;
    rules_.remember = 24h;
    rules_.retry_delay = 30s;
  }
  Conclusion end(const Outcome& outcome) const { return conclude(run_, outcome, rules_); }

  Record run_;
  ConclusionRules rules_;
};

TEST_F(DqConclusion, SuccessAndRevocationDeleteTheCopyAndAreRemembered) {
  for (const Outcome& outcome : {Outcome::done(), Outcome(RevokeTask())}) {
    EXPECT_EQ(end(outcome).record.text(), "windlass1 done - 2 0 0 86400000");
    EXPECT_EQ(end(outcome).settlement.kind, Settlement::Kind::kDelete);
  }
}

TEST_F(DqConclusion, AFailureWaitsForItsRetry) {
  const Conclusion failed = end(Outcome::fail("no"));
  EXPECT_EQ(failed.record.text(), "windlass1 wait - 2 0 30000 86430000") << "remembered for longer than the wait";
  EXPECT_EQ(failed.settlement.kind, Settlement::Kind::kRelease);
  EXPECT_EQ(failed.settlement.delay, 30s);
}

TEST_F(DqConclusion, TheLastFailureBuriesAndSoDoesSkipRetry) {
  rules_.buries = 1;
  EXPECT_EQ(end(SkipRetry("never")).record.text(), "windlass1 dead - 2 2 0 86400000");
  run_.attempt = 3;
  EXPECT_EQ(end(Outcome::fail("no")).settlement.kind, Settlement::Kind::kBury);
}

TEST_F(DqConclusion, SnoozingAndTheEndOfTheConsumerCostNothing) {
  EXPECT_EQ(end(Snooze(5s)).record.text(), "windlass1 wait - 1 0 5000 86405000");
  rules_.shutting_down = true;
  run_.attempt = 3;
  EXPECT_EQ(end(Outcome::fail("told to stop")).record.text(), "windlass1 wait - 2 0 0 86400000");
  EXPECT_EQ(end(Outcome::fail("told to stop")).settlement.delay, 0s);
  EXPECT_EQ(end(Outcome::done()).record.kind, Record::Kind::kDone) << "it has succeeded all the same";
}

TEST_F(DqConclusion, DelaysOutOfRangeAreBroughtIntoIt) {
  rules_.retry_delay = -5s;
  EXPECT_EQ(end(Outcome::fail("no")).settlement.delay, 0s);
  rules_.retry_delay = Duration::max();
  EXPECT_TRUE(Record::parse(end(Outcome::fail("no")).record.text()));
}

TEST_F(DqConclusion, AMessageThatIsTooLateIsDroppedOrBuried) {
  run_.attempt = 1;
  EXPECT_EQ(give_up_late(run_, false, rules_).record.kind, Record::Kind::kDone);
  EXPECT_EQ(give_up_late(run_, false, rules_).settlement.kind, Settlement::Kind::kDelete);
  EXPECT_EQ(give_up_late(run_, true, rules_).record.text(), "windlass1 dead - 1 1 0 86400000");
  EXPECT_EQ(give_up_late(run_, true, rules_).settlement.kind, Settlement::Kind::kBury);
}

}  // namespace
}  // namespace windlass::dq
