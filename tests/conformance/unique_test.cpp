// Unique locks: who gets one, how long it lasts, and what releases it.
#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

class Unique : public Conformance {
 protected:
  // Whether the lock is free, found out by taking it with a task that goes at once.
  bool lock_is_free() {
    if (put(unique("probe", 1s)).status != EnqueueStatus::kEnqueued) return false;
    EXPECT_EQ(act("probe", TaskAction::kDelete), ActionOutcome::kApplied);
    return true;
  }
};
WINDLASS_FOR_EACH_BROKER(Unique, rows());

TEST_P(Unique, ASecondTaskWithTheKeyIsADuplicateAndNamesTheHolder) {
  put(unique("first", 1h));
  const EnqueueOutcome second = put(unique("second", 1h));
  EXPECT_EQ(second.status, EnqueueStatus::kDuplicate);
  EXPECT_EQ(second.holder, "first");
  EXPECT_FALSE(exists("second"));
  EXPECT_EQ(put(unique("other", 1h, "asynq:{q}:unique:t:other")).status, EnqueueStatus::kEnqueued);
}

TEST_P(Unique, TheSecondInOneBatchIsADuplicateToo) {
  const std::vector<NewTask> batch{unique("a", 1h), unique("b", 1h)};
  const auto outcomes = get(broker_->enqueue(batch));
  EXPECT_EQ(outcomes[0].status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(outcomes[1].status, EnqueueStatus::kDuplicate);
  EXPECT_EQ(outcomes[1].holder, "a");
}

TEST_P(Unique, ATaskWithTheKeyButWithoutTtlTakesAndAsksForNoLock) {
  put(unique("keyed", 0s));
  EXPECT_EQ(put(unique("a", 1h)).status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(put(unique("keyed-too", 0s)).status, EnqueueStatus::kEnqueued);
  act("keyed", TaskAction::kDelete);
  EXPECT_FALSE(lock_is_free()) << "a task that does not hold the lock does not release it";
}

TEST_P(Unique, TheLockEndsWithItsTtlToTheNanosecond) {
  put(unique("a", 1500ms));
  clock_.advance(1500ms - 1ns);
  EXPECT_EQ(put(unique("b", 1h)).status, EnqueueStatus::kDuplicate);
  clock_.advance(1ns);
  EXPECT_EQ(put(unique("b", 1h)).status, EnqueueStatus::kEnqueued);
}

TEST_P(Unique, ATaskWhoseLockEndedDoesNotReleaseItsSuccessors) {
  put(unique("a", 1s));
  clock_.advance(1s);
  put(unique("b", 1h));
  act("a", TaskAction::kDelete);
  EXPECT_EQ(put(unique("c", 1h)).status, EnqueueStatus::kDuplicate);
}

TEST_P(Unique, AnIdConflictLeavesNoLockBehind) {
  put(plain("taken"));
  EXPECT_EQ(put(unique("taken", 1h)).status, EnqueueStatus::kIdConflict);
  EXPECT_EQ(put(unique("free", 1h)).status, EnqueueStatus::kEnqueued);
}

TEST_P(Unique, TheLockIsLookedAtBeforeTheId) {
  put(unique("a", 1h));
  EXPECT_EQ(put(unique("a", 1h)).status, EnqueueStatus::kDuplicate);
}

TEST_P(Unique, DoneAndCompleteReleaseTheLock) {
  for (const FinishKind kind : {FinishKind::kDone, FinishKind::kComplete, FinishKind::kDiscard}) {
    put(unique("a", 1h));
    finish(fetch_one(), kind);
    EXPECT_TRUE(lock_is_free());
    if (exists("a")) act("a", TaskAction::kDelete);
  }
}

TEST_P(Unique, TheLockIsKeptWhileTheTaskMayStillRun) {
  put(unique("a", 24h));
  EXPECT_FALSE(lock_is_free()) << "pending";
  fail(fetch_one(), 1s);
  EXPECT_FALSE(lock_is_free()) << "in retry";
  clock_.advance(1s);
  forward();
  finish(fetch_one(), FinishKind::kRequeue);
  EXPECT_FALSE(lock_is_free()) << "requeued";
  finish(Finish{.lease = lease_of(fetch_one()), .kind = FinishKind::kSnooze, .at = clock_.now()});
  EXPECT_FALSE(lock_is_free()) << "snoozed";
  forward();
  finish(fetch_one(), FinishKind::kArchive);
  EXPECT_FALSE(lock_is_free()) << "archived: until its ttl ends";
}

TEST_P(Unique, ArchivingByHandKeepsTheLockAndRunningKeepsWhatIsLeftOfIt) {
  put(unique("a", 1h));
  act("a", TaskAction::kArchive);
  EXPECT_FALSE(lock_is_free());
  clock_.advance(30min);
  act("a", TaskAction::kRun);
  EXPECT_FALSE(lock_is_free());
  clock_.advance(30min);
  EXPECT_TRUE(lock_is_free()) << "running it does not prolong the lock";
}

TEST_P(Unique, RunningACompletedTaskAgainDoesNotTakeTheLockAgain) {
  NewTask task = unique("a", 1h);
  task.message.retention = 1h;
  put(task);
  finish(fetch_one(), FinishKind::kComplete);
  act("a", TaskAction::kRun);
  EXPECT_TRUE(lock_is_free());
}

TEST_P(Unique, DeletingATaskReleasesItsLockInWhateverStateItIs) {
  const auto in_state = [&](TaskState state) {
    NewTask task = unique("a", 24h);
    if (state == TaskState::kScheduled) task.process_at = clock_.now() + 1h;
    if (state == TaskState::kAggregating) task.message.group = "g";
    put(task);
    if (state == TaskState::kRetry) fail(fetch_one(), 1h);
    if (state == TaskState::kArchived) act("a", TaskAction::kArchive);
    ASSERT_EQ(this->state("a"), state);
  };
  for (const TaskState state :
       {TaskState::kPending, TaskState::kScheduled, TaskState::kRetry, TaskState::kArchived, TaskState::kAggregating}) {
    in_state(state);
    EXPECT_EQ(act("a", TaskAction::kDelete), ActionOutcome::kApplied);
    EXPECT_TRUE(lock_is_free()) << task_state_name(state);
    in_state(state);
    get(broker_->bulk({.filter = {.queue = "q", .state = state}, .action = TaskAction::kDelete}));
    EXPECT_TRUE(lock_is_free()) << "bulk, " << task_state_name(state);
  }
}

TEST_P(Unique, TrimmingTheArchiveAndRemovingTheQueueReleaseLocks) {
  put(unique("a", 24h));
  act("a", TaskAction::kArchive);
  clock_.advance(1h);
  EXPECT_EQ(get(broker_->clean({.queues = {"q"}, .archive_age = 1h})).archived, 1u);
  EXPECT_TRUE(lock_is_free());
  put(unique("b", 24h));
  get(broker_->remove_queue("q", true));
  EXPECT_TRUE(lock_is_free());
}

TEST_P(Unique, FinishingAGroupReleasesTheLocksOfItsTasks) {
  NewTask task = unique("a", 24h);
  task.message.group = "g";
  put(task);
  const auto set = get(broker_->take_group("q", {.max_size = 1}, 1min));
  ASSERT_TRUE(set.has_value());
  EXPECT_FALSE(lock_is_free());
  get(broker_->finish_group(*set, nullptr));
  EXPECT_TRUE(lock_is_free());
}

TEST_P(Unique, AScheduledTaskHoldsItsLockWhileItWaits) {
  NewTask task = unique("a", 2h);
  task.process_at = clock_.now() + 1h;
  put(task);
  clock_.advance(1h);
  forward();
  EXPECT_FALSE(lock_is_free());
  finish(fetch_one(), FinishKind::kDone);
  EXPECT_TRUE(lock_is_free());
}

}  // namespace
}  // namespace windlass::conformance
