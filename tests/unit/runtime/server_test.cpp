// The server as a whole: slots, shares, stopping and cancelling, with real threads.
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "exec/executor.hpp"
#include "mux/mux_access.hpp"
#include "server_fixture.hpp"
#include "support/failing_broker.hpp"

namespace windlass::runtime {
namespace {

// A gate that handlers wait at until the test opens it.
class Gate {
 public:
  void wait() {
    ++waiting_;
    opened_.wait();
  }
  void open() { open_.set_value(); }
  int waiting() const { return waiting_; }

 private:
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
  std::atomic<int> waiting_ = 0;
};

std::vector<std::string> numbered(const std::string& prefix, int n) {
  std::vector<std::string> ids;
  for (int i = 0; i < n; ++i) ids.push_back(prefix + std::to_string(i));
  return ids;
}

class ServerConcurrency : public ServerTest, public ::testing::WithParamInterface<int> {};

TEST_P(ServerConcurrency, NeverMoreHandlersRunAtOnceThanAllowedAndAllSlotsAreUsed) {
  config.concurrency = GetParam();
  std::atomic<int> running = 0, most = 0, ran = 0;
  std::latch all_slots(GetParam());
  mux.handle("t", [&](Context&) {
    const int now = ++running;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {}
    if (++ran <= GetParam()) all_slots.arrive_and_wait();
    std::this_thread::yield();
    --running;
  });
  for (const std::string& id : numbered("t", 500)) enqueue(task(id));
  start();
  ASSERT_TRUE(server->wait_until_empty());
  EXPECT_EQ(ran, 500);
  EXPECT_EQ(most, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Slots, ServerConcurrency, ::testing::Values(1, 2, 3, 7));

TEST_F(ServerTest, TwentyThousandTasksAreEachFinishedOnceThoughManyFail) {
  constexpr int kTasks = 20000;
  config.concurrency = 7;
  config.retry_delay = [](int, const Failure&, const Context&) { return Duration::zero(); };
  std::vector<std::atomic<int>> runs(kTasks);
  mux.handle("t", [&](Context& ctx) {
    const int i = std::stoi(ctx.task_id());
    ++runs[static_cast<std::size_t>(i)];
    if (i % 10 == 3 && ctx.retry_count() < 2) throw std::runtime_error("flaky");
    if (i % 100 == 7) throw SkipRetry("never");
  });
  set_log_level(LogLevel::kOff);
  std::vector<broker::NewTask> tasks;
  for (int i = 0; i < kTasks; ++i) tasks.push_back(task(std::to_string(i)));
  enqueue(tasks);
  start();
  ASSERT_TRUE(server->wait_until_empty());
  server->stop();
  set_log_level(LogLevel::kInfo);
  for (int i = 0; i < kTasks; ++i) EXPECT_EQ(runs[static_cast<std::size_t>(i)], i % 10 == 3 ? 3 : 1) << i;
  const auto queue = store->queue_info("default");
  EXPECT_EQ(queue->size, 200u) << "the archived ones";
  EXPECT_EQ(queue->archived, 200u);
  EXPECT_EQ(queue->processed, 20000u + 2 * 2000);
  EXPECT_EQ(queue->failed, 2 * 2000u + 200);
  EXPECT_EQ(server->counters().done.value(), 19800u);
  EXPECT_EQ(server->counters().lease_lost.value(), 0u);
}

TEST_F(ServerTest, QueuesAreServedInProportionToTheirWeights) {
  config.concurrency = 1;
  config.prefetch_max = 0;
  config.queues = {{"high", 6}, {"mid", 3}, {"low", 1}};
  std::map<std::string, int> first;
  int ran = 0;
  mux.handle("t", [&](Context& ctx) {
    if (ran++ < 1000) ++first[ctx.queue()];
  });
  for (const auto& [queue, weight] : config.queues) {
    for (const std::string& id : numbered(queue, 1000)) enqueue(task(id, "t", queue));
  }
  start();
  ASSERT_TRUE(server->wait_until_empty());
  server->stop();
  EXPECT_NEAR(first["high"], 600, 80);
  EXPECT_NEAR(first["mid"], 300, 70);
  EXPECT_NEAR(first["low"], 100, 50);
}

TEST_F(ServerTest, StrictPriorityEmptiesTheGreaterQueueFirst) {
  config.concurrency = 1;
  config.strict_priority = true;
  config.queues = {{"high", 2}, {"low", 1}};
  std::vector<std::string> order;
  mux.handle("t", [&](Context& ctx) { order.push_back(ctx.queue()); });
  for (const std::string& id : numbered("l", 50)) enqueue(task(id, "t", "low"));
  for (const std::string& id : numbered("h", 50)) enqueue(task(id, "t", "high"));
  start();
  ASSERT_TRUE(server->wait_until_empty());
  server->stop();
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end())) << "all of 'high', then all of 'low'";
}

// Trains the server to fetch ahead, then blocks all slots with tasks that wait at the gate.
class PrefetchTest : public ServerTest {
 protected:
  void SetUp() override {
    config.concurrency = 2;
    mux.handle("t", [](Context&) {});
    mux.handle("gate", [this](Context&) { gate.wait(); });
    for (const std::string& id : numbered("train", 100)) enqueue(task(id));
    start();
    ASSERT_TRUE(server->wait_until_empty());
    std::vector<broker::NewTask> tasks;
    for (const std::string& id : numbered("g", 2)) tasks.push_back(task(id, "gate"));
    for (const std::string& id : numbered("p", 50)) tasks.push_back(task(id));
    enqueue(tasks);
    ASSERT_TRUE(eventually([&] { return gate.waiting() == 2 && store->queue_info("default")->active == 52; }));
  }

