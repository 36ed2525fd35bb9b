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
  void put_delayed(int n, Duration first, Duration step, int first_id = 10000) {
    std::vector<NewTask> tasks;
    for (int i = 0; i < n; ++i) tasks.push_back(delayed(std::to_string(first_id + i), first + i * step));
    get(broker_->enqueue(tasks));
  }
  static std::int64_t nanos(TimePoint at) { return at.time_since_epoch() / 1ns; }
  static std::int64_t seconds(TimePoint at) { return at.time_since_epoch() / 1s; }
  // Calls of a command since the server started.
  long calls(const std::string& command) {
    const std::string text = run({"INFO", "commandstats"}), name = "cmdstat_" + command + ":calls=";
    const std::size_t at = text.find(name);
    return at == std::string::npos ? 0 : std::stol(text.substr(at + name.size()));
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

TEST_F(RedisForward, ManyServersReadEachTaskOfTheirSecondAFewTimesOnly) {
  put_delayed(300, 1s, 3ms);
  const std::shared_ptr<Broker> others[] = {make_redis_broker(open(server_->socket_url()), clock_),
                                            make_redis_broker(open(server_->socket_url()), clock_)};
  const long before = calls("hmget");
  const std::string queue = "q";
  std::size_t moved = 0;
  clock_.advance(1s);
  for (int i = 0; i < 300; ++i, clock_.advance(3ms)) {
    moved += forward(250).moved;
    for (const auto& other : others) moved += get(other->forward(std::span(&queue, 1), 250)).moved;
    ASSERT_EQ(moved, static_cast<std::size_t>(i) + 1) << "each at its time";
  }
  EXPECT_LE(calls("hmget") - before, 4 * 300);
}

TEST_F(RedisForward, TasksThatComeIntoThePresentSecondAreFoundInTime) {
  put_delayed(100, 1s + 500ms, 1ms);
  clock_.advance(1s);
  EXPECT_EQ(forward(250).moved, 0u);
  put(delayed("soon", 200ms));
  put(delayed("from-go", 300ms));
  run({"HDEL", "asynq:{q}:t:from-go", "w:at", "w:x"});
  const ForwardResult step = forward(250);
  EXPECT_EQ(step.moved, 1u) << "what has no exact time is due with its second";
  EXPECT_EQ(step.next_due, clock_.now() + 200ms);
  clock_.advance(200ms);
  EXPECT_EQ(forward(250).moved, 1u);
  EXPECT_EQ(info("soon").state, TaskState::kPending);
}

TEST_F(RedisForward, WhatLeavesOrChangesThePresentSecondAfterItWasReadIsNotMoved) {
  put_delayed(30, 1s + 100ms, 10ms);
  clock_.advance(1s);
  ASSERT_EQ(forward(250).moved, 0u);
  act("10001", TaskAction::kDelete);
  act("10002", TaskAction::kArchive);
  act("10003", TaskAction::kRun);
  ASSERT_EQ(stats().pending, 1u);
  // Put off within the second, and to another one; and gone without a trace.
  run({"HSET", "asynq:{q}:t:10004", "w:at", std::to_string(nanos(clock_.now() + 600ms))});
  run({"ZADD", "asynq:{q}:scheduled", std::to_string(seconds(clock_.now()) + 5), "10005"});
  run({"DEL", "asynq:{q}:t:10006"});
  clock_.advance(300ms);
  EXPECT_EQ(forward(250).moved, 15u) << "10000 and 10007 to 10020";
  clock_.advance(300ms);
  EXPECT_EQ(forward(250).moved, 10u) << "10004 and 10021 to 10029";
  EXPECT_EQ(stats().scheduled, 1u);
}

TEST_F(RedisForward, WhatGoForwardsMeanwhileIsForgotten) {
  put_delayed(30, 1s + 100ms, 10ms);
  clock_.advance(1s);
  ASSERT_EQ(forward(250).moved, 0u);
  // Go's forwarder takes the whole second.
  run({"DEL", "asynq:{q}:scheduled"});
  put_delayed(20, 500ms, 1ms, 20000);
  const ForwardResult step = forward(250);
  EXPECT_EQ(step.moved, 0u);
  EXPECT_EQ(step.next_due, clock_.now() + 500ms);
  clock_.advance(510ms);
  EXPECT_EQ(forward(250).moved, 11u);
}

TEST_F(RedisForward, TheSideKeyOfASecondGoesByItself) {
  put_delayed(30, 1s + 100ms, 10ms);
  clock_.advance(1s);
  ASSERT_EQ(forward(250).moved, 0u);
  const std::string key = "asynq:{q}:windlass:due:" + std::to_string(seconds(clock_.now()));
  EXPECT_EQ(run({"ZCARD", key}), "30");
  // Seconds of the real clock, on which a busy machine may take some.
  EXPECT_GT(std::stol(run({"PTTL", key})), 0);
  EXPECT_LE(std::stol(run({"PTTL", key})), 10'000);
  run({"DEL", key});
  clock_.advance(100ms);
  EXPECT_EQ(forward(250).moved, 1u) << "it is made anew";
  clock_.advance(1s);
  EXPECT_EQ(forward(250).moved, 29u);
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
