// Keys of another type than they should be: somebody else's, or a slip of the hand. What needs such a key fails with an
// error that names it, before anything is written; everything else goes on.
#include <gmock/gmock.h>

#include <windlass/client.hpp>
#include <windlass/server.hpp>

#include "broker/redis/watch.hpp"
#include "integration/redis_broker_fixture.hpp"

namespace windlass::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RedisWrongTypes : public RedisBrokerFixture {
 protected:
  void SetUp() override {
    RedisBrokerFixture::SetUp();
    if (!IsSkipped()) broker_ = open_broker(server_.url());
  }
  std::string run(const std::vector<std::string>& command) const { return server_.run_text(command); }
  // Makes it a hash, which none of the keys of these tests should be.
  void spoil(const std::string& key) const { run({"HSET", key, "not", "ours"}); }
  void mend(const std::string& key) const { run({"DEL", key}); }

  template <class T>
  static void expect_named(const Result<T>& result, const std::string& key) {
    ASSERT_FALSE(result) << key;
    EXPECT_THAT(result.error().code(), AnyOf(ErrorCode::kCorrupt, ErrorCode::kUnknownOutcome))
        << result.error().message();
    EXPECT_THAT(result.error().message(), AllOf(HasSubstr(key + " is a hash"), HasSubstr("rename or delete that key")));
  }
  static NewTask grouped(const std::string& id, const std::string& group) {
    NewTask task = plain(id);
    task.message.group = group;
    return task;
  }
  static NewTask tick(const std::string& id, const std::string& entry, Duration nominal) {
    NewTask task = plain(id);
    task.tick = Tick{entry, TimePoint(nominal)};
    return task;
  }
  Result<std::vector<EnqueueOutcome>> enqueue(const std::vector<NewTask>& tasks) { return broker_->enqueue(tasks); }
  Result<std::vector<FinishOutcome>> finish_as(const FetchedTask& task, FinishKind kind) {
    const Finish item{.lease = lease_of(task), .kind = kind, .at = base::real_clock().now() + 1h};
    return broker_->finish(std::span(&item, 1));
  }

  RedisServer server_;
  std::shared_ptr<Broker> broker_;
};

TEST_F(RedisWrongTypes, AGroupKeyFailsItsTaskAloneAndNothingOfItIsStored) {
  spoil("asynq:{q}:g:bad");
  expect_named(enqueue({grouped("alone", "bad")}), "asynq:{q}:g:bad");
  const NewTask alone = grouped("alone", "bad");
  expect_named(open_broker(server_.url() + "?protocol=2")->enqueue(std::span(&alone, 1)), "asynq:{q}:g:bad");
  expect_named(enqueue({plain("a"), grouped("b", "bad"), plain("c"), grouped("d", "good")}), "asynq:{q}:g:bad");
  EXPECT_FALSE(exists(*broker_, "alone"));
  EXPECT_FALSE(exists(*broker_, "b"));
  EXPECT_EQ(state(*broker_, "d"), TaskState::kAggregating);
  EXPECT_EQ(fetch(*broker_, 10).size(), 2u) << "the others are all there";
  EXPECT_EQ(run({"SMEMBERS", "asynq:{q}:groups"}), "");
  mend("asynq:{q}:g:bad");
  EXPECT_EQ(put(*broker_, grouped("b", "bad")), EnqueueStatus::kEnqueued);
}

TEST_F(RedisWrongTypes, TheKeyOfTicksRefusesScriptsWithTicksAndNoOthers) {
  run({"SET", "asynq:windlass:ticks", "not ours"});
  const auto refused = enqueue({plain("a"), tick("b", "entry", 1000s)});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("asynq:windlass:ticks is a string and must be a hash"));
  EXPECT_EQ(run({"KEYS", "asynq:{q}:*"}), "") << "nothing was written";
  EXPECT_EQ(put(*broker_, plain("a")), EnqueueStatus::kEnqueued);
  mend("asynq:windlass:ticks");
  EXPECT_EQ(put(*broker_, tick("b", "entry", 1000s)), EnqueueStatus::kEnqueued);
}

TEST_F(RedisWrongTypes, WhatIsKeptOfAnEntryAndCannotBeReadIsReplaced) {
  run({"HSET", "asynq:windlass:ticks", "entry", "no ticks"});
  EXPECT_THAT(get(broker_->last_ticks(std::vector<std::string>{"entry"})), ElementsAre(std::nullopt));
  EXPECT_EQ(put(*broker_, tick("a", "entry", 1000s)), EnqueueStatus::kEnqueued);
  EXPECT_EQ(put(*broker_, tick("b", "entry", 1000s)), EnqueueStatus::kTickTaken);
}

