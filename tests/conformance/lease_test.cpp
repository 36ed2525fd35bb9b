// Leases, the fence, and the recovery of tasks whose servers are gone.
#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Lease : public Conformance {
 protected:
  std::vector<RecoveredTask> recover(int crash_limit = 3, std::size_t max = 250) {
    return get(broker_->recover({.queues = {"q"}, .max = max, .crash_limit = crash_limit}));
  }
  bool extend(const FetchedTask& task, Duration lease) {
    const LeaseRef ref = lease_of(task);
    return get(broker_->extend(std::span(&ref, 1), lease)).at(0);
  }
  static std::vector<std::string> names(const std::vector<RecoveredTask>& tasks) {
    std::vector<std::string> ids;
    for (const RecoveredTask& task : tasks) ids.push_back(task.task.id);
    return ids;
  }
};
WINDLASS_FOR_EACH_BROKER(Lease, rows());

TEST_P(Lease, NothingIsRecoveredBeforeALeaseEnds) {
  put_all({"a"});
  fetch_one("q", "s", 10s);
  clock_.advance(10s - GetParam().grain);
  EXPECT_THAT(recover(), IsEmpty());
  EXPECT_FALSE(info("a").orphaned);
  clock_.advance(GetParam().grain);
  EXPECT_TRUE(info("a").orphaned) << "a lease of 10 s has ended after 10 s";
  EXPECT_EQ(recover().size(), 1u);
}

TEST_P(Lease, ARecoveredTaskIsRequeuedAsTheNextToRunWithoutCost) {
  put_all({"a", "b"});
  fetch_one("q", "dead", 1s);
  clock_.advance(1s);
  const auto recovered = recover();
  ASSERT_EQ(recovered.size(), 1u);
  EXPECT_EQ(recovered[0].task, (TaskRef{"q", "a"}));
  EXPECT_EQ(recovered[0].owner, "dead");
  EXPECT_EQ(recovered[0].crashes, 1);
  EXPECT_FALSE(recovered[0].archived);
  EXPECT_EQ(info("a").retried, 0);
  EXPECT_EQ(info("a").crashes, 1);
  EXPECT_EQ(info("a").owner, "");
  EXPECT_EQ(stats().processed, 0u);
  const auto again = fetch(2);
  EXPECT_THAT(ids_of(again), ElementsAre("a", "b"));
  EXPECT_EQ(again[0].crashes, 1);
}

TEST_P(Lease, RecoveredTasksKeepTheirOrder) {
  put_all({"a", "b", "c", "d"});
  fetch(3, "q", "s", 1s);
  clock_.advance(1s);
  EXPECT_THAT(names(recover()), ElementsAre("a", "b", "c"));
  EXPECT_THAT(ids_of(fetch(4)), ElementsAre("a", "b", "c", "d"));
}

TEST_P(Lease, RecoveryTakesUpToMaxTheLongestRunningFirst) {
  put_all({"a", "b", "c"});
  fetch(3, "q", "s", 1s);
  clock_.advance(1s);
  EXPECT_THAT(names(recover(3, 2)), ElementsAre("a", "b"));
  EXPECT_THAT(names(recover(3, 2)), ElementsAre("c"));
  EXPECT_THAT(recover(3, 2), IsEmpty());
}

TEST_P(Lease, MaxOfARecoveryCountsOverAllQueues) {
  put_all({"a"}, "one");
  put_all({"b"}, "two");
  fetch(1, "one", "s", 1s);
  fetch(1, "two", "s", 1s);
  clock_.advance(1s);
  EXPECT_EQ(names(get(broker_->recover({.queues = {"two", "unknown", "one"}, .max = 1}))),
            std::vector<std::string>{"b"});
  EXPECT_EQ(state("a", "one"), TaskState::kActive);
}

TEST_P(Lease, OnlyTheQueuesNamedAreRecovered) {
  put_all({"a"}, "other");
  fetch(1, "other", "s", 1s);
  clock_.advance(1h);
  EXPECT_THAT(recover(), IsEmpty());
}