  Gate gate;
};

TEST_F(PrefetchTest, TasksFetchedAheadAreGivenBackInOrderAtQuiet) {
  server->quiet();
  ASSERT_TRUE(eventually([&] { return store->queue_info("default")->pending == 50; }));
  EXPECT_EQ(store->queue_info("default")->active, 2u) << "running handlers go on";
  const auto page = store->list({.filter = {.queue = "default"}, .limit = 50});
  for (int i = 0; i < 50; ++i) EXPECT_EQ(page->tasks[static_cast<std::size_t>(i)].id, "p" + std::to_string(i));
  gate.open();
  server->stop();
  EXPECT_EQ(store->queue_info("default")->pending, 50u);
  EXPECT_EQ(store->queue_info("default")->active, 0u);
  EXPECT_EQ(info("p7").crashes, 0);
}

TEST_F(PrefetchTest, TasksFetchedAheadOfBusyHandlersAreGivenBackForOthers) {
  Ticker ticker(clock);
  EXPECT_TRUE(eventually([&] { return store->queue_info("default")->pending == 50; }));
  gate.open();
  EXPECT_TRUE(server->wait_until_empty());
}

TEST_F(PrefetchTest, ATaskFetchedAheadCanBeCancelledAndNeverStarts) {
  const broker::CancelRequest requests[] = {{{"default", "p3"}, true}, {{"default", "p4"}, false}};
  ASSERT_TRUE(store->cancel(requests));
  ASSERT_TRUE(eventually([&] { return server->counters().cancelled.value() == 2; }));
  gate.open();
  ASSERT_TRUE(eventually([&] { return in_state("p3", TaskState::kArchived) && in_state("p4", TaskState::kRetry); }));
  EXPECT_EQ(info("p3").failure.kind, FailureKind::kCancelled);
}

TEST_F(ServerTest, ACancelledRunIsToldAndRetried) {
  std::atomic<bool> running = false;
  mux.handle("t", [&](Context& ctx) {
    running = true;
    while (!ctx.stop_requested()) std::this_thread::yield();
    EXPECT_EQ(ctx.stop_reason(), StopReason::kCancelled);
    throw std::runtime_error("stopped");
  });
  enqueue(task("a"));
  start();
  ASSERT_TRUE(eventually([&] { return running.load(); })) << "active is not yet running: a cancel before that is another case";
  const broker::CancelRequest request{{"default", "a"}, false};
  ASSERT_TRUE(store->cancel({&request, 1}));
  ASSERT_TRUE(eventually([&] { return in_state("a", TaskState::kRetry); }));
  EXPECT_EQ(info("a").failure, Failure(FailureKind::kCancelled, "cancelled: std::runtime_error: stopped"));
  EXPECT_EQ(info("a").retried, 1);
}

TEST_F(ServerTest, TheSameIdInTwoQueuesIsTwoTasks) {
  config.queues = {{"one", 1}, {"two", 1}};
  Gate gate;
  std::atomic<bool> two_was_stopped = false;
  mux.handle("t", [&](Context& ctx) {
    gate.wait();
    if (ctx.queue() == "two") two_was_stopped = ctx.stop_requested();
    if (ctx.stop_requested()) throw std::runtime_error("stopped");
  });
  enqueue({task("same", "t", "one"), task("same", "t", "two")});
  start();
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 2; }));
  const broker::CancelRequest request{{"one", "same"}, false};
  ASSERT_TRUE(store->cancel({&request, 1}));
  ASSERT_TRUE(eventually([&] { return server->counters().cancelled.value() == 1; }));
  gate.open();
  ASSERT_TRUE(eventually([&] { return in_state("same", TaskState::kRetry, "one") && gone("same", "two"); }));
  EXPECT_FALSE(two_was_stopped);
}