TEST_F(RedisWrongTypes, AHistoryThatCannotBeWrittenDoesNotStopTheTicks) {
  run({"SET", "asynq:scheduler_history:bad", "no history"});
  EXPECT_EQ(get(enqueue({tick("a", "bad", 1000s), tick("b", "good", 1000s)})).at(1).status, EnqueueStatus::kEnqueued);
  EXPECT_TRUE(exists(*broker_, "a"));
  EXPECT_EQ(get(broker_->scheduler_events("good", 10)).size(), 1u);
}

TEST_F(RedisWrongTypes, AnEarlierTaskOfAnEntryThatIsNoTaskRunsNotAnyMore) {
  put(*broker_, tick("first", "entry", 1000s));
  mend("asynq:{q}:t:first");
  run({"SET", "asynq:{q}:t:first", "no hash"});
  NewTask second = tick("second", "entry", 2000s);
  second.tick->skip_if_running = true;
  EXPECT_EQ(get(enqueue({plain("a"), second})).at(1).status, EnqueueStatus::kEnqueued);
}

TEST_F(RedisWrongTypes, DueTasksOfAGroupWithSuchAKeyWaitForAMinuteAndTheOthersAreMoved) {
  NewTask held = plain("held");
  held.message.group = "bad";
  put_due(*broker_, held);
  put_due(*broker_, plain("good"));
  spoil("asynq:{q}:g:bad");
  const std::vector<std::string> queues{"q"};
  std::size_t moved = 0;
  wait_until([&] {
    moved += get(broker_->forward(queues, 10)).moved;
    return moved == 1 && get(broker_->task({"q", "held"})).next_process_at > base::real_clock().now() + 30s;
  });
  EXPECT_EQ(fetch_one(*broker_).message.id, "good");
  EXPECT_EQ(state(*broker_, "held"), TaskState::kScheduled);
  EXPECT_GT(get(broker_->forward(queues, 10)).next_due, base::real_clock().now() + 30s) << "no busy loop";
}

TEST_F(RedisWrongTypes, ATaskIsNotEndedHalfWayWhereItsCollectionIsOfAnotherType) {
  const std::pair<FinishKind, std::string> cases[] = {
      {FinishKind::kComplete, "completed"}, {FinishKind::kRetry, "retry"}, {FinishKind::kArchive, "archived"},
      {FinishKind::kSnooze, "scheduled"},   {FinishKind::kDone, "lease"},  {FinishKind::kRequeue, "pending"}};
  for (const auto& [kind, name] : cases) {
    const std::string key = "asynq:{q}:" + name;
    put(*broker_, plain(name));
    put(*broker_, plain("beside " + name));
    const std::vector<FetchedTask> running = fetch(*broker_, 2);
    ASSERT_EQ(running.size(), 2u) << name;
    const bool exists_now = run({"EXISTS", key}) == "1";
    if (exists_now) run({"RENAME", key, "aside"});
    spoil(key);
    expect_named(finish_as(running[0], kind), key);
    EXPECT_EQ(run({"HGET", "asynq:{q}:t:" + name, "state"}), "active") << name;
    if (name != "lease" && name != "pending") {
      EXPECT_EQ(get(finish_as(running[1], FinishKind::kDone)).at(0), FinishOutcome::kApplied)
          << "which does not need it";
    }
    mend(key);
    if (exists_now) run({"RENAME", "aside", key});
    EXPECT_EQ(get(finish_as(running[0], kind)).at(0), FinishOutcome::kApplied) << name;
    for (const FetchedTask& left : fetch(*broker_, 9)) finish(*broker_, left);
  }
}

TEST_F(RedisWrongTypes, AServerEndsTheTasksOfItsOtherQueues) {
  for (int i = 0; i < 20; ++i) {
    for (const char* queue : {"bad", "good"}) put(*broker_, plain(std::to_string(i), queue));
  }
  spoil("asynq:{bad}:archived");
  Mux mux;
  mux.handle("t", [](Context& ctx) {
    if (ctx.queue() == "bad") throw SkipRetry("never");
  });
  ServerConfig config;
  config.queues = {{"bad", 1}, {"good", 1}};
  config.concurrency = 4;
  Server server(broker_, config);
  get(server.start(mux));
  wait_until([&] { return get(broker_->queue_info("good")).processed == 20; });
  server.stop();
  EXPECT_EQ(get(broker_->queue_info("good")).size, 0u);
  EXPECT_EQ(run({"HGET", "asynq:{bad}:t:0", "state"}), "active") << "to run again when its lease has ended";
}

