#include "runtime/decision.hpp"

#include <gtest/gtest.h>

namespace windlass::runtime {
namespace {

using namespace std::chrono_literals;
using broker::Finish;
using broker::FinishKind;

constexpr TimePoint kNow{1709208000s};

RunEnd fail(StopReason stop = StopReason::kNone, bool for_good = false) {
  return with_stop_reason({Outcome::fail("no"), stop, for_good}, 2s);
}

Finish decided(const RunEnd& end, RetryState task = {.retried = 0, .max_retry = 3}, Charge charge = {true, 10s}) {
  return decide(end, task, charge, kNow);
}

TEST(Decision, ASuccessIsASuccessWhateverHappenedMeanwhile) {
  for (const StopReason stop : {StopReason::kNone, StopReason::kCancelled, StopReason::kTimeout, StopReason::kDeadline,
                                StopReason::kLeaseLost, StopReason::kShutdown}) {
    EXPECT_EQ(decided({Outcome::done(), stop}).kind, FinishKind::kDone) << stop_reason_name(stop);
    EXPECT_FALSE(failed({Outcome::done(), stop}));
  }
}

TEST(Decision, RetentionKeepsTheRecordOfASuccess) {
  EXPECT_EQ(decided({Outcome::done()}, {.retention = 1ns}).kind, FinishKind::kComplete);
  EXPECT_EQ(decided({RevokeTask()}, {.retention = 1h}).kind, FinishKind::kDone) << "a revoked task leaves no record";
}

TEST(Decision, AFailureIsRetriedUntilRetriesAreUsedUp) {
  for (int retried = 0; retried < 3; ++retried) {
    const Finish f = decided(fail(), {.retried = retried, .max_retry = 3});
    EXPECT_EQ(f.kind, FinishKind::kRetry);
    EXPECT_EQ(f.at, kNow + 10s);
    EXPECT_TRUE(f.charged);
    EXPECT_EQ(f.failure, Failure(FailureKind::kError, "no"));
  }
  EXPECT_EQ(decided(fail(), {.retried = 3, .max_retry = 3}).kind, FinishKind::kArchive);
  EXPECT_EQ(decided(fail(), {.retried = 4, .max_retry = 3}).kind, FinishKind::kArchive) << "max_retry was lowered";
  EXPECT_EQ(decided(fail(), {.retried = 0, .max_retry = 0}).kind, FinishKind::kArchive);
}

TEST(Decision, WhatIsNotAFailureIsRetriedUnchargedThoughRetriesAreUsedUp) {
  const Finish f = decided(fail(), {.retried = 0, .max_retry = 0}, {.is_failure = false, .retry_delay = 1s});
  EXPECT_EQ(f.kind, FinishKind::kRetry);
  EXPECT_FALSE(f.charged);
  EXPECT_EQ(f.at, kNow + 1s);
}

RunEnd lost_child(exec::ChildLoss loss, StopReason stop = StopReason::kNone) {
  Failure failure(FailureKind::kSignal, "SIGSEGV");
  failure.signal = 11;
  return with_stop_reason({Outcome::fail(failure), stop, false, loss}, 2s);
}

TEST(Decision, ARunThatEndsItsChildIsAFailureAndACrash) {
  const RunEnd end = lost_child(exec::ChildLoss::kByThisRun);
  EXPECT_TRUE(failed(end));
  const Finish f = decided(end, {.max_retry = 3, .crashes = 1, .crash_limit = 3});
  EXPECT_EQ(f.kind, FinishKind::kRetry);
  EXPECT_TRUE(f.charged);
  EXPECT_TRUE(f.crashed);
  EXPECT_TRUE(decided(end, {.max_retry = 0, .crash_limit = 3}).crashed) << "archived, and counted all the same";
}

TEST(Decision, ATaskThatEndedTooManyChildrenIsPoison) {
  for (const exec::ChildLoss loss : {exec::ChildLoss::kByThisRun, exec::ChildLoss::kUnclear}) {
    const Finish f = decided(lost_child(loss), {.max_retry = 25, .crashes = 2, .crash_limit = 3});
    EXPECT_EQ(f.kind, FinishKind::kArchive);
    EXPECT_EQ(f.failure.kind, FailureKind::kCrashed);
    EXPECT_EQ(f.failure.message, "it ended 3 processes; the last: SIGSEGV");
    EXPECT_EQ(f.failure.signal, 11);
    EXPECT_TRUE(f.crashed);
    EXPECT_NE(decided(lost_child(loss), {.max_retry = 25, .crashes = 99, .crash_limit = 0}).kind, FinishKind::kArchive);
  }
}

TEST(Decision, TheOtherTasksOfADeadChildPayNothing) {
  const RetryState last{.retried = 3, .max_retry = 3, .crashes = 2, .crash_limit = 3};
  for (const exec::ChildLoss loss : {exec::ChildLoss::kByOther, exec::ChildLoss::kNotStarted}) {
    EXPECT_FALSE(failed(lost_child(loss)));
    EXPECT_EQ(decided(lost_child(loss), last).kind, FinishKind::kRequeue);
    EXPECT_FALSE(decided(lost_child(loss), last).crashed);
  }
  EXPECT_FALSE(failed(lost_child(exec::ChildLoss::kUnclear)));
  const Finish unclear = decided(lost_child(exec::ChildLoss::kUnclear), {.retried = 3, .max_retry = 3, .crash_limit = 3});
  EXPECT_EQ(unclear.kind, FinishKind::kRequeue);
  EXPECT_TRUE(unclear.crashed) << "it may have been this one";
}

TEST(Decision, WhoWasToEndAnywayDoesNotRunAgainBecauseAnotherEndedTheChild) {
  for (const exec::ChildLoss loss : {exec::ChildLoss::kByOther, exec::ChildLoss::kUnclear}) {
    RunEnd cancelled = lost_child(loss, StopReason::kCancelled);
    cancelled.for_good = true;
    EXPECT_TRUE(failed(cancelled));
    EXPECT_EQ(decided(cancelled, {.max_retry = 25}).kind, FinishKind::kArchive);
    const Finish timed_out = decided(lost_child(loss, StopReason::kTimeout), {.max_retry = 25});
    EXPECT_EQ(timed_out.kind, FinishKind::kRetry);
    EXPECT_TRUE(timed_out.charged);
    EXPECT_EQ(timed_out.failure.kind, FailureKind::kTimeout);
    EXPECT_EQ(timed_out.crashed, loss == exec::ChildLoss::kUnclear);
    EXPECT_EQ(decided(lost_child(loss, StopReason::kDeadline), {.max_retry = 25}).kind, FinishKind::kArchive);
    EXPECT_EQ(decided(lost_child(loss, StopReason::kLeaseLost), {.max_retry = 25}).kind, FinishKind::kRequeue);
  }
}

TEST(Decision, SkipRetryArchivesAlways) {
  for (const StopReason stop : {StopReason::kNone, StopReason::kTimeout, StopReason::kShutdown}) {
    const Finish f = decided({SkipRetry("bad"), stop}, {.retried = 0, .max_retry = 9}, {.is_failure = false});
    EXPECT_EQ(f.kind, FinishKind::kArchive);
    EXPECT_EQ(f.failure.message, "bad");
  }
}

TEST(Decision, ASnoozeNeverMovesIntoThePast) {
  EXPECT_EQ(decided({Snooze(1min)}).kind, FinishKind::kSnooze);
  EXPECT_EQ(decided({Snooze(1min)}).at, kNow + 1min);
  EXPECT_EQ(decided({Snooze(-1min)}).at, kNow);
  EXPECT_EQ(decided({Snooze(Duration::max())}).at, TimePoint::max());
}

TEST(Decision, ARetryDelayIsBoundedAtBothEnds) {
  EXPECT_EQ(decided(fail(), {.max_retry = 1}, {true, -5s}).at, kNow);
  EXPECT_EQ(decided(fail(), {.max_retry = 1}, {true, Duration::max()}).at, TimePoint::max());
}

TEST(Decision, ATimeoutIsAFailureThatNamesTheLimitAndKeepsTheHandlersWords) {
  const Finish f = decided(fail(StopReason::kTimeout));
  EXPECT_EQ(f.kind, FinishKind::kRetry);
  EXPECT_EQ(f.failure, Failure(FailureKind::kTimeout, "ran longer than its timeout of 2s: no"));
}

TEST(Decision, ARunThatItsDeadlineStoppedIsNotRetried) {
  const Finish f = decided(fail(StopReason::kDeadline));
  EXPECT_EQ(f.kind, FinishKind::kArchive);
  EXPECT_EQ(f.failure.kind, FailureKind::kDeadline);
}

TEST(Decision, ACancelledRunFollowsTheRetryRulesUnlessItIsForGood) {
  EXPECT_EQ(decided(fail(StopReason::kCancelled)).kind, FinishKind::kRetry);
  EXPECT_EQ(decided(fail(StopReason::kCancelled)).failure, Failure(FailureKind::kCancelled, "cancelled: no"));
  EXPECT_EQ(decided(fail(StopReason::kCancelled), {.retried = 1, .max_retry = 1}).kind, FinishKind::kArchive);
  const Finish for_good = decided(fail(StopReason::kCancelled, true), {.max_retry = 9}, {.is_failure = false});
  EXPECT_EQ(for_good.kind, FinishKind::kArchive);
  EXPECT_EQ(for_good.failure, Failure(FailureKind::kCancelled, "cancelled for good: no"));
}

TEST(Decision, AFailureDuringShutdownIsNotTheTasksFault) {
  EXPECT_EQ(decided(fail(StopReason::kShutdown)).kind, FinishKind::kRequeue);
  EXPECT_EQ(decided(fail(StopReason::kShutdown), {.retried = 3, .max_retry = 3}).kind, FinishKind::kRequeue);
}

TEST(Decision, AFailureKeepsItsExitCodeAndDetailWhenItWasStopped) {
  Failure failure(FailureKind::kExitCode, "");
  failure.exit_code = 7;
  failure.detail = "last lines";
  const RunEnd end = with_stop_reason({Outcome::fail(failure), StopReason::kTimeout}, 1500ms);
  EXPECT_EQ(end.outcome.failure().kind, FailureKind::kTimeout);
  EXPECT_EQ(end.outcome.failure().message, "ran longer than its timeout of 1.5s") << "no dangling colon";
  EXPECT_EQ(end.outcome.failure().exit_code, 7);
  EXPECT_EQ(end.outcome.failure().detail, "last lines");
}

TEST(Decision, OnlyFailuresAndSkipRetryCountAsFailed) {
  EXPECT_TRUE(failed(fail()));
  EXPECT_TRUE(failed({SkipRetry("x")}));
  EXPECT_FALSE(failed({RevokeTask()}));
  EXPECT_FALSE(failed({Snooze(1s)}));
}

TEST(StartRefusal, ATaskMayStartUntilTheVeryMomentItExpires) {
  EXPECT_FALSE(start_refusal(kNoTime, kNoTime, kNow));
  EXPECT_FALSE(start_refusal(kNow + 1ns, kNow + 1ns, kNow));
  ASSERT_TRUE(start_refusal(kNow, kNoTime, kNow));
  EXPECT_EQ(start_refusal(kNow, kNoTime, kNow)->kind, FailureKind::kExpired);
  ASSERT_TRUE(start_refusal(kNoTime, kNow, kNow));
  EXPECT_EQ(start_refusal(kNoTime, kNow, kNow)->kind, FailureKind::kDeadline);
  EXPECT_EQ(start_refusal(kNow, kNow, kNow)->kind, FailureKind::kExpired) << "expired is looked at first";
}

}  // namespace
}  // namespace windlass::runtime
