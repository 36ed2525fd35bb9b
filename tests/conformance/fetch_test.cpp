// Taking tasks: order, shares, pause, and that each task goes to one owner.
#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

WINDLASS_CONFORMANCE(Fetch);

TEST_P(Fetch, TheOldestComesFirst) {
  put_all({"a", "b"});
  put_all({"c"});
  EXPECT_THAT(ids_of(fetch(2)), ElementsAre("a", "b"));
  EXPECT_THAT(ids_of(fetch(2)), ElementsAre("c"));
}

TEST_P(Fetch, TheOrderDoesNotDependOnTheWallClock) {
  put_all({"a"});
  clock_.step_wall(-1h);
  put_all({"b"});
  clock_.step_wall(2h);
  put_all({"c"});
  EXPECT_THAT(ids_of(fetch(3)), ElementsAre("a", "b", "c"));
}

TEST_P(Fetch, NothingComesFromAnEmptyOrUnknownQueueOrForZero) {
  EXPECT_THAT(fetch(10, "unknown"), IsEmpty());
  EXPECT_THAT(get(broker_->queues()), IsEmpty()) << "asking does not make a queue";
  put_all({"a"});
  EXPECT_THAT(fetch(0), IsEmpty());
  EXPECT_EQ(state("a"), TaskState::kPending);
}

TEST_P(Fetch, AFetchedTaskIsActiveWithItsOwner) {
  put_all({"a"});
  clock_.advance(5s);
  fetch_one("q", "host:1:uuid");
  const TaskInfo shown = info("a");
  EXPECT_EQ(shown.state, TaskState::kActive);
  EXPECT_EQ(shown.owner, "host:1:uuid");
  EXPECT_EQ(shown.started_at, clock_.now());
  EXPECT_EQ(shown.next_process_at, kNoTime);
  EXPECT_FALSE(shown.orphaned);
  EXPECT_EQ(stats().active, 1u);
  EXPECT_EQ(stats().pending, 0u);
}

TEST_P(Fetch, EachTaskIsFetchedOnce) {
  put_all({"a", "b"});
  EXPECT_THAT(ids_of(fetch(10)), ElementsAre("a", "b"));
  EXPECT_THAT(fetch(10), IsEmpty());
}

TEST_P(Fetch, ScheduledAndGroupedTasksAreNotFetched) {
  put(delayed("later", 1s));
  put(grouped("g"));
  clock_.advance(2s);
  EXPECT_THAT(fetch(10), IsEmpty()) << "also when due, until they are forwarded";
}

TEST_P(Fetch, QueuesAreAskedInOrderUpToTheirShare) {
  put_all({"a1", "a2", "a3"}, "a");
  put_all({"b1", "b2", "b3"}, "b");
  const FetchRequest request{.queues = {{"b", 1}, {"a", 2}}, .max = 3, .owner = "s", .lease = 30s};
  EXPECT_THAT(ids_of(get(broker_->fetch(request))), ElementsAre("b1", "a1", "a2"));
}

TEST_P(Fetch, WhatTheSharesLeaveIsFilledFromTheQueuesInOrder) {
  put_all({"a1", "a2", "a3"}, "a");
  put_all({"b1"}, "b");
  const FetchRequest request{.queues = {{"a", 1}, {"b", 3}}, .max = 4, .owner = "s", .lease = 30s};
  EXPECT_THAT(ids_of(get(broker_->fetch(request))), ElementsAre("a1", "b1", "a2", "a3"));
}

TEST_P(Fetch, NeverMoreThanMaxHoweverGreatTheShares) {
  put_all({"a1", "a2"}, "a");
  put_all({"b1", "b2"}, "b");
  const FetchRequest request{.queues = {{"a", 10}, {"b", 10}}, .max = 3, .owner = "s", .lease = 30s};
  EXPECT_THAT(ids_of(get(broker_->fetch(request))), ElementsAre("a1", "a2", "b1"));
}

TEST_P(Fetch, AShareOfZeroIsServedAfterTheOthersHadTheirTurn) {
  put_all({"a1", "a2"}, "a");
  put_all({"b1"}, "b");
  const FetchRequest request{.queues = {{"a", 0}, {"b", 1}}, .max = 2, .owner = "s", .lease = 30s};
  EXPECT_THAT(ids_of(get(broker_->fetch(request))), ElementsAre("b1", "a1"));
}

TEST_P(Fetch, PausedQueuesArePassedOver) {
  put_all({"a1"}, "a");
  put_all({"b1"}, "b");
  get(broker_->pause("a"));
  const FetchRequest request{.queues = {{"a", 5}, {"b", 5}}, .max = 5, .owner = "s", .lease = 30s};
  EXPECT_THAT(ids_of(get(broker_->fetch(request))), ElementsAre("b1"));
  get(broker_->resume("a"));
  EXPECT_THAT(ids_of(get(broker_->fetch(request))), ElementsAre("a1"));
}

TEST_P(Fetch, APauseStopsFetchingAndNothingElse) {
  put_all({"a"});
  const FetchedTask running = fetch_one();
  get(broker_->pause("q"));
  EXPECT_EQ(put(delayed("b", 1s)).status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(finish(running, FinishKind::kDone), FinishOutcome::kApplied);
  clock_.advance(1s);
  EXPECT_EQ(forward(), 1u);
  EXPECT_THAT(fetch(10), IsEmpty());
}

TEST_P(Fetch, TokensOfTwoFetchesOfOneTaskDiffer) {
  put_all({"a"});
  const FetchedTask first = fetch_one();
  finish(first, FinishKind::kRequeue);
  const FetchedTask second = fetch_one();
  EXPECT_NE(first.token, second.token);
}

}  // namespace
}  // namespace windlass::conformance