TEST_F(RedisWrongTypes, ACounterThatDoesNotCountEndsNoTaskLate) {
  spoil("asynq:{q}:processed");
  run({"SET", "asynq:{q}:failed", "many"});
  put(*broker_, plain("a"));
  put(*broker_, plain("b"));
  const auto running = fetch(*broker_, 2);
  EXPECT_EQ(finish(*broker_, running[0]), FinishOutcome::kApplied);
  EXPECT_EQ(finish(*broker_, running[1], FinishKind::kArchive), FinishOutcome::kApplied);
  EXPECT_EQ(run({"LLEN", "asynq:{q}:active"}), "0");
  expect_named(broker_->queue_info("q"), "asynq:{q}:processed");
  mend("asynq:{q}:processed");
  EXPECT_EQ(get(broker_->queue_info("q")).processed, 2u) << "of the day";
}

TEST_F(RedisWrongTypes, ATotalStartsAgainWhereItWouldOverflow) {
  run({"SET", "asynq:{q}:processed", "9223372036854775807"});
  put(*broker_, plain("a"));
  EXPECT_EQ(finish(*broker_, fetch_one(*broker_)), FinishOutcome::kApplied);
  EXPECT_EQ(get(broker_->queue_info("q")).processed_total, 1u);
}

TEST_F(RedisWrongTypes, ARunningTaskThatIsNoTaskAnyMoreIsLostAndNoneOfItsBatch) {
  for (const std::string id : {"a", "b", "c", "d"}) put(*broker_, plain(id));
  const auto running = fetch(*broker_, 4);
  mend("asynq:{q}:t:b");
  run({"SET", "asynq:{q}:t:b", "no hash"});

  std::vector<LeaseRef> leases;
  std::vector<TaskUpdate> updates;
  std::vector<Finish> finishes;
  for (const FetchedTask& task : running) {
    leases.push_back(lease_of(task));
    updates.push_back({.lease = leases.back(), .result = "result"});
    finishes.push_back(
        {.lease = leases.back(), .kind = FinishKind::kArchive, .failure = {FailureKind::kError, "boom"}});
  }
  EXPECT_EQ(get(broker_->extend(leases, 1min)), (std::vector<bool>{true, false, true, true}));
  get(broker_->update(updates));
  EXPECT_EQ(get(broker_->task({"q", "c"})).result, "result");
  EXPECT_EQ(get(broker_->finish(finishes)), (std::vector{FinishOutcome::kApplied, FinishOutcome::kLeaseLost,
                                                         FinishOutcome::kApplied, FinishOutcome::kApplied}));

  run({"LPUSH", "asynq:{q}:pending", "b"});
  const std::vector<TaskRef> refs{{"q", "a"}, {"q", "b"}, {"q", "c"}};
  EXPECT_THAT(get(broker_->act(refs, TaskAction::kRun)),
              ElementsAre(ActionOutcome::kApplied, ActionOutcome::kNotFound, ActionOutcome::kApplied));
  EXPECT_FALSE(exists(*broker_, "b"));
  EXPECT_EQ(get(broker_->list({.filter = {.queue = "q", .state = TaskState::kPending}})).tasks.size(), 2u);
}

TEST_F(RedisWrongTypes, ServersGroupsAndSchedulersAreShownWithoutWhatIsNone) {
  for (const char* id : {"a", "b"}) put(*broker_, plain(id));
  ServerRecord record;
  record.info.id = "host:1:server";
  for (const FetchedTask& task : fetch(*broker_, 2, "q", "host:1:server"))
    record.running.push_back({.lease = lease_of(task)});
  get(broker_->publish_server(record, 1min));
  mend("asynq:{q}:t:a");
  run({"SET", "asynq:{q}:t:a", "no hash"});
  EXPECT_EQ(get(broker_->servers()).at(0).workers.size(), 1u);
  get(broker_->publish_server(record, 1min));
  EXPECT_EQ(get(broker_->servers()).at(0).workers.size(), 1u);
  for (const std::string kind : {"servers", "schedulers"}) {
    spoil("asynq:" + kind + ":{other}");
    run({"ZADD", "asynq:" + kind, "99999999999", "asynq:" + kind + ":{other}"});
  }
  EXPECT_EQ(get(broker_->servers()).size(), 1u);
  get(broker_->publish_scheduler({"s", {{.id = "entry"}}}, 1min));
  EXPECT_EQ(get(broker_->scheduler_entries()).size(), 1u);

  put(*broker_, grouped("c", "g"));
  put(*broker_, grouped("d", "g"));
  mend("asynq:{q}:t:c");
  run({"SET", "asynq:{q}:t:c", "no hash"});
  const auto set = get(broker_->take_group("q", {.grace = Duration::zero()}, 1h));
  ASSERT_TRUE(set);
  ASSERT_EQ(set->tasks.size(), 1u);
  EXPECT_EQ(set->tasks[0].id, "d");
}

