// Crowds of due tasks, and due tasks that Go processes or nobody wrote.
#include <algorithm>
#include <set>

#include "integration/redis_inspect_fixture.hpp"

namespace windlass::testing {
namespace {

class RedisForward : public RedisInspectFixture {
 protected:
  ForwardResult forward(std::size_t max) {
    const std::string queue = "q";
    return get(broker_->forward(std::span(&queue, 1), max));
  }
  // n tasks, due from `first` on, `step` apart.
  void put_delayed(int n, Duration first, Duration step) {
    std::vector<NewTask> tasks;
    for (int i = 0; i < n; ++i) tasks.push_back(delayed(std::to_string(10000 + i), first + i * step));
    get(broker_->enqueue(tasks));
  }
};

TEST_F(RedisForward, ACrowdOfOneSecondMovesWholeWhateverTheMaxOfACall) {
  put_delayed(3000, 1s, 0s);
  clock_.advance(10s);
  std::size_t moved = 0;
  for (ForwardResult step = forward(0); step.next_due && *step.next_due <= clock_.now();) {
    step = forward(400);
    EXPECT_LE(step.moved, 400u);
    ASSERT_GT(step.moved, 0u);
    moved += step.moved;
  }
  EXPECT_EQ(moved, 3000u);
  EXPECT_EQ(fetch(3001).size(), 3000u);
}

TEST_F(RedisForward, OfACrowdInThePresentSecondNoneMovesEarlyAndAllMoveInTime) {
  put_delayed(3000, 1s, 300us);  // over 900 ms of one second
  clock_.advance(1s + 300ms);
  std::set<std::string> moved;
  for (int look = 0; look < 200 && moved.size() < 1001; ++look) {
    const ForwardResult step = forward(5000);
    EXPECT_TRUE(step.moved > 0 || step.next_due > clock_.now()) << "or it would be asked again at once";
    for (const FetchedTask& task : fetch(5000)) moved.insert(task.message.id);
  }
  EXPECT_EQ(moved.size(), 1001u) << "those of the first 300 ms, both ends included";
  EXPECT_EQ(*moved.rbegin(), "11000");
  clock_.advance(700ms);
  EXPECT_EQ(forward(5000).moved, 1999u) << "their second is over";
}

TEST_F(RedisForward, CrowdsInBothSetsMoveTogether) {
  put_delayed(1500, 5s, 0s);
  std::vector<NewTask> tasks;
  for (int i = 0; i < 1500; ++i) tasks.push_back(plain("r" + std::to_string(i)));
  get(broker_->enqueue(tasks));
  std::vector<Finish> retries;
  for (const FetchedTask& task : fetch(1500)) {
    retries.push_back(
        {.lease = {{"q", task.message.id}, task.token}, .kind = FinishKind::kRetry, .at = clock_.now() + 5s});
  }
  get(broker_->finish(retries));
  clock_.advance(1min);
  EXPECT_EQ(forward(100000).moved, 3000u);
  EXPECT_EQ(stats().retry + stats().scheduled, 0u);
  EXPECT_EQ(forward(10).next_due, std::nullopt);
}

TEST_F(RedisForward, WhatGoScheduledMovesWithItsSecond) {
  put(delayed("a", 1500ms));
  run({"HDEL", "asynq:{q}:t:a", "w:at", "w:x"});
  clock_.advance(1s);
  EXPECT_EQ(forward(10).moved, 1u) << "its score is all there is";
  EXPECT_EQ(info("a").state, TaskState::kPending);
}

TEST_F(RedisForward, GhostsGoAndCountForNothing) {
  run({"ZADD", "asynq:{q}:scheduled", "1", "x", "2", "y", "1.5", "fraction", "1e300", "never"});
  put(delayed("a", 1s));
  clock_.advance(1s);
  EXPECT_EQ(forward(10).moved, 1u);
  EXPECT_EQ(server_->run({"ZCARD", "asynq:{q}:scheduled"})[0].integer(), 1);
  EXPECT_EQ(fetch(10).size(), 1u);
  EXPECT_EQ(server_->run({"EXISTS", "asynq:{q}:t:x"})[0].integer(), 0) << "no task is made of them";
}

TEST_F(RedisForward, TheRecordsThatEndedCountForNothing) {
  ServerRecord record;
  record.info.id = "h:1:a";
  get(broker_->publish_server(record, 1h));
  run({"ZADD", "asynq:servers", "1", "asynq:servers:{old}"});
  run({"SET", "asynq:servers:{broken}", "\x0a"});
  run({"ZADD", "asynq:servers", "99999999999", "asynq:servers:{broken}", "99999999999", "odd"});
  const auto servers = get(broker_->servers());
  ASSERT_EQ(servers.size(), 1u);
  EXPECT_EQ(servers[0].id, "h:1:a");
  get(broker_->publish_server(record, 1h));
  EXPECT_TRUE(server_->run({"ZSCORE", "asynq:servers", "asynq:servers:{old}"})[0].is_null()) << "it was dropped";
}

}  // namespace
}  // namespace windlass::testing
