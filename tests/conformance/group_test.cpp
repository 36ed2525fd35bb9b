// Groups: when one is handed out, what happens to its tasks meanwhile, and how it ends.
#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Groups : public Conformance {
 protected:
  std::optional<AggregationSet> take(const AggregationRules& rules, Duration hold = 2min) {
    return get(broker_->take_group("q", rules, hold));
  }
  // Whatever is ready at once.
  AggregationSet take_now(Duration hold = 2min) {
    std::optional<AggregationSet> set = take({.grace = 0s}, hold);
    if (!set) throw std::runtime_error("no group was ready");
    return *set;
  }
  std::vector<std::string> ids_in(const AggregationSet& set) {
    std::vector<std::string> found;
    for (const core::TaskMessage& message : set.tasks) found.push_back(message.id);
    return found;
  }
  // "name:size" of each group.
  std::vector<std::string> sizes() {
    std::vector<std::string> found;
    for (const GroupInfo& group : get(broker_->groups("q")))
      found.push_back(group.group + ":" + std::to_string(group.size));
    return found;
  }
};
WINDLASS_FOR_EACH_BROKER(Groups, rows());

TEST_P(Groups, AGroupIsReadyWhenGraceHasPassedSinceItsLastTask) {
  put(grouped("a"));
  clock_.advance(5s);
  put(grouped("b"));
  clock_.advance(10s - 1ns);
  EXPECT_FALSE(take({.grace = 10s}).has_value());
  clock_.advance(1ns);
  const auto set = take({.grace = 10s});
  ASSERT_TRUE(set.has_value());
  EXPECT_EQ(set->queue, "q");
  EXPECT_EQ(set->group, "g");
  EXPECT_EQ(set->deadline, clock_.now() + 2min);
  EXPECT_THAT(ids_in(*set), ElementsAre("a", "b"));
}

TEST_P(Groups, AGroupIsReadyWhenMaxDelayHasPassedSinceItsFirstTask) {
  put(grouped("a"));
  clock_.advance(15s);
  put(grouped("b"));
  clock_.advance(5s - 1ns);
  const AggregationRules rules{.grace = 1h, .max_delay = 20s};
  EXPECT_FALSE(take(rules).has_value());
  clock_.advance(1ns);
  EXPECT_THAT(ids_in(*take(rules)), ElementsAre("a", "b"));
}

TEST_P(Groups, AGroupIsReadyWhenMaxSizeWaitAndHandsOutNoMore) {
  const AggregationRules rules{.grace = 1h, .max_size = 2};
  put(grouped("a"));
  EXPECT_FALSE(take(rules).has_value());
  clock_.advance(1s);
  put(grouped("b"));
  clock_.advance(1s);
  put(grouped("c"));
  EXPECT_THAT(ids_in(*take(rules)), ElementsAre("a", "b"));
  EXPECT_THAT(sizes(), ElementsAre("g:1"));
  EXPECT_FALSE(take(rules).has_value()) << "one is left, too few";
}

TEST_P(Groups, GraceAndDelayHandOutAtMostMaxSizeToo) {
  for (const char* id : {"a", "b", "c"}) {
    put(grouped(id));
    clock_.advance(1s);
  }
  EXPECT_THAT(ids_in(*take({.grace = 0s, .max_size = 2})), ElementsAre("a", "b"));
  EXPECT_THAT(ids_in(*take({.grace = 0s, .max_size = 2})), ElementsAre("c"));
  EXPECT_FALSE(take({.grace = 0s, .max_size = 2}).has_value());
}

TEST_P(Groups, TheFirstReadyGroupByNameIsHandedOut) {
  put(grouped("3", "c"));
  put(grouped("2", "b"));
  clock_.advance(10s);
  put(grouped("1", "a"));
  EXPECT_EQ(take({.grace = 10s})->group, "b");
  EXPECT_EQ(take({.grace = 10s})->group, "c");
  EXPECT_FALSE(take({.grace = 10s}).has_value());
  clock_.advance(10s);
  EXPECT_EQ(take({.grace = 10s})->group, "a");
}

TEST_P(Groups, UnknownAndPausedQueuesAndOddNames) {
  EXPECT_FALSE(get(broker_->take_group("unknown", {.grace = 0s}, 1min)).has_value());
  put(grouped("a", "X:0b5d: имя"));
  get(broker_->pause("q"));
  EXPECT_EQ(take_now().group, "X:0b5d: имя") << "a pause stops fetching only";
}