TEST_F(ServerTest, ATimeoutSetsTheTokenAndTheSlotStaysTakenUntilTheHandlerReturns) {
  config.concurrency = 1;
  Gate gate;
  std::atomic<bool> second_ran = false;
  mux.handle("stubborn", [&](Context& ctx) {
    gate.wait();
    EXPECT_EQ(ctx.stop_reason(), StopReason::kTimeout);
    throw std::runtime_error("at last");
  });
  mux.handle("t", [&](Context&) { second_ran = true; });
  auto first = task("a", "stubborn");
  first.message.timeout = 500ms;
  enqueue({first, task("b")});
  start();
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  {
    Ticker ticker(clock);
    ASSERT_TRUE(eventually([&] { return server->counters().overruns.value() == 1; }));
    ASSERT_TRUE(eventually([&] {
      const auto servers = store->servers();
      return servers->size() == 1 && servers->front().workers.size() == 1 && servers->front().workers.front().overrun;
    }));
  }
  EXPECT_FALSE(second_ran) << "the only slot is taken";
  EXPECT_TRUE(in_state("a", TaskState::kActive)) << "its lease is kept";
  gate.open();
  ASSERT_TRUE(eventually([&] { return second_ran.load(); }));
  ASSERT_TRUE(eventually([&] { return in_state("a", TaskState::kRetry); }));
  EXPECT_EQ(info("a").failure,
            Failure(FailureKind::kTimeout, "ran longer than its timeout of 500ms: std::runtime_error: at last"));
}

TEST_F(ServerTest, ASuccessAfterTheTimeoutIsASuccess) {
  mux.handle("t", [](Context& ctx) {
    while (!ctx.stop_requested()) std::this_thread::yield();
  });
  auto t = task("a");
  t.message.timeout = 1s;
  enqueue(t);
  start();
  Ticker ticker(clock);
  EXPECT_TRUE(eventually([&] { return gone("a"); }));
  EXPECT_EQ(store->queue_info("default")->failed, 0u);
}

TEST_F(ServerTest, AHandlerThatNeverReturnsIsLeftBehindAtShutdownAndItsTaskGivenBack) {
  Gate gate;
  std::promise<void> returned;
  mux.handle("t", [&](Context& ctx) {
    gate.wait();
    ctx.write_result("too late");
    returned.set_value();
  });
  enqueue(task("a"));
  start();
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  {
    Ticker ticker(clock);
    server->stop();
  }
  EXPECT_EQ(info("a").state, TaskState::kPending);
  EXPECT_EQ(info("a").retried, 0);
  EXPECT_EQ(info("a").crashes, 0);
  server.reset();
  store.reset();
  gate.open();
  returned.get_future().wait();  // the thread goes on with what is its own, and ends
}

TEST_F(ServerTest, AHandlerThatHeedsTheShutdownGivesItsTaskBack) {
  std::atomic<bool> started = false;
  mux.handle("t", [&](Context& ctx) {
    started = true;
    while (!ctx.stop_requested()) std::this_thread::yield();
    throw std::runtime_error("interrupted");
  });
  enqueue(task("a"));
  start();
  ASSERT_TRUE(eventually([&] { return started.load(); }));
  Ticker ticker(clock);
  server->stop();
  EXPECT_EQ(info("a").state, TaskState::kPending);
  EXPECT_EQ(info("a").retried, 0);
}

TEST_F(ServerTest, LeasesAreKeptWhileAStoppingServerDrains) {
  const auto watched = std::make_shared<windlass::testing::FailingBroker>(store);
  store = watched;
  config.shutdown_timeout = 10min;
  config.liveness = 3s;
  config.lease = 3s;
  Gate gate;
  mux.handle("t", [&](Context&) { gate.wait(); });
  enqueue(task("a"));
  start();
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  std::thread stopper([&] { server->stop(); });
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    const int beats = watched->answered(windlass::testing::Verb::kKeepAlive);
    const int extensions = watched->answered(windlass::testing::Verb::kExtend);
    clock.advance(1s);
    EXPECT_TRUE(eventually([&] { return watched->answered(windlass::testing::Verb::kKeepAlive) > beats; })) << i;
    if (i % 2 == 1) {
      EXPECT_TRUE(eventually([&] { return watched->answered(windlass::testing::Verb::kExtend) > extensions; })) << i;
    }
    EXPECT_TRUE(in_state("a", TaskState::kActive)) << i;
  }
  gate.open();
  stopper.join();
  EXPECT_TRUE(gone("a"));
  EXPECT_EQ(server->counters().recovered.value(), 0u);
}

