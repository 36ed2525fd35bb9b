// Coroutine handlers in a whole server: memory broker, a clock that the test moves.
#include <set>

#include <windlass/coroutine.hpp>

#include "server_fixture.hpp"

namespace windlass::runtime {
namespace {

class CoroutineServer : public ServerTest {
 protected:
  // Enqueues `count` tasks of type t, with ids 0, 1, ...
  void enqueue_many(int count) {
    std::vector<broker::NewTask> tasks;
    for (int i = 0; i < count; ++i) tasks.push_back(task(std::to_string(i)));
    enqueue(tasks);
  }
  // A handler that sleeps for ever.
  void handle_by_sleeping(const std::string& pattern = "t") {
    mux.handle(pattern, [this](Context&) -> Async<> {
      ++waiting;
      co_await sleep_for(24h * 365);
    });
  }
  bool all_wait(int count) {
    return eventually([&] { return waiting == count; });
  }
  // After it, no handler that ran before holds the one loop thread: another task had its turn there.
  void let_loop_go_round() {
    enqueue(task("turn", "turn"));
    ASSERT_TRUE(eventually([&] { return gone("turn"); }));
  }

  std::atomic<int> waiting = 0;
};

TEST_F(CoroutineServer, TenThousandTasksWaitAtOnceAndNoneHoldsAThread) {
  config.concurrency = 10000;
  std::mutex mu;
  std::set<std::thread::id> threads;
  mux.handle("t", [&](Context&) -> Async<Outcome> {
    {
      const std::lock_guard lock(mu);
      threads.insert(std::this_thread::get_id());
    }
    ++waiting;
    co_await sleep_for(10ms);
    co_return Outcome::done();
  });
  enqueue_many(10000);
  start();
  ASSERT_TRUE(all_wait(10000));
  EXPECT_EQ(server->counters().done.value(), 0u) << "no time has passed";
  const Ticker ticker(clock);
  EXPECT_TRUE(server->wait_until_empty());
  EXPECT_EQ(server->counters().done.value(), 10000u);
  EXPECT_EQ(threads.size(), 1u);
}

class CoroutineConcurrency : public CoroutineServer, public ::testing::WithParamInterface<std::pair<int, int>> {};

TEST_P(CoroutineConcurrency, NeverMoreTasksAreInFlightThanAllowedOnThreadsAndLoopsTogether) {
  std::tie(config.concurrency, config.loop_threads) = GetParam();
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  const auto enter = [&] {
    const int count = ++now;
    int seen = most;
    while (seen < count && !most.compare_exchange_weak(seen, count)) {}
  };
  mux.handle("co", [&](Context&) -> Async<> {
    enter();
    co_await sleep_for(1ms);
    --now;
  });
  mux.handle("th", [&](Context&) {
    enter();
    std::this_thread::yield();
    --now;
  });
  std::vector<broker::NewTask> tasks;
  for (int i = 0; i < 500; ++i) tasks.push_back(task(std::to_string(i), i % 3 == 0 ? "th" : "co"));
  enqueue(tasks);
  const Ticker ticker(clock);
  start();
  EXPECT_TRUE(server->wait_until_empty());
  EXPECT_EQ(server->counters().done.value(), 500u);
  EXPECT_LE(most, config.concurrency);
}

INSTANTIATE_TEST_SUITE_P(Slots, CoroutineConcurrency,
                         ::testing::Values(std::pair(1, 1), std::pair(2, 1), std::pair(3, 2), std::pair(7, 3)));

TEST_F(CoroutineServer, NeitherKindOfHandlerStarvesTheOther) {
  config.concurrency = 1;
  std::string order;
  mux.handle("co", [&](Context& ctx) -> Async<> {
    order += ctx.task_id();
    co_return;
  });
  mux.handle("th", [&](Context& ctx) { order += ctx.task_id(); });
  std::vector<broker::NewTask> tasks;
  for (const char id : std::string("abcdefgh"))
    tasks.push_back(task(std::string(1, id), (id - 'a') % 4 < 2 ? "th" : "co"));
  enqueue(tasks);
  start();
  EXPECT_TRUE(server->wait_until_empty());
  EXPECT_EQ(order, "abcdefgh");
}

TEST_F(CoroutineServer, ATypedPayloadLivesAsLongAsTheRunAndABadOneIsArchived) {
  mux.handle<std::vector<std::string>>("t", [](Context& ctx, const std::vector<std::string>& words) -> Async<> {
    co_await sleep_for(1s);
    ctx.write_result(words.at(1));
  });
  broker::NewTask good = task("good");
  good.message.payload = Payload(R"(["a","a word that is too long to be stored within a string"])");
  good.message.retention = 1h;
  broker::NewTask bad = task("bad");
  bad.message.payload = Payload("[1]");
  enqueue({good, bad});
  start();
  const Ticker ticker(clock);
  ASSERT_TRUE(
      eventually([&] { return in_state("good", TaskState::kCompleted) && in_state("bad", TaskState::kArchived); }));
  EXPECT_EQ(info("good").result, "a word that is too long to be stored within a string");
  EXPECT_EQ(info("bad").failure.kind, FailureKind::kBadPayload);
}

TEST_F(CoroutineServer, WhatItThrowsAfterAWaitDecidesAsOnAThread) {
  mux.handle("skip", [](Context&) -> Async<> {
    co_await sleep_for(1ms);
    throw SkipRetry("never");
  });
  mux.handle("revoke", [](Context&) -> Async<> {
    co_await sleep_for(1ms);
    throw RevokeTask();
  });
  mux.handle("snooze", [](Context&) -> Async<> {
    co_await sleep_for(1ms);
    throw Snooze(24h * 3650);
  });
  mux.handle("fail", [](Context&) -> Async<> {
    co_await sleep_for(1ms);
    throw std::runtime_error("boom");
  });
  config.retry_delay = [](int, const Failure&, const Context&) { return Duration(24h * 3650); };
  enqueue({task("skip", "skip"), task("revoke", "revoke"), task("snooze", "snooze"), task("fail", "fail")});
  const Ticker ticker(clock);
  start();
  EXPECT_TRUE(eventually([&] {
    return in_state("skip", TaskState::kArchived) && gone("revoke") && in_state("snooze", TaskState::kScheduled) &&
           in_state("fail", TaskState::kRetry);
  }));
  EXPECT_EQ(info("fail").failure.message, "std::runtime_error: boom");
  EXPECT_EQ(info("fail").retried, 1);
  EXPECT_EQ(info("snooze").retried, 0);
}

// -------------------------------------------------------------------------------------------------------------- stop

TEST_F(CoroutineServer, ATimeoutReachesWhatIsAwaited) {
  handle_by_sleeping();
  mux.handle("turn", [](Context&) -> Async<> { co_return; });
  broker::NewTask t = task("a");
  t.message.timeout = 2s;
  enqueue(t);
  start();
  ASSERT_TRUE(all_wait(1));
  let_loop_go_round();
  clock.advance(2s);
  ASSERT_TRUE(eventually([&] { return in_state("a", TaskState::kRetry); }));
  EXPECT_EQ(info("a").failure.kind, FailureKind::kTimeout);
  EXPECT_EQ(server->counters().overruns.value(), 0u);
}

TEST_F(CoroutineServer, ADeadlineReachesWhatIsAwaitedAndArchives) {
  handle_by_sleeping();
  broker::NewTask t = task("a");
  t.message.deadline = clock.now() + 2s;
  enqueue(t);
  start();
  ASSERT_TRUE(all_wait(1));
  const Ticker ticker(clock);
  ASSERT_TRUE(eventually([&] { return in_state("a", TaskState::kArchived); }));
  EXPECT_EQ(info("a").failure.kind, FailureKind::kDeadline);
}

TEST_F(CoroutineServer, ACancelReachesWhatIsAwaited) {
  handle_by_sleeping();
  enqueue({task("a"), task("b")});
  start();
  ASSERT_TRUE(all_wait(2));
  const broker::CancelRequest request{{"default", "a"}, true};
  ASSERT_TRUE(store->cancel({&request, 1}));
  ASSERT_TRUE(eventually([&] { return in_state("a", TaskState::kArchived); }));
  EXPECT_EQ(info("a").failure.kind, FailureKind::kCancelled);
  EXPECT_TRUE(in_state("b", TaskState::kActive));
}

TEST_F(CoroutineServer, ALostLeaseReachesWhatIsAwaitedAndItsOutcomeIsDropped) {
  std::atomic<int> stopped = 0;
  mux.handle("t", [&](Context&) -> Async<> {
    ++waiting;
    try {
      co_await sleep_for(24h * 365);
    } catch (const Stopped& s) {
      if (s.reason() == StopReason::kLeaseLost) ++stopped;
    }
  });
  config.lease = 3s;
  enqueue(task("a"));
  start();
  ASSERT_TRUE(all_wait(1));
  server->quiet();
  // Another server takes the task away, as if this one had not been heard of.
  ASSERT_TRUE(store->clear_server(server->id()));
  ASSERT_TRUE(store->recover({.queues = {"default"}}));
  ASSERT_TRUE(in_state("a", TaskState::kPending));
  const Ticker ticker(clock);
  EXPECT_TRUE(eventually([&] { return stopped == 1; }));
  EXPECT_EQ(server->counters().done.value(), 0u);
}

TEST_F(CoroutineServer, AStoppingServerGivesBackWhatStillWaitsAndChargesNothing) {
  config.concurrency = 100;
  config.shutdown_timeout = 0s;
  handle_by_sleeping();
  enqueue_many(100);
  start();
  ASSERT_TRUE(all_wait(100));
  server->stop();
  for (int i = 0; i < 100; ++i) {
    const TaskInfo task = info(std::to_string(i));
    EXPECT_EQ(task.state, TaskState::kPending);
    EXPECT_EQ(task.retried, 0);
  }
  EXPECT_EQ(server->counters().overruns.value(), 0u);
}

TEST_F(CoroutineServer, AStoppingServerWaitsForCoroutinesThatEndInTime) {
  config.shutdown_timeout = 24h;
  mux.handle("t", [&](Context&) -> Async<> {
    ++waiting;
    co_await sleep_for(2s);
  });
  enqueue_many(4);
  start();
  ASSERT_TRUE(all_wait(4));
  const Ticker ticker(clock);
  server->stop();
  EXPECT_EQ(server->counters().done.value(), 4u);
}

// A handler that holds its thread until the test lets it go. The server may be gone by then.
struct Gate {
  std::atomic<bool> open = false;
  std::atomic<bool> left = false;
  void hold() {
    while (!open) std::this_thread::yield();
  }
};

TEST_F(CoroutineServer, AHandlerThatBlocksItsLoopThreadIsShownAsAnOverrun) {
  const auto gate = std::make_shared<Gate>();
  mux.handle("block", [this, gate](Context&) -> Async<> {
    ++waiting;
    gate->hold();
    co_return;
  });
  enqueue(task("a", "block"));
  start();
  ASSERT_TRUE(all_wait(1));
  {
    const Ticker ticker(clock);
    EXPECT_TRUE(eventually([&] { return server->counters().overruns.value() == 1; }));
    EXPECT_TRUE(eventually([&] {
      const auto servers = store->servers();
      return servers && servers->size() == 1 && servers->front().workers.size() == 1 &&
             servers->front().workers[0].overrun;
    }));
  }
  gate->open = true;
  EXPECT_TRUE(eventually([&] { return gone("a"); }));
  EXPECT_EQ(server->counters().overruns.value(), 1u);
}

TEST_F(CoroutineServer, AHandlerThatNeverReturnsKeepsItsLoopAndNothingElse) {
  const auto gate = std::make_shared<Gate>();
  config.shutdown_timeout = 1s;
  mux.handle("block", [this, gate](Context& ctx) -> Async<> {
    ++waiting;
    gate->hold();
    ctx.write_result("too late");
    co_await sleep_for(1s);
  });
  handle_by_sleeping();
  enqueue({task("waits"), task("blocks", "block")});
  start();
  ASSERT_TRUE(all_wait(2));
  {
    const Ticker ticker(clock);
    server->stop();
  }
  EXPECT_EQ(info("waits").state, TaskState::kPending) << "it could not even be told";
  EXPECT_EQ(info("blocks").state, TaskState::kPending);
  // Its loop ends when all that it holds is gone; what was kept for it goes then.
  const std::weak_ptr<Gate> kept = gate;
  gate->open = true;
  mux = Mux();
  server.reset();
  EXPECT_TRUE(eventually([&] { return kept.use_count() == 1; }));
}

TEST_F(CoroutineServer, ACallOnAThreadThatIgnoresTheStopIsAnOverrunAndIsGivenBackInTheEnd) {
  const auto gate = std::make_shared<Gate>();
  config.shutdown_timeout = 2s;
  mux.handle("t", [this, gate](Context&) -> Async<> {
    co_await on_thread([this, &gate = *gate] {
      ++waiting;
      gate.hold();
    });
  });
  broker::NewTask t = task("a");
  t.message.timeout = 1s;
  enqueue(t);
  start();
  ASSERT_TRUE(all_wait(1));
  {
    const Ticker ticker(clock);
    EXPECT_TRUE(eventually([&] { return server->counters().overruns.value() == 1; }));
    server->stop();
  }
  EXPECT_EQ(info("a").state, TaskState::kPending);
  const std::weak_ptr<Gate> kept = gate;
  gate->open = true;
  mux = Mux();
  server.reset();
  EXPECT_TRUE(eventually([&] { return kept.use_count() == 1; }));
}

// -------------------------------------------------------------------------------------------------------- middleware

TEST_F(CoroutineServer, EachFormOfAMiddlewareRunsAroundItsKindOfHandlerAcrossItsWaits) {
  std::string co, th;  // which of the two kinds runs first is left to the time that passes meanwhile
  mux.use(
      [&](Context& ctx, const Handler& next) {
        th += "before:" + ctx.type();
        Outcome outcome = next(ctx);
        th += " after:" + ctx.type();
        return outcome;
      },
      [&](Context& ctx, const AsyncHandler& next) -> Async<Outcome> {
        co += "before:" + ctx.type();
        co_await sleep_for(1s);
        Outcome outcome = co_await next(ctx);
        co += " after:" + ctx.type();
        co_return outcome;
      });
  mux.handle("co", [&](Context&) -> Async<> {
    co_await sleep_for(1s);
    co += " handler";
  });
  mux.handle("th", [&](Context&) { th += " handler"; });
  config.concurrency = 1;
  enqueue({task("a", "co"), task("b", "th")});
  const Ticker ticker(clock);
  start();
  EXPECT_TRUE(server->wait_until_empty());
  EXPECT_EQ(co, "before:co handler after:co");
  EXPECT_EQ(th, "before:th handler after:th");
}

TEST_F(CoroutineServer, WithMiddlewareForCoroutinesOnlyATypeWithoutHandlerFailsOnTheLoop) {
  std::atomic<int> seen = 0;
  mux.use(nullptr, [&](Context& ctx, const AsyncHandler& next) -> Async<Outcome> {
    ++seen;
    co_return co_await next(ctx);
  });
  enqueue(task("a", "unknown"));
  start();
  ASSERT_TRUE(eventually([&] { return in_state("a", TaskState::kRetry); }));
  EXPECT_EQ(info("a").failure.kind, FailureKind::kNoHandler);
  EXPECT_EQ(seen, 1);
}

}  // namespace
}  // namespace windlass::runtime