TEST_P(Groups, TasksOfASetStayAggregatingButAreNotPartOfTheGroup) {
  put(grouped("a"));
  put(grouped("other", "h"));
  const AggregationSet set = take_now();
  EXPECT_EQ(state("a"), TaskState::kAggregating);
  EXPECT_THAT(sizes(), ElementsAre("h:1"));
  const QueueInfo q = stats();
  EXPECT_EQ(q.aggregating, 2u);
  EXPECT_EQ(q.groups, 1u);
  EXPECT_EQ(q.size, 2u);
  EXPECT_THAT(ids(TaskState::kAggregating), ElementsAre("a", "other"));
  EXPECT_THAT(ids(TaskFilter{.queue = "q", .state = TaskState::kAggregating, .group = "g"}), ElementsAre("a"));
}

TEST_P(Groups, ActionsOnTasksOfASetAreRefused) {
  put(grouped("a"));
  const AggregationSet set = take_now();
  for (const TaskAction action : {TaskAction::kRun, TaskAction::kArchive, TaskAction::kDelete}) {
    EXPECT_EQ(act("a", action), ActionOutcome::kWrongState);
    EXPECT_EQ(
        get(broker_->bulk({.filter = {.queue = "q", .state = TaskState::kAggregating}, .action = action})).applied, 0u);
  }
  get(broker_->release_group(set));
  EXPECT_EQ(act("a", TaskAction::kDelete), ActionOutcome::kApplied);
}

