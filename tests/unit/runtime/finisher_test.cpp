// The finisher, and whole servers whose store fails: no outcome is forgotten, whichever call falls out.
#include "runtime/finisher.hpp"

#include <stdexcept>

#include "role_fixture.hpp"
#include "server_fixture.hpp"

namespace windlass::runtime {
namespace {

class FinisherTest : public RoleTest {
 protected:
  ~FinisherTest() override { finisher.close(0s); }

  void submit(TaskRun& run, broker::FinishKind kind = broker::FinishKind::kDone) {
    broker::Finish finish;
    finish.lease = run.lease();
    finish.kind = kind;
    finisher.submit({std::move(finish), &run});
  }
  std::vector<TaskRun*> fetched(int n, Duration retention = {}) {
    for (int i = 0; i < n; ++i) {
      broker::NewTask t = task("t" + std::to_string(i));
      t.message.retention = retention;
      enqueue(t);
    }
    return fetch(static_cast<std::size_t>(n));
  }
  // Moves the clock through back-offs until `condition` holds.
  template <class Condition>
  void advance_until(Condition condition) {
    const Ticker ticker(clock);
    EXPECT_TRUE(eventually(condition));
  }
  bool all_written() { return table.size() == 0; }
};

TEST_F(FinisherTest, WhatCameInWhileItWasAwayGoesInOneCall) {
  for (TaskRun* run : fetched(300)) submit(*run);
  finisher.start();
  finisher.close(1s);
  EXPECT_EQ(counters.done.value(), 300u);
  EXPECT_EQ(store.calls(Verb::kFinish), 1);
  EXPECT_EQ(store.queue_info("default")->size, 0u);
}

TEST_F(FinisherTest, ACallNeverCarriesMoreThanTheBatchLimit) {
  for (TaskRun* run : fetched(1200)) submit(*run);
  finisher.start();
  finisher.close(1s);
  EXPECT_EQ(counters.done.value(), 1200u);
  EXPECT_EQ(store.calls(Verb::kFinish), 3);
}

TEST_F(FinisherTest, AnOutageOfTheStoreIsOutlived) {
  store.on_call([&](Verb verb, int n) { return verb == Verb::kFinish && n <= 8 ? Fault::kBefore : Fault::kNone; });
  finisher.start();
  for (TaskRun* run : fetched(50)) submit(*run);
  advance_until([&] { return all_written(); });
  EXPECT_EQ(counters.done.value(), 50u);
  EXPECT_EQ(store.queue_info("default")->size, 0u);
  EXPECT_GE(counters.finish_failures.value(), 8u);
}

TEST_F(FinisherTest, ALostAnswerIsAskedForAgainAndCountsAsWritten) {
  store.on_call([&](Verb verb, int n) { return verb == Verb::kFinish && n == 1 ? Fault::kAfter : Fault::kNone; });
  finisher.start();
  for (TaskRun* run : fetched(5)) submit(*run);
  advance_until([&] { return all_written(); });
  EXPECT_EQ(counters.done.value(), 5u);
  EXPECT_EQ(counters.lease_lost.value(), 0u);
}

TEST_F(FinisherTest, AfterLostAnswersItAsksForEachQueueAndThenForEachTask) {
  enqueue(task("a"));
  enqueue(task("b"));
  enqueue(task("c", "other"));
  const auto runs = fetch(9);
  for (const std::size_t i : {0u, 2u, 1u}) submit(*runs.at(i));
  // All; those of the first queue; each.
  store.on_call([](Verb verb, int n) { return verb == Verb::kFinish && n <= 2 ? Fault::kAfter : Fault::kNone; });
  finisher.start();
  advance_until([&] { return all_written(); });
  EXPECT_EQ(counters.done.value(), 3u);
  EXPECT_EQ(store.calls(Verb::kFinish), 5);
}

TEST_F(FinisherTest, AnOutcomeOfATaskThatSomebodyElseOwnsIsRefusedAndCounted) {
  const auto runs = fetched(2);
  clock.advance(31s);
  ASSERT_EQ(store.recover({.queues = {"default"}})->size(), 2u);
  finisher.start();
  for (TaskRun* run : runs) submit(*run);
  advance_until([&] { return all_written(); });
  EXPECT_EQ(counters.lease_lost.value(), 2u);
  EXPECT_EQ(store.queue_info("default")->pending, 2u);
}

TEST_F(FinisherTest, AFinishThatTheStoreRefusesDoesNotHoldUpTheOthers) {
  const auto runs = fetched(10);
  // Refuses the call that carries all, and the fourth of the single ones.
  store.on_call([&](Verb verb, int n) { return verb == Verb::kFinish && (n == 1 || n == 5) ? Fault::kRefused : Fault::kNone; });
  for (TaskRun* run : runs) submit(*run);
  finisher.start();
  finisher.close(1s);
  EXPECT_EQ(counters.done.value(), 9u);
  EXPECT_EQ(counters.finishes_dropped.value(), 1u);
  EXPECT_EQ(store.queue_info("default")->active, 1u);
}

TEST_F(FinisherTest, AnOutageInTheMiddleOfSingleFinishesKeepsTheRest) {
  const auto runs = fetched(10);
  store.on_call([&](Verb verb, int n) {
    if (verb != Verb::kFinish) return Fault::kNone;
    return n == 1 ? Fault::kRefused : n == 4 ? Fault::kBefore : Fault::kNone;
  });
  for (TaskRun* run : runs) submit(*run);
  finisher.start();
  advance_until([&] { return all_written(); });
  EXPECT_EQ(counters.done.value(), 10u);
}

TEST_F(FinisherTest, AResultIsWrittenBeforeItsFinishThoughUpdatesFail) {
  const auto runs = fetched(1, 1h);
  store.on_call([&](Verb verb, int n) { return verb == Verb::kUpdate && n <= 3 ? Fault::kBefore : Fault::kNone; });
  finisher.start();
  runs[0]->write_result("r");
  runs[0]->set_progress(80, "p");
  submit(*runs[0], broker::FinishKind::kComplete);
  advance_until([&] { return all_written(); });
  const auto t = store.task({"default", "t0"});
  EXPECT_EQ(t->state, TaskState::kCompleted);
  EXPECT_EQ(t->result, "r");
  EXPECT_EQ(t->progress, (Progress{80, "p"}));
}

TEST_F(FinisherTest, AResultOfASnoozedOrRequeuedTaskIsKept) {
  const auto runs = fetched(2);
  runs[0]->write_result("s");
  runs[1]->write_result("q");
  submit(*runs[0], broker::FinishKind::kSnooze);
  submit(*runs[1], broker::FinishKind::kRequeue);
  finisher.start();
  finisher.close(1s);
  EXPECT_EQ(store.task({"default", "t0"})->result, "s");
  EXPECT_EQ(store.task({"default", "t1"})->result, "q");
}

TEST_F(FinisherTest, ProgressIsWrittenAtMostFourTimesASecondAndTheLastWordIsNotLost) {
  const auto runs = fetched(1);
  finisher.start();
  for (int i = 1; i <= 99; ++i) {
    runs[0]->set_progress(i);
    clock.advance(10ms);
    std::this_thread::yield();
  }
  runs[0]->set_progress(100);
  advance_until([&] { return store.task({"default", "t0"})->progress == Progress{100, ""}; });
  EXPECT_LE(store.calls(Verb::kUpdate), 2 + 990 / 250 + 1);
}

TEST_F(FinisherTest, PercentIsClamped) {
  const auto runs = fetched(1);
  finisher.start();
  runs[0]->set_progress(-5);
  advance_until([&] { return store.task({"default", "t0"})->progress == Progress{0, ""}; });
  runs[0]->set_progress(std::numeric_limits<double>::quiet_NaN(), "nan");
  advance_until([&] { return store.task({"default", "t0"})->progress == Progress{0, "nan"}; });
}

TEST_F(FinisherTest, AResultThatIsTooLargeIsDroppedAndTheTaskStillFinishes) {
  FailingBroker small(broker::make_memory_broker(clock, 100));
  Finisher own(small, clock, base::Random(1), table, counters);
  broker::NewTask t = task("a");
  t.message.retention = 1h;
  ASSERT_TRUE(small.enqueue({&t, 1}));
  auto tasks = small.fetch({.queues = {{"default", 1}}, .max = 1, .owner = "s1", .lease = 30s});
  std::vector<std::unique_ptr<TaskRun>> owned;
  owned.push_back(std::make_unique<TaskRun>(std::move(tasks->front()), 1, own));
  TaskRun& run = *owned.front();
  table.fetch_ends(std::move(owned), clock.steady() + 30s, clock.steady());
  run.write_result(std::string(101, 'x'));
  broker::Finish finish;
  finish.lease = run.lease();
  finish.kind = broker::FinishKind::kComplete;
  own.submit({std::move(finish), &run});
  own.start();
  own.close(1s);
  EXPECT_EQ(small.task({"default", "a"})->state, TaskState::kCompleted);
  EXPECT_FALSE(small.task({"default", "a"})->result);
}

TEST_F(FinisherTest, AFullFinisherHoldsUpTheWorkersUntilThereIsRoom) {
  const auto runs = fetched(static_cast<int>(Finisher::kPendingMax) + 1);
  for (std::size_t i = 0; i < Finisher::kPendingMax; ++i) submit(*runs[i]);
  std::atomic<bool> through = false;
  std::thread worker([&] {
    submit(*runs.back());
    through = true;
  });
  EXPECT_FALSE(through);
  finisher.start();
  worker.join();
  advance_until([&] { return all_written(); });
  EXPECT_EQ(counters.done.value(), Finisher::kPendingMax + 1);
}

TEST_F(FinisherTest, ClosingGivesUpInTimeWhenTheStoreStaysAway) {
  const auto runs = fetched(3);
  store.on_call([](Verb verb, int) { return verb == Verb::kFinish ? Fault::kBefore : Fault::kNone; });
  finisher.start();
  for (TaskRun* run : runs) submit(*run);
  std::atomic<bool> closed = false;
  std::thread closer([&] {
    finisher.close(5s);
    closed = true;
  });
  advance_until([&] { return closed.load(); });
  closer.join();
  EXPECT_EQ(counters.finishes_dropped.value(), 3u);
  submit(*runs[0]);
  EXPECT_EQ(counters.finishes_dropped.value(), 4u) << "what comes after the end is dropped";
}

// ------------------------------------------------------------------------------- whole servers with a store that fails

struct FaultCase {
  Verb verb;
  Fault fault;
  std::string name;
};

class ServerWithFailingStore : public ServerTest, public ::testing::WithParamInterface<FaultCase> {};

// Each verb fails at its first call, at its second, and so on, in turn; tasks must all be run, and none left behind.
TEST_P(ServerWithFailingStore, EveryTaskEndsOnceWhicheverCallFails) {
  set_log_level(LogLevel::kOff);
  for (int fails_at = 1; fails_at <= 5; ++fails_at) {
    auto failing = std::make_shared<FailingBroker>(broker::make_memory_broker(clock));
    store = failing;
    std::vector<broker::NewTask> tasks;
    for (int i = 0; i < 40; ++i) tasks.push_back(task(std::to_string(i)));
    for (int i = 40; i < 50; ++i) {
      tasks.push_back(task(std::to_string(i)));
      tasks.back().process_at = clock.now() + 2s;
    }
    enqueue(tasks);
    std::array<std::atomic<int>, 50> runs{};
    Mux counting;
    counting.handle("t", [&](Context& ctx) {
      ++runs.at(static_cast<std::size_t>(std::stoi(ctx.task_id())));
      ctx.write_result("x");
    });
    ServerRuntime own(store, config, clock, base::Random(3));
    int since = 0;
    ASSERT_TRUE(own.start(counting));
    failing->on_call([&, verb = GetParam().verb](Verb v, int) {
      return v == verb && ++since == fails_at ? GetParam().fault : Fault::kNone;
    });
    const Ticker ticker(clock);
    ASSERT_TRUE(eventually([&] {
      const auto queue = failing->queue_info("default");
      return queue && queue->size == 0;
    }));
    own.stop();
    // A fetch whose answer was lost leaves its tasks to recovery; all others run exactly once.
    for (auto& n : runs) EXPECT_EQ(n, 1) << "call " << fails_at;
  }
  set_log_level(LogLevel::kInfo);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, ServerWithFailingStore,
    ::testing::Values(FaultCase{Verb::kFetch, Fault::kBefore, "FetchFails"},
                      FaultCase{Verb::kFinish, Fault::kBefore, "FinishFails"},
                      FaultCase{Verb::kFinish, Fault::kAfter, "FinishAnswerIsLost"},
                      FaultCase{Verb::kFinish, Fault::kRefused, "FinishIsRefused"},
                      FaultCase{Verb::kUpdate, Fault::kBefore, "UpdateFails"},
                      FaultCase{Verb::kUpdate, Fault::kAfter, "UpdateAnswerIsLost"},
                      FaultCase{Verb::kForward, Fault::kBefore, "ForwardFails"},
                      FaultCase{Verb::kForward, Fault::kAfter, "ForwardAnswerIsLost"},
                      FaultCase{Verb::kRecover, Fault::kBefore, "RecoverFails"},
                      FaultCase{Verb::kClean, Fault::kAfter, "CleanAnswerIsLost"},
                      FaultCase{Verb::kKeepAlive, Fault::kBefore, "KeepAliveFails"},
                      FaultCase{Verb::kPublishServer, Fault::kBefore, "PublishFails"},
                      FaultCase{Verb::kExtend, Fault::kAfter, "ExtendAnswerIsLost"},
                      FaultCase{Verb::kCancelWait, Fault::kBefore, "CancelFeedFails"}),
    [](const auto& p) { return p.param.name; });

}  // namespace
}  // namespace windlass::runtime