TEST_P(Lease, TheFenceRefusesTheZombieAfterItsTaskWasRecovered) {
  put_all({"a"});
  const FetchedTask zombie = fetch_one("q", "slow", 1s);
  clock_.advance(1s);
  recover();
  EXPECT_EQ(finish(zombie, FinishKind::kDone), FinishOutcome::kLeaseLost) << "while it is pending";
  const FetchedTask running = fetch_one("q", "fast");
  EXPECT_EQ(finish(zombie, FinishKind::kDone), FinishOutcome::kLeaseLost) << "while another runs it";
  EXPECT_FALSE(extend(zombie, 1h));
  EXPECT_EQ(finish(running, FinishKind::kDone), FinishOutcome::kApplied);
  EXPECT_EQ(finish(zombie, FinishKind::kDone), FinishOutcome::kLeaseLost) << "after it is done";
  EXPECT_EQ(stats().processed, 1u);
}

TEST_P(Lease, AnEndedLeaseIsGoodUntilSomebodyRecoversTheTask) {
  put_all({"a", "b"});
  const auto running = fetch(2, "q", "s", 1s);
  clock_.advance(1h);
  EXPECT_EQ(finish(running[0], FinishKind::kDone), FinishOutcome::kApplied);
  EXPECT_TRUE(extend(running[1], 10s));
  EXPECT_THAT(recover(), IsEmpty());
}

TEST_P(Lease, ExtendingCountsFromNow) {
  put_all({"a"});
  const FetchedTask running = fetch_one("q", "s", 30s);
  clock_.advance(1s);
  EXPECT_TRUE(extend(running, 5s));
  clock_.advance(5s);
  EXPECT_EQ(recover().size(), 1u) << "a shorter extension shortens the lease";
}

TEST_P(Lease, ExtendAnswersForEachLease) {
  put_all({"a", "b"});
  const auto running = fetch(2);
  finish(running[0], FinishKind::kDone);
  const std::vector<LeaseRef> refs{
      lease_of(running[0]), lease_of(running[1]), {{"q", "nobody"}, {}}, {{"no", "x"}, {}}};
  EXPECT_THAT(get(broker_->extend(refs, 10s)), ElementsAre(false, true, false, false));
  EXPECT_THAT(get(broker_->extend({}, 10s)), IsEmpty());
}

TEST_P(Lease, SteppingTheWallClockEndsNoLease) {
  put_all({"a"});
  fetch_one("q", "s", 10s);
  clock_.step_wall(24h);
  EXPECT_THAT(recover(), IsEmpty());
  EXPECT_FALSE(info("a").orphaned);
  clock_.step_wall(-48h);
  EXPECT_THAT(recover(), IsEmpty());
  clock_.advance(10s);
  EXPECT_EQ(recover().size(), 1u) << "and none is kept alive by a step back";
}

TEST_P(Lease, ATaskThatCrashedTooOftenIsArchived) {
  put_all({"poison"});
  for (int crash = 1; crash <= 3; ++crash) {
    fetch_one("q", "s", 1s);
    clock_.advance(1s);
    const auto recovered = recover(3);
    ASSERT_EQ(recovered.size(), 1u);
    EXPECT_EQ(recovered[0].crashes, crash);
    EXPECT_EQ(recovered[0].archived, crash == 3);
  }
  const TaskInfo shown = info("poison");
  EXPECT_EQ(shown.state, TaskState::kArchived);
  EXPECT_EQ(shown.crashes, 3);
  EXPECT_EQ(shown.failure, crash_failure(3));
  EXPECT_EQ(shown.last_failed_at, clock_.now());
  EXPECT_EQ(shown.archived_at, clock_.now());
  EXPECT_EQ(shown.retried, 0);
  EXPECT_EQ(stats().processed, 1u);
  EXPECT_EQ(stats().failed, 1u);
}

