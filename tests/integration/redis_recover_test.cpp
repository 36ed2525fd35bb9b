// Recovery on a Redis that Go servers use too, and on data that nobody should have left there.
#include <algorithm>

#include "integration/redis_inspect_fixture.hpp"

namespace windlass::testing {
namespace {

class RedisRecover : public RedisInspectFixture {
 protected:
  std::vector<RecoveredTask> recover(std::size_t max = 250, int crash_limit = 3) {
    return get(broker_->recover({.queues = {"q"}, .max = max, .crash_limit = crash_limit}));
  }
  static std::vector<std::string> names(const std::vector<RecoveredTask>& tasks) {
    std::vector<std::string> ids;
    for (const RecoveredTask& task : tasks) ids.push_back(task.task.id);
    return ids;
  }
  std::int64_t redis_seconds() { return server_->run({"TIME"})[0][0].integer().value(); }
  // What a Go server leaves when it takes a task: no field of ours, and a lease of its own.
  void give_to_go(const std::string& id, std::int64_t lease_ends) {
    run({"HDEL", "asynq:{q}:t:" + id, "w:run"});
    run({"ZADD", "asynq:{q}:lease", std::to_string(lease_ends), id});
  }
  std::int64_t active() { return server_->run({"LLEN", "asynq:{q}:active"})[0].integer().value(); }
  std::int64_t leases() { return server_->run({"ZCARD", "asynq:{q}:lease"})[0].integer().value(); }
};

TEST_F(RedisRecover, ATaskOfAGoServerIsLostThirtySecondsAfterItsLease) {
  put(plain("a"));
  fetch(1);
  give_to_go("a", redis_seconds() - 20);
  EXPECT_THAT(recover(), IsEmpty());
  give_to_go("a", redis_seconds() - 30);
  const auto recovered = recover();
  ASSERT_EQ(names(recovered), std::vector<std::string>{"a"});
  EXPECT_EQ(recovered[0].owner, "");
  EXPECT_EQ(recovered[0].crashes, 1);
  EXPECT_EQ(info("a").state, TaskState::kPending);
  EXPECT_EQ(active(), 0);
  EXPECT_EQ(leases(), 0);
}

TEST_F(RedisRecover, ATaskThatAGoServerTookAfterADeadOneOfOursIsNotTheDeadOnes) {
  put(plain("a"));
  get(broker_->keep_alive("server", 1h));
  fetch(1);
  get(broker_->clear_server("server"));
  // A Go server has it now: its lease is another.
  run({"ZADD", "asynq:{q}:lease", std::to_string(redis_seconds() + 77), "a"});
  EXPECT_THAT(recover(), IsEmpty());
  EXPECT_EQ(info("a").state, TaskState::kActive);
}

TEST_F(RedisRecover, AnActiveIdWithoutALeaseIsLost) {
  put(plain("a"));
  fetch(1);
  run({"ZREM", "asynq:{q}:lease", "a"});
  EXPECT_THAT(names(recover()), ElementsAre("a"));
  EXPECT_EQ(info("a").state, TaskState::kPending);
}

TEST_F(RedisRecover, GhostsGo) {
  put(plain("a"));
  fetch(1);
  // Ids without a task, and the hash that Asynq makes of one when it takes it.
  run({"LPUSH", "asynq:{q}:active", "gone", "half"});
  run({"ZADD", "asynq:{q}:lease", "1", "gone", "1", "half", "1", "lease only"});
  run({"HSET", "asynq:{q}:t:half", "state", "active"});
  EXPECT_THAT(recover(), IsEmpty());
  EXPECT_EQ(active(), 1);
  EXPECT_EQ(leases(), 1);
  EXPECT_EQ(put(plain("half")), EnqueueStatus::kEnqueued) << "its id is free again";
}

TEST_F(RedisRecover, ATaskThatFellOutOfTheListOfActiveOnesComesBack) {
  put(plain("a"));
  fetch(1);
  run({"LREM", "asynq:{q}:active", "1", "a"});
  give_to_go("a", redis_seconds() - 30);
  EXPECT_THAT(names(recover()), ElementsAre("a"));
  EXPECT_EQ(fetch(1).at(0).message.id, "a");
}

TEST_F(RedisRecover, ManyLostTasksAmongManyLivingOnesKeepTheirOrder) {
  put_numbered(0, 3000);
  get(broker_->keep_alive("dead", 1h));
  std::vector<std::string> lost;
  for (int i = 0; i < 30; ++i) {
    const std::string owner = i % 3 == 1 ? "dead" : "living";
    const FetchRequest request{.queues = {{"q", 100}}, .max = 100, .owner = owner, .lease = 1h};
    for (const FetchedTask& task : get(broker_->fetch(request))) {
      if (owner == "dead") lost.push_back(task.message.id);
    }
  }
  get(broker_->clear_server("dead"));
  EXPECT_EQ(names(recover(600)), std::vector<std::string>(lost.begin(), lost.begin() + 600));
  std::vector<std::string> run_next;
  for (const FetchedTask& task : fetch(600)) run_next.push_back(task.message.id);
  EXPECT_EQ(run_next, std::vector<std::string>(lost.begin(), lost.begin() + 600)) << "over three runs of the script";
  EXPECT_EQ(names(recover(1000)), std::vector<std::string>(lost.begin() + 600, lost.end()));
  EXPECT_EQ(active(), 2600);
  EXPECT_EQ(leases(), 2600);
  EXPECT_EQ(server_->run({"SISMEMBER", "asynq:{q}:windlass:owners", "dead"})[0].integer(), 0) << "nothing is left";
  EXPECT_EQ(server_->run({"SISMEMBER", "asynq:{q}:windlass:owners", "living"})[0].integer(), 1);
}

TEST_F(RedisRecover, ATaskThatDoesNotDecodeIsRecoveredAndArchivedWithItsBytes) {
  for (const char* id : {"a", "b"}) put(plain(id));
  fetch(2);
  run({"HSET", "asynq:{q}:t:a", "msg", "no message"});
  for (const char* id : {"a", "b"}) run({"ZREM", "asynq:{q}:lease", id});
  const auto recovered = recover(250, 1);
  EXPECT_THAT(names(recovered), ElementsAre("a", "b"));
  EXPECT_TRUE(recovered.at(0).archived);
  EXPECT_EQ(run({"HGET", "asynq:{q}:t:a", "state"}), "archived");
  EXPECT_EQ(run({"HGET", "asynq:{q}:t:a", "msg"}), "no message");
  EXPECT_EQ(info("b").failure, crash_failure(1));
  EXPECT_EQ(active(), 0);
}

TEST_F(RedisRecover, AQueueInTroubleDoesNotKeepTheOthersWaiting) {
  put(plain("a"));
  fetch(1);
  run({"ZREM", "asynq:{q}:lease", "a"});
  run({"SET", "asynq:{odd}:active", "no list"});
  run({"SET", "asynq:{odd}:pending", "no list"});
  run({"SET", "asynq:{odd}:completed", "no zset"});
  EXPECT_THAT(names(get(broker_->recover({.queues = {"odd", "q"}}))), ElementsAre("a"));
  put(delayed("b", 1s));
  clock_.advance(1s);
  const std::vector<std::string> queues{"odd", "q"};
  EXPECT_EQ(get(broker_->forward(queues, 10)).moved, 1u);
  EXPECT_FALSE(broker_->forward(std::span(queues.data(), 1), 10)) << "alone it is an error";
}

TEST_F(RedisRecover, OwnersOfAnIdleQueueAreForgotten) {
  put(plain("a"));
  finish(fetch(1).at(0), FinishKind::kDone);
  recover();
  EXPECT_EQ(server_->run({"EXISTS", "asynq:{q}:windlass:owners"})[0].integer(), 0);
}

TEST_F(RedisRecover, TenThousandArchivedTasksPassTheAgeLimitAtOnce) {
  put_numbered(0, 10000);
  std::string cursor;
  do {
    const BulkResult done = get(broker_->bulk(
        {.filter = {.queue = "q"}, .action = TaskAction::kArchive, .cursor = cursor, .max = 1000}));
    cursor = done.next;
  } while (!cursor.empty());
  ASSERT_EQ(stats().archived, 10000u);
  put(unique("holder", "k"));
  act("holder", TaskAction::kArchive);
  clock_.advance(24h * 90);
  const CleanResult first = get(broker_->clean({.queues = {"q"}, .max = 4000}));
  EXPECT_EQ(first.archived, 4000u);
  EXPECT_TRUE(first.more);
  const CleanResult rest = get(broker_->clean({.queues = {"q"}, .max = 100000}));
  EXPECT_EQ(rest.archived, 6001u);
  EXPECT_FALSE(rest.more);
  EXPECT_THAT(keys(), IsEmpty()) << "no hash and no lock is left";
}

}  // namespace
}  // namespace windlass::testing