TEST_P(Groups, FinishingStoresTheAggregateAndRemovesTheTasks) {
  put(grouped("a"));
  put(grouped("b"));
  const AggregationSet set = take_now();
  put(grouped("c"));
  NewTask aggregate = plain("sum");
  const EnqueueOutcome outcome = get(broker_->finish_group(set, &aggregate));
  EXPECT_EQ(outcome.status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(outcome.state, TaskState::kPending);
  EXPECT_FALSE(exists("a"));
  EXPECT_FALSE(exists("b"));
  EXPECT_TRUE(exists("c")) << "it came after the set was taken";
  EXPECT_THAT(ids_of(fetch(10)), ElementsAre("sum"));
  EXPECT_EQ(stats().processed, 0u) << "aggregating is not processing";
}

TEST_P(Groups, FinishingWithoutAnAggregateJustRemovesTheTasks) {
  put(grouped("a"));
  get(broker_->finish_group(take_now(), nullptr));
  EXPECT_FALSE(exists("a"));
  EXPECT_EQ(stats().size, 0u);
}

TEST_P(Groups, AnAggregateMayBeDelayedOrGroupedItself) {
  put(grouped("a"));
  NewTask later = delayed("later", 1h);
  EXPECT_EQ(get(broker_->finish_group(take_now(), &later)).state, TaskState::kScheduled);
  put(grouped("b"));
  NewTask next = grouped("next", "second");
  EXPECT_EQ(get(broker_->finish_group(take_now(), &next)).state, TaskState::kAggregating);
  EXPECT_THAT(sizes(), ElementsAre("second:1"));
}

TEST_P(Groups, ARefusedAggregateChangesNothingAndTheSetIsStillHeld) {
  put(plain("taken"));
  put(unique("holder", 1h));
  put(grouped("a"));
  const AggregationSet set = take_now();
  NewTask conflict = plain("taken"), duplicate = unique("dup", 1h), same_id = plain("a");
  EXPECT_EQ(get(broker_->finish_group(set, &conflict)).status, EnqueueStatus::kIdConflict);
  EXPECT_EQ(get(broker_->finish_group(set, &duplicate)).holder, "holder");
  EXPECT_EQ(get(broker_->finish_group(set, &same_id)).status, EnqueueStatus::kIdConflict)
      << "the tasks of the set are still there when the checks are made";
  NewTask too_large = plain("large");
  too_large.message.payload = Payload(std::string(kTestPayloadMax + 1, 'x'));
  EXPECT_EQ(code_of(broker_->finish_group(set, &too_large)), ErrorCode::kResourceExhausted);
  EXPECT_EQ(state("a"), TaskState::kAggregating);
  NewTask good = plain("good");
  EXPECT_EQ(get(broker_->finish_group(set, &good)).status, EnqueueStatus::kEnqueued);
}

TEST_P(Groups, FinishingAfterTheHoldEndedIsRefused) {
  put(grouped("a"));
  const AggregationSet set = take_now(1min);
  clock_.advance(1min);
  NewTask aggregate = plain("sum");
  EXPECT_EQ(code_of(broker_->finish_group(set, &aggregate)), ErrorCode::kLeaseLost);
  EXPECT_FALSE(exists("sum"));
  EXPECT_TRUE(exists("a"));
}

TEST_P(Groups, FinishingTwiceIsRefusedTheSecondTime) {
  put(grouped("a"));
  const AggregationSet set = take_now();
  get(broker_->finish_group(set, nullptr));
  EXPECT_EQ(code_of(broker_->finish_group(set, nullptr)), ErrorCode::kLeaseLost);
}

TEST_P(Groups, TasksWhoseHoldEndedGoBackWithTheNextTakeAndKeepTheirAge) {
  put(grouped("a"));
  const AggregationSet lost = take_now(1min);
  clock_.advance(1min - 1ns);
  EXPECT_FALSE(take({.grace = 0s}).has_value());
  clock_.advance(1ns);
  const auto again = take({.grace = 1min});
  ASSERT_TRUE(again.has_value()) << "joined a minute ago, and ready by that";
  EXPECT_THAT(ids_in(*again), ElementsAre("a"));
  EXPECT_NE(again->id, lost.id);
  EXPECT_EQ(code_of(broker_->finish_group(lost, nullptr)), ErrorCode::kLeaseLost) << "the first holder is too late";
  get(broker_->release_group(lost));
  EXPECT_THAT(sizes(), IsEmpty()) << "and cannot release what is another's";
  get(broker_->finish_group(*again, nullptr));
}

TEST_P(Groups, RecoveryPutsBackWhatNobodyHoldsAnyMore) {
  put(grouped("a"));
  take_now(1min);
  clock_.advance(1min);
  EXPECT_THAT(get(broker_->recover({.queues = {"q"}})), IsEmpty()) << "these are not lost tasks";
  EXPECT_THAT(sizes(), ElementsAre("g:1"));
  EXPECT_EQ(act("a", TaskAction::kRun), ActionOutcome::kApplied);
}

TEST_P(Groups, ReleasingPutsTheTasksBackInTheirPlace) {
  put(grouped("a"));
  clock_.advance(1s);
  put(grouped("b"));
  const AggregationSet set = take_now();
  clock_.advance(1s);
  put(grouped("c"));
  get(broker_->release_group(set));
  EXPECT_THAT(sizes(), ElementsAre("g:3"));
  EXPECT_THAT(ids_in(take_now()), ElementsAre("a", "b", "c"));
  get(broker_->release_group(set));
}

TEST_P(Groups, ATaskRunByHandLeavesItsGroup) {
  put(grouped("a"));
  EXPECT_EQ(act("a", TaskAction::kRun), ActionOutcome::kApplied);
  EXPECT_THAT(sizes(), IsEmpty()) << "an emptied group is not shown";
  EXPECT_FALSE(take({.grace = 0s}).has_value());
  EXPECT_EQ(fetch_one().message.group, "g");
}

TEST_P(Groups, ATaskOfAGroupThatFailsGoesBackToItsGroup) {
  put(grouped("a"));
  act("a", TaskAction::kRun);
  fail(fetch_one(), 1s);
  clock_.advance(1s);
  forward();
  EXPECT_EQ(state("a"), TaskState::kAggregating);
  EXPECT_THAT(sizes(), ElementsAre("g:1"));
}

TEST_P(Groups, AThousandTasksMakeOneSet) {
  std::vector<NewTask> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(grouped(std::to_string(1000 + i)));
  get(broker_->enqueue(tasks));
  const AggregationSet set = take_now();
  EXPECT_EQ(set.tasks.size(), 1000u);
  EXPECT_EQ(set.tasks[7].payload, tasks[7].message.payload);
  get(broker_->finish_group(set, nullptr));
  EXPECT_EQ(stats().size, 0u);
}

}  // namespace
}  // namespace windlass::conformance