TEST_P(Lease, ACrashLimitOfOneArchivesAtOnceAndZeroIsNoLimit) {
  put_all({"a"});
  for (int i = 0; i < 5; ++i) {
    fetch_one("q", "s", 1s);
    clock_.advance(1s);
    EXPECT_FALSE(recover(0).at(0).archived);
  }
  fetch_one("q", "s", 1s);
  clock_.advance(1s);
  EXPECT_TRUE(recover(1).at(0).archived);
}

TEST_P(Lease, TheTasksOfADeadServerAreRecoveredAtOnce) {
  get(broker_->keep_alive("s", 3s));
  put_all({"a"});
  fetch_one("q", "s", 1h);
  clock_.advance(3s - GetParam().grain);
  EXPECT_THAT(recover(), IsEmpty());
  clock_.advance(GetParam().grain);
  EXPECT_EQ(recover().size(), 1u);
}

TEST_P(Lease, AServerThatKeepsCallingStaysAlive) {
  put_all({"a"});
  fetch_one("q", "s", 1h);
  for (int i = 0; i < 5; ++i) {
    get(broker_->keep_alive("s", 3s));
    clock_.advance(2s);
    EXPECT_THAT(recover(), IsEmpty());
  }
}

TEST_P(Lease, ACallThatComesLateButBeforeAnyoneRecoveredSavesTheTasks) {
  get(broker_->keep_alive("s", 3s));
  put_all({"a"});
  fetch_one("q", "s", 1h);
  clock_.advance(10s);
  get(broker_->keep_alive("s", 3s));
  EXPECT_THAT(recover(), IsEmpty());
}

TEST_P(Lease, AServerThatNeverCalledIsJudgedByItsLeases) {
  put_all({"a"});
  fetch_one("q", "silent", 1h);
  clock_.advance(59min);
  EXPECT_THAT(recover(), IsEmpty());
  clock_.advance(1min);
  EXPECT_EQ(recover().size(), 1u);
}

TEST_P(Lease, TheLeasesOfALivingServerEndAllTheSame) {
  get(broker_->keep_alive("s", 1h));
  put_all({"a"});
  fetch_one("q", "s", 1s);
  clock_.advance(1s);
  EXPECT_EQ(recover().size(), 1u);
}

TEST_P(Lease, LivenessIsNotMeasuredOnTheWallClock) {
  get(broker_->keep_alive("s", 3s));
  put_all({"a"});
  fetch_one("q", "s", 1h);
  clock_.step_wall(10min);
  EXPECT_THAT(recover(), IsEmpty());
  clock_.step_wall(-20min);
  clock_.advance(3s);
  EXPECT_EQ(recover().size(), 1u);
}

TEST_P(Lease, TheTasksThatAClearedServerStillHoldsAreRecoveredAtOnce) {
  get(broker_->keep_alive("s", 1h));
  put_all({"a", "b"});
  const auto held = fetch(1, "q", "s", 1h);
  fetch(1, "q", "other", 1h);
  get(broker_->clear_server("s"));
  EXPECT_THAT(names(recover()), ElementsAre("a"));
  EXPECT_EQ(finish(held[0], FinishKind::kDone), FinishOutcome::kLeaseLost);
}

TEST_P(Lease, ClearingAlsoWorksForAServerThatNeverCalledKeepAlive) {
  put_all({"a"});
  fetch_one("q", "s", 1h);
  get(broker_->clear_server("s"));
  EXPECT_EQ(recover().size(), 1u);
  get(broker_->clear_server("unknown"));
}

TEST_P(Lease, TheLastResultOfALostRunStays) {
  put_all({"a"});
  const FetchedTask running = fetch_one("q", "s", 1s);
  const TaskUpdate update{.lease = lease_of(running), .result = "so far"};
  get(broker_->update(std::span(&update, 1)));
  clock_.advance(1s);
  recover();
  EXPECT_EQ(info("a").result, "so far");
}

}  // namespace
}  // namespace windlass::conformance