TEST_F(RedisWrongTypes, AQueueWithSuchAKeyDoesNotKeepAServerFromSleeping) {
  const auto client = open(server_.url());
  const auto watch = make_tracking_watch(*client, {"bad", "good"}, WaitFor::kPending);
  spoil("asynq:{bad}:pending");
  EXPECT_FALSE(get(watch->wait(TimePoint::max(), net::after(300ms))));
  mend("asynq:{bad}:pending");
  EXPECT_TRUE(get(watch->wait(TimePoint::max(), net::after(1h))));
  EXPECT_FALSE(get(watch->wait(TimePoint::max(), net::after(300ms))));
  put(*broker_, plain("a", "good"));
  EXPECT_TRUE(get(watch->wait(TimePoint::max(), net::after(1h))));
}

TEST_F(RedisWrongTypes, ActionsChangeNothingWhereACollectionIsOfAnotherType) {
  put(*broker_, delayed("a", 1h));
  put(*broker_, grouped("b", "g"));
  for (const std::string key : {"asynq:{q}:retry", "asynq:{q}:archived", "asynq:{q}:pending"}) {
    spoil(key);
    const std::vector<TaskRef> refs{{"q", "a"}};
    expect_named(broker_->act(refs, TaskAction::kArchive), key);
    EXPECT_EQ(state(*broker_, "a"), TaskState::kScheduled);
    mend(key);
  }
  run({"RENAME", "asynq:{q}:g:g", "aside"});
  spoil("asynq:{q}:g:g");
  const std::vector<TaskRef> refs{{"q", "a"}, {"q", "b"}};
  EXPECT_THAT(get(broker_->act(refs, TaskAction::kRun)),
              ElementsAre(ActionOutcome::kApplied, ActionOutcome::kWrongState));
  EXPECT_EQ(fetch(*broker_, 9).size(), 1u);
}

TEST_F(RedisWrongTypes, AGroupWithSuchAKeyIsNotTakenAndKeepsNoOtherFromIt) {
  put(*broker_, grouped("a", "bad"));
  const AggregationRules at_once{.grace = Duration::zero()};
  const auto held = get(broker_->take_group("q", at_once, 1h));
  ASSERT_TRUE(held);
  spoil("asynq:{q}:g:bad");
  run({"SADD", "asynq:{q}:groups", "bad"});
  put(*broker_, grouped("b", "good"));
  const auto set = get(broker_->take_group("q", at_once, 1h));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->group, "good");
  get(broker_->release_group(*held));
  EXPECT_EQ(state(*broker_, "a"), TaskState::kAggregating) << "held until the key is mended";
  expect_named(broker_->queue_info("q"), "asynq:{q}:g:bad");
  mend("asynq:{q}:g:bad");
  get(broker_->release_group(*held));
  EXPECT_EQ(get(broker_->take_group("q", at_once, 1h))->tasks.at(0).id, "a");
}

TEST_F(RedisWrongTypes, ASetIsNeitherFinishedNorReleasedHalfWay) {
  std::vector<NewTask> tasks;
  for (int i = 0; i < 300; ++i) tasks.push_back(grouped(std::to_string(i), "g"));
  get(enqueue(tasks));
  const auto set = get(broker_->take_group("q", {.grace = Duration::zero()}, 1h));
  ASSERT_TRUE(set);
  const NewTask sum = plain("sum");
  spoil("asynq:{q}:windlass:trash");
  expect_named(broker_->finish_group(*set, &sum), "asynq:{q}:windlass:trash");
  EXPECT_FALSE(exists(*broker_, "sum"));
  mend("asynq:{q}:windlass:trash");
  spoil("asynq:{q}:groups");
  expect_named(broker_->release_group(*set), "asynq:{q}:groups");
  mend("asynq:{q}:groups");
  EXPECT_EQ(get(broker_->finish_group(*set, &sum)).status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(get(broker_->queue_info("q")).size, 1u);
}

TEST_F(RedisWrongTypes, AQueueThatCannotBeRecoveredOrCleanedKeepsNoOtherFromIt) {
  for (const std::string queue : {"bad", "good"}) {
    put(*broker_, plain("a", queue));
    ASSERT_EQ(fetch(*broker_, 1, queue, "dead").size(), 1u);
  }
  spoil("asynq:{bad}:pending");
  spoil("asynq:{bad}:windlass:trash");
  spoil("asynq:{bad}:archived");
  get(broker_->keep_alive("dead", 10s));
  get(broker_->clear_server("dead"));
  const auto recovered = get(broker_->recover({.queues = {"bad", "good"}}));
  ASSERT_EQ(recovered.size(), 1u);
  EXPECT_EQ(recovered[0].task.queue, "good");
  expect_named(broker_->recover({.queues = {"bad", "good"}}), "asynq:{bad}:pending");

  finish(*broker_, fetch_one(*broker_, "good"), FinishKind::kArchive);
  EXPECT_EQ(get(broker_->clean({.queues = {"bad", "good"}, .archive_max = 0})).archived, 1u);
}

}  // namespace
}  // namespace windlass::testing