// An executor whose processes take their time to be gone.
class SlowToKill final : public windlass::internal::Executor {
 public:
  explicit SlowToKill(Gate& gate) : gate_(gate) {}

  exec::RunReport run(Context&) override {
    gate_.wait();
    return {Outcome::fail("killed")};
  }
  void hurry() override { hurried = true; }
  void close() override {}
  Duration stop_time() const override { return 5s; }

  std::atomic<bool> hurried = false;

 private:
  Gate& gate_;
};

TEST_F(ServerTest, ATaskIsNotGivenBackBeforeItsProcessIsGone) {
  config.shutdown_timeout = 0s;
  Gate gate;
  const auto executor = std::make_shared<SlowToKill>(gate);
  windlass::internal::MuxAccess::handle(mux, "t", [](Context&) { return Outcome::done(); }, [executor] { return executor; });
  enqueue(task("a"));
  start();
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  std::thread stopper([&] { server->stop(); });
  ASSERT_TRUE(eventually([&] { return executor->hurried.load(); }));
  // Less than it takes for a server to give up all hope.
  for (int i = 0; i < 10; ++i) {
    clock.advance(600ms);
    std::this_thread::yield();
  }
  EXPECT_TRUE(in_state("a", TaskState::kActive));
  gate.open();
  stopper.join();
  EXPECT_TRUE(in_state("a", TaskState::kPending)) << "for others now";
}

TEST_F(ServerTest, AWallClockSteppedBackCostsNoTask) {
  Gate gate;
  mux.handle("t", [&](Context&) { gate.wait(); });
  enqueue(task("a"));
  start();
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  clock.step_wall(-24h);
  enqueue(task("b"));
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 2; })) << "new work is taken";
  gate.open();
  ASSERT_TRUE(eventually([&] { return gone("a") && gone("b"); }));
  EXPECT_EQ(server->counters().lease_lost.value(), 0u);
}

TEST_F(ServerTest, DelayedTasksAndRetriesRunWhenTheyAreDue) {
  std::atomic<int> runs = 0;
  mux.handle("t", [&](Context&) {
    if (++runs == 1) throw std::runtime_error("once");
  });
  config.retry_delay = [](int, const Failure&, const Context&) { return Duration(250ms); };
  auto t = task("a");
  t.process_at = clock.now() + 1500ms;
  enqueue(t);
  start();
  Ticker ticker(clock);
  EXPECT_TRUE(server->wait_until_empty());
  EXPECT_EQ(runs, 2);
}

TEST_F(ServerTest, TasksOfADeadServerAreTakenOver) {
  ASSERT_TRUE(store->keep_alive("dead", 3s));
  enqueue(task("a"));
  ASSERT_EQ(store->fetch({.queues = {{"default", 1}}, .max = 1, .owner = "dead", .lease = 30s})->size(), 1u);
  std::promise<void> ran;
  mux.handle("t", [&](Context&) { ran.set_value(); });
  start();
  Ticker ticker(clock);
  ran.get_future().wait();
  EXPECT_TRUE(eventually([&] { return gone("a"); }));
  EXPECT_TRUE(eventually([&] { return server->counters().recovered.value() == 1; }));
}

TEST_F(ServerTest, AGroupIsAggregatedAndItsTaskRun) {
  config.aggregator = [](const std::string& group, const std::vector<Task>& tasks) {
    return Task("batch", group + std::to_string(tasks.size()));
  };
  config.group_grace_period = 1s;
  std::promise<std::string> ran;
  mux.handle("batch", [&](Context& ctx) { ran.set_value(ctx.payload().bytes()); });
  for (const std::string& id : numbered("m", 3)) {
    auto t = task(id);
    t.message.group = "g";
    enqueue(t);
  }
  start();
  Ticker ticker(clock);
  EXPECT_EQ(ran.get_future().get(), "g3");
}

TEST_F(ServerTest, ResultAndProgressAreSeenWhileTheHandlerRuns) {
  Gate gate;
  mux.handle("t", [&](Context& ctx) {
    ctx.write_result("first");
    ctx.write_result("second");
    ctx.set_progress(150, "half way");
    gate.wait();
    ctx.write_result("last");
    ctx.set_progress(100);
  });
  auto t = task("a");
  t.message.retention = 1h;
  enqueue(t);
  start();
  Ticker ticker(clock);
  ASSERT_TRUE(eventually([&] { return info("a").result == "second" && info("a").progress == Progress{100, "half way"}; }));
  gate.open();
  ASSERT_TRUE(eventually([&] { return in_state("a", TaskState::kCompleted); }));
  EXPECT_EQ(info("a").result, "last");
}

