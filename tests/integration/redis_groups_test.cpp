// Groups on Redis: large ones, those of Asynq, messages that do not decode.
#include "integration/redis_inspect_fixture.hpp"

namespace windlass::testing {
namespace {

class RedisGroups : public RedisInspectFixture {
 protected:
  std::optional<AggregationSet> take(const AggregationRules& rules) { return get(broker_->take_group("q", rules, 2min)); }
  static std::vector<std::string> ids_in(const AggregationSet& set) {
    std::vector<std::string> found;
    for (const core::TaskMessage& message : set.tasks) found.push_back(message.id);
    return found;
  }
};

TEST_F(RedisGroups, ALargeGroupIsTakenFinishedAndGone) {
  std::vector<NewTask> tasks;
  for (int n = 0; n < 3000; ++n) tasks.push_back(grouped(numbered(n)));
  get(broker_->enqueue(tasks));
  const auto set = take({.grace = 0s});
  EXPECT_EQ(set->tasks.size(), 3000u);
  NewTask sum = plain("sum");
  EXPECT_EQ(get(broker_->finish_group(*set, &sum)).status, EnqueueStatus::kEnqueued);
  EXPECT_THAT(keys(), UnorderedElementsAre("asynq:{q}:pending", "asynq:{q}:t:sum"));
}

TEST_F(RedisGroups, ManyGroupsAreCountedAndTakenInPortions) {
  constexpr int kGroups = 2500;
  std::vector<NewTask> tasks;
  for (int n = 0; n < kGroups; ++n) tasks.push_back(grouped("t" + numbered(n), "group " + numbered(n)));
  get(broker_->enqueue(tasks));
  clock_.advance(1min);
  put(grouped("late", "another"));
  EXPECT_EQ(stats().aggregating, kGroups + 1u);
  EXPECT_EQ(stats().groups, kGroups + 1u);
  for (int n = 0; n < 3; ++n) {
    const auto set = get(broker_->take_group("q", {.grace = 1min}, 1h));
    ASSERT_TRUE(set);
    EXPECT_EQ(set->group, "group " + numbered(n)) << "the first by name of those that are ready";
    EXPECT_EQ(set->tasks.size(), 1u);
  }
  EXPECT_EQ(stats().aggregating, kGroups + 1u) << "also those in sets";
  EXPECT_EQ(stats().groups, kGroups - 2u);
}

TEST_F(RedisGroups, TheOldestAreTakenAlsoFromTheMiddleOfASecond) {
  for (const char* id : {"d", "c", "b", "a"}) {
    put(grouped(id));
    clock_.advance(10ms);
  }
  EXPECT_THAT(ids_in(*take({.grace = 1h, .max_size = 3})), ElementsAre("d", "c", "b"));
  EXPECT_THAT(ids(TaskState::kAggregating, 10), ElementsAre("d", "c", "b", "a"));
  put(grouped("e"));
  EXPECT_THAT(ids_in(*take({.grace = 0s, .max_size = 3})), ElementsAre("a", "e"));
}

TEST_F(RedisGroups, ManyAreTakenOverManySeconds) {
  for (int n = 0; n < 2500; n += 100) {
    std::vector<NewTask> tasks;
    for (int i = n; i < n + 100; ++i) tasks.push_back(grouped(numbered(i)));
    get(broker_->enqueue(tasks));
    clock_.advance(700ms);
  }
  const auto set = take({.grace = 1h, .max_size = 2050});
  ASSERT_TRUE(set.has_value());
  ASSERT_EQ(set->tasks.size(), 2050u);
  for (int n = 0; n < 2050; ++n) ASSERT_EQ(set->tasks[static_cast<std::size_t>(n)].id, numbered(n));
  EXPECT_EQ(get(broker_->groups("q")).at(0).size, 450u);
}

TEST_F(RedisGroups, TheSetIsWhatAsynqExpects) {
  put(grouped("a"));
  clock_.advance(1500ms);
  const auto set = take({.grace = 0s});
  const std::string key = "asynq:{q}:g:g:" + set->id;
  EXPECT_EQ(score(key, "a"), 1709208000);
  EXPECT_EQ(score("asynq:{q}:aggregation_sets", key), 1709208122) << "the first whole second after the hold";
  EXPECT_EQ(set->id.find(':'), std::string::npos) << "Asynq cuts at the last colon";
}

TEST_F(RedisGroups, ASetOfAsynqThatEndedGoesBack) {
  put(grouped("a"));
  const std::string key = "asynq:{q}:g:g:11111111-2222-4333-8444-123456789012";
  run({"RENAME", "asynq:{q}:g:g", key});
  run({"DEL", "asynq:{q}:groups"});
  run({"ZADD", "asynq:{q}:aggregation_sets", "1709208010", key});
  EXPECT_EQ(act("a", TaskAction::kRun), ActionOutcome::kWrongState);
  EXPECT_EQ(stats().aggregating, 1u);
  clock_.advance(9s);
  EXPECT_FALSE(take({.grace = 0s}).has_value());
  clock_.advance(1s);
  EXPECT_THAT(ids_in(*take({.grace = 0s})), ElementsAre("a"));
}

TEST_F(RedisGroups, MessagesThatDoNotDecodeAreArchivedAndTheRestGoesOn) {
  put(grouped("bad"));
  put(grouped("good"));
  run({"HSET", "asynq:{q}:t:bad", "msg", "\xff\xff"});
  run({"ZADD", "asynq:{q}:g:g", "1709208000", "ghost"});
  const auto set = take({.grace = 0s});
  EXPECT_THAT(ids_in(*set), ElementsAre("good"));
  EXPECT_EQ(info("bad").state, TaskState::kArchived);
  EXPECT_EQ(info("bad").payload, Payload("\xff\xff"));
  get(broker_->finish_group(*set, nullptr));
  EXPECT_TRUE(exists("bad"));
}

TEST_F(RedisGroups, AGroupOfNothingButBadMessagesIsNotHandedOut) {
  put(grouped("bad"));
  run({"HSET", "asynq:{q}:t:bad", "msg", "\xff\xff"});
  EXPECT_FALSE(take({.grace = 0s}).has_value());
  EXPECT_EQ(info("bad").state, TaskState::kArchived);
  EXPECT_EQ(stats().aggregating, 0u);
  EXPECT_EQ(run({"EXISTS", "asynq:{q}:aggregation_sets"}), "0");
}

TEST_F(RedisGroups, AnAggregateMayCarryATick) {
  put(grouped("a"));
  NewTask sum = plain("sum");
  sum.tick = Tick{"entry", clock_.now()};
  EXPECT_EQ(get(broker_->finish_group(*take({.grace = 0s}), &sum)).status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(get(broker_->last_ticks(std::vector<std::string>{"entry"})).at(0), clock_.now());
  put(grouped("b"));
  const auto second = take({.grace = 0s});
  sum.message.id = "sum2";
  EXPECT_EQ(get(broker_->finish_group(*second, &sum)).status, EnqueueStatus::kTickTaken);
  EXPECT_TRUE(exists("b")) << "and the set is still held";
}

}  // namespace
}  // namespace windlass::testing
