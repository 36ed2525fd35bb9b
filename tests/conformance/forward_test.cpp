// Due tasks: forward() and the time of the next one.
#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Forward : public Conformance {
 protected:
  ForwardResult forward_up_to(std::size_t max, const std::vector<std::string>& queues = {"q"}) {
    return get(broker_->forward(queues, max));
  }
};
WINDLASS_FOR_EACH_BROKER(Forward, rows());

TEST_P(Forward, ATaskMovesWhenItsTimeHasComeAndNotANanosecondBefore) {
  put(delayed("a", 1500ms));
  clock_.advance(1500ms - 1ns);
  EXPECT_EQ(forward_up_to(10).moved, 0u);
  EXPECT_EQ(state("a"), TaskState::kScheduled);
  clock_.advance(1ns);
  EXPECT_EQ(forward_up_to(10).moved, 1u);
  EXPECT_EQ(state("a"), TaskState::kPending);
}

TEST_P(Forward, TheNominalTimeSurvives) {
  put(delayed("a", 250us));
  const TimePoint nominal = clock_.now() + 250us;
  clock_.advance(1h);
  forward();
  EXPECT_EQ(fetch_one().message.scheduled_at, nominal);
}

TEST_P(Forward, TheSoonestMoveFirstWhetherScheduledOrInRetry) {
  put_all({"r"});
  fail(fetch_one(), 2s);
  put(delayed("s3", 3s));
  put(delayed("s1", 1s));
  clock_.advance(3s);
  EXPECT_EQ(forward_up_to(10).moved, 3u);
  EXPECT_THAT(ids_of(fetch(10)), ElementsAre("s1", "r", "s3"));
}

TEST_P(Forward, TasksOfEqualTimeMoveInTheOrderTheyWereStored) {
  if (GetParam().ties_by_id) GTEST_SKIP() << "this store orders ties by id";
  for (const char* id : {"c", "a", "b"}) put(delayed(id, 1s));
  clock_.advance(1s);
  forward();
  EXPECT_THAT(ids_of(fetch(10)), ElementsAre("c", "a", "b"));
}

TEST_P(Forward, ForwardedTasksWaitBehindThosePending) {
  put(delayed("late", 1s));
  put_all({"early"});
  clock_.advance(1s);
  forward();
  EXPECT_THAT(ids_of(fetch(10)), ElementsAre("early", "late"));
}

TEST_P(Forward, NextDueIsTheEarliestThatWaits) {
  EXPECT_EQ(forward_up_to(10).next_due, std::nullopt);
  put(delayed("b", 5s));
  put(delayed("a", 2s + 1ns));
  put_all({"r"});
  fail(fetch_one(), 3s);
  EXPECT_EQ(forward_up_to(10).next_due, clock_.now() + 2s + 1ns);
  clock_.advance(2s + 1ns);
  EXPECT_EQ(forward_up_to(10).next_due, clock_.now() + 1s - 1ns) << "the one in retry";
}

TEST_P(Forward, NoMoreThanMaxMoveAndNextDueLiesInThePastThen) {
  for (int i = 0; i < 5; ++i) put(delayed(std::to_string(i), 1s + Duration(i)));
  const TimePoint first = clock_.now() + 1s;
  clock_.advance(1min);
  const ForwardResult some = forward_up_to(2);
  EXPECT_EQ(some.moved, 2u);
  EXPECT_EQ(some.next_due, first + 2ns);
  const ForwardResult rest = forward_up_to(10);
  EXPECT_EQ(rest.moved, 3u);
  EXPECT_EQ(rest.next_due, std::nullopt);
}

TEST_P(Forward, AMaxOfZeroJustAsks) {
  put(delayed("a", 1s));
  const TimePoint due = clock_.now() + 1s;
  clock_.advance(2s);
  const ForwardResult asked = forward_up_to(0);
  EXPECT_EQ(asked.moved, 0u);
  EXPECT_EQ(asked.next_due, due);
}

TEST_P(Forward, QueuesComeOneAfterTheOther) {
  put(delayed("a", 2s, "one"));
  put(delayed("b", 1s, "two"));
  put(delayed("c", 1s, "three"));
  clock_.advance(2s);
  EXPECT_EQ(forward_up_to(1, {"one", "two", "unknown"}).moved, 1u);
  EXPECT_EQ(state("a", "one"), TaskState::kPending);
  EXPECT_EQ(state("b", "two"), TaskState::kScheduled);
  EXPECT_EQ(forward_up_to(10, {"one", "two"}).moved, 1u);
  EXPECT_EQ(state("c", "three"), TaskState::kScheduled) << "not asked for";
}

TEST_P(Forward, AThousandDueTasksMoveInOneCall) {
  std::vector<NewTask> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(delayed(std::to_string(i), 1s));
  get(broker_->enqueue(tasks));
  clock_.advance(1s);
  EXPECT_EQ(forward_up_to(1000).moved, 1000u);
  EXPECT_EQ(fetch(1000).size(), 1000u);
}

TEST_P(Forward, AClockSteppedBackHoldsTasksUntilTheirTimeOnIt) {
  put(delayed("a", 1s));
  clock_.step_wall(-1h);
  clock_.advance(59min);
  EXPECT_EQ(forward_up_to(10).moved, 0u);
  clock_.advance(1min + 1s);
  EXPECT_EQ(forward_up_to(10).moved, 1u);
}

TEST_P(Forward, ADueTaskWithAGroupJoinsItAndIsVisibleThere) {
  NewTask task = grouped("a", "mails");
  task.process_at = clock_.now() + 1s;
  put(task);
  EXPECT_THAT(get(broker_->groups("q")), IsEmpty());
  clock_.advance(1s);
  EXPECT_EQ(forward_up_to(10).moved, 1u);
  EXPECT_EQ(state("a"), TaskState::kAggregating);
  const auto groups = get(broker_->groups("q"));
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].group, "mails");
  EXPECT_EQ(groups[0].size, 1u);
  const AggregationRules rules{.grace = 10s};
  clock_.advance(9s);
  EXPECT_FALSE(get(broker_->take_group("q", rules, 1min)).has_value()) << "its time in the group counts from joining";
  clock_.advance(1s);
  EXPECT_TRUE(get(broker_->take_group("q", rules, 1min)).has_value());
}

TEST_P(Forward, ASnoozedTaskComesBack) {
  put_all({"a"});
  finish(Finish{.lease = lease_of(fetch_one()), .kind = FinishKind::kSnooze, .at = clock_.now() + 10ms});
  clock_.advance(10ms);
  EXPECT_EQ(forward_up_to(10).moved, 1u);
  EXPECT_THAT(ids_of(fetch(1)), ElementsAre("a"));
}

TEST_P(Forward, ARetryAtAPastTimeIsDueAtOnce) {
  put_all({"a"});
  fail(fetch_one(), -1h);
  EXPECT_EQ(state("a"), TaskState::kRetry);
  EXPECT_EQ(forward_up_to(10).moved, 1u);
}

}  // namespace
}  // namespace windlass::conformance