TEST_F(ServerTest, HooksThatThrowEndNothingAndDefaultsStandIn) {
  config.retry_delay = [](int, const Failure&, const Context&) -> Duration { throw 1; };
  config.is_failure = [](const Failure&) -> bool { throw std::runtime_error("no"); };
  config.on_error = [](const Context&, const Outcome&) { throw std::string("no"); };
  mux.handle("t", [](Context&) { return Outcome::fail("x"); });
  enqueue(task("a"));
  start();
  ASSERT_TRUE(eventually([&] { return in_state("a", TaskState::kRetry); }));
  EXPECT_EQ(info("a").retried, 1);
  EXPECT_GE(info("a").next_process_at, clock.now() + 15s) << "the default delay";
}

TEST_F(ServerTest, OnErrorHearsOfEveryFailedRunWithItsContext) {
  std::mutex mu;
  std::multiset<std::string> heard;
  config.on_error = [&](const Context& ctx, const Outcome& outcome) {
    std::lock_guard lock(mu);
    heard.insert(ctx.task_id() + " " + outcome.failure().message);
  };
  mux.handle("fail", [](Context&) { return Outcome::fail("x"); });
  mux.handle("skip", [](Context&) -> Outcome { return SkipRetry("y"); });
  mux.handle("done", [](Context&) {});
  enqueue({task("a", "fail"), task("b", "skip"), task("c", "done")});
  start();
  ASSERT_TRUE(eventually([&] { return in_state("a", TaskState::kRetry) && in_state("b", TaskState::kArchived) && gone("c"); }));
  std::lock_guard lock(mu);
  EXPECT_EQ(heard, (std::multiset<std::string>{"a x", "b y"}));
}

TEST_F(ServerTest, StoppingTwiceOrBeforeTheStartIsFine) {
  ServerRuntime never_started(store, config, clock, base::Random(1));
  never_started.stop();
  never_started.stop();
  never_started.quiet();
  EXPECT_EQ(never_started.start(mux).error().code(), ErrorCode::kFailedPrecondition);
  start();
  EXPECT_EQ(server->start(mux).error().code(), ErrorCode::kFailedPrecondition);
  std::thread other([&] { server->stop(); });
  server->stop();
  other.join();
  EXPECT_TRUE(store->servers()->empty()) << "it has signed off";
}

TEST_F(ServerTest, AQueueThatGetsATaskAfterItWasFoundEmptyIsLookedAtAgain) {
  using windlass::testing::Fault;
  using windlass::testing::Verb;
  const BrokerPtr inner = store;
  const auto watched = std::make_shared<windlass::testing::FailingBroker>(inner);
  config.queues = {{"first", 1}, {"second", 1}};
  enqueue({task("gone", "t", "first"), task("a", "t", "second")});
  for (const char* queue : {"first", "second"}) ASSERT_TRUE(store->pause(queue));
  const auto remove = [&](const broker::TaskRef& ref) { EXPECT_TRUE(inner->act({&ref, 1}, broker::TaskAction::kDelete)); };
  remove({"first", "gone"});
  // Between the looks at the first and the second queue the task moves over, as if it had enqueued another one and ended.
  watched->on_call([&](Verb verb, int n) {
    if (verb == Verb::kInspect && n == 2) {
      const broker::NewTask b = task("b", "t", "first");
      EXPECT_TRUE(inner->enqueue({&b, 1}));
      remove({"second", "a"});
    }
    if (verb == Verb::kInspect && n == 6) remove({"first", "b"});
    return Fault::kNone;
  });
  store = watched;
  start();
  const Ticker ticker(clock);
  EXPECT_TRUE(server->wait_until_empty());
  EXPECT_TRUE(gone("b", "first"));
}

TEST_F(ServerTest, WaitingForAnEmptyQueueEndsWhenTheServerIsStopped) {
  auto t = task("a");
  t.process_at = clock.now() + 24h;
  enqueue(t);
  start();
  std::thread waiter([&] { EXPECT_TRUE(server->wait_until_empty()); });
  server->stop();
  waiter.join();
  EXPECT_TRUE(in_state("a", TaskState::kScheduled));
}

}  // namespace
}  // namespace windlass::runtime
