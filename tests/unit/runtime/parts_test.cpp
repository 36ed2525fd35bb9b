// The small parts: work queue, handler time, trouble, settings, hooks.
#include <stdexcept>
#include <thread>

#include "role_fixture.hpp"
#include "mux/guarded_run.hpp"
#include "runtime/hooks.hpp"
#include "runtime/settings.hpp"
#include "runtime/work_queue.hpp"

namespace windlass::runtime {
namespace {

TEST(HandlerTime, NothingIsFetchedAheadBeforeAHandlerHasReturned) { EXPECT_EQ(HandlerTime().ahead(10, 500), 0u); }

TEST(HandlerTime, WhatIsFetchedAheadIsFiveMillisecondsOfWork) {
  const std::pair<Duration, std::size_t> cases[] = {{0ns, 500}, {1us, 500}, {1ms, 50}, {5ms, 10}, {10ms, 5}, {51ms, 0}, {1h, 0}};
  for (const auto& [took, ahead] : cases) {
    HandlerTime time;
    time.add(took);
    EXPECT_EQ(time.ahead(10, 500), ahead) << took.count() << " ns";
    EXPECT_EQ(time.ahead(10, 0), 0u);
  }
}

TEST(HandlerTime, ItRisesFastAndFallsSlowly) {
  HandlerTime time;
  time.add(1us);
  time.add(1s);
  EXPECT_GT(time.mean(), 100ms);
  time.add(1us);
  EXPECT_GT(time.mean(), 100ms);
  for (int i = 0; i < 1000; ++i) time.add(1us);
  EXPECT_LT(time.mean(), 2us);
  time.add(-1s);  // the clock of a test that goes backwards
  EXPECT_GE(time.mean(), 0ns);
}

class WorkQueueTest : public RoleTest {
 protected:
  // The test's own threads, or none.
  static inline const WorkQueue::StartWorker kWorkersOfTheTest = [](std::size_t) { return true; };

  std::vector<TaskRun*> runs(std::size_t n, bool on_loop = false) {
    for (std::size_t i = 0; i < n; ++i) enqueue(task(std::to_string(next++)));
    return fetch(n, 30s, "s1", on_loop);
  }
  int next = 0;
};

TEST_F(WorkQueueTest, RoomIsTheFreeSlotsAndALittleMoreForFastHandlers) {
  WorkQueue queue(clock, 4, 20, kWorkersOfTheTest);
  EXPECT_EQ(queue.wait_for_room(), 4u);
  queue.push(runs(4));
  EXPECT_NE(queue.take(0), nullptr);
  EXPECT_NE(queue.finish_and_take(0, 1us), nullptr);
  EXPECT_EQ(queue.wait_for_room(), 4u + 20 - 3) << "one runs, two wait";
}

TEST_F(WorkQueueTest, ASlowHandlerMakesRoomForOneTaskAtATime) {
  WorkQueue queue(clock, 2, 20, kWorkersOfTheTest);
  queue.push(runs(3));
  queue.take(0);
  queue.take(1);
  EXPECT_NE(queue.finish_and_take(0, 1s), nullptr);
  std::size_t room = 99;
  std::thread fetcher([&] { room = queue.wait_for_room(); });
  queue.push({});
  std::thread worker([&] { EXPECT_EQ(queue.finish_and_take(0, 1s), nullptr); });
  fetcher.join();
  EXPECT_EQ(room, 1u);
  queue.close();
  worker.join();
}

TEST_F(WorkQueueTest, EveryIdleWorkerGetsATaskOfOneBatch) {
  constexpr int kWorkers = 7;
  WorkQueue queue(clock, kWorkers, 20, kWorkersOfTheTest);
  std::atomic<int> have = 0;
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&, i] {
      if (queue.take(i) == nullptr) return;
      ++have;
      while (have < kWorkers) std::this_thread::yield();  // keeps its slot, as a handler that waits does
    });
  }
  queue.push(runs(kWorkers));
  for (std::thread& w : workers) w.join();
  EXPECT_EQ(have, kWorkers);
}

TEST_F(WorkQueueTest, TasksThatNoWorkerIsFreeToTakeAreStalledAfterAWhile) {
  WorkQueue queue(clock, 1, 20, kWorkersOfTheTest);
  queue.push(runs(3));
  queue.take(0);
  EXPECT_TRUE(queue.take_stalled().empty());
  clock.advance(WorkQueue::kStalledAfter - 1ns);
  EXPECT_TRUE(queue.take_stalled().empty());
  clock.advance(1ns);
  EXPECT_EQ(queue.take_stalled().size(), 2u);
  EXPECT_FALSE(queue.has_ready());
  clock.advance(1h);
  EXPECT_TRUE(queue.take_stalled().empty()) << "nothing waits";
}

TEST_F(WorkQueueTest, StopFetchingEndsTheWaitForRoom) {
  WorkQueue queue(clock, 1, 0, kWorkersOfTheTest);
  queue.push(runs(1));
  std::thread fetcher([&] { EXPECT_EQ(queue.wait_for_room(), 0u); });
  queue.stop_fetching();
  fetcher.join();
  EXPECT_EQ(queue.wait_for_room(), 0u);
  EXPECT_EQ(queue.take_back().size(), 1u);
}

TEST_F(WorkQueueTest, WaitingForTheRunningOnesEndsAtItsLimit) {
  WorkQueue queue(clock, 1, 0, kWorkersOfTheTest);
  EXPECT_TRUE(queue.wait_until_outstanding(0, 0s));
  queue.push(runs(1));
  queue.take(0);
  EXPECT_FALSE(queue.wait_until_outstanding(0, 0s));
  EXPECT_TRUE(queue.wait_until_outstanding(1, 0s));
}

TEST_F(WorkQueueTest, AWorkerIsStartedOnlyWhereNoneIsIdleAndOnlyForWhatNeedsOne) {
  std::vector<std::size_t> begun;
  WorkQueue queue(clock, 2, 20, [&](std::size_t worker) {
    begun.push_back(worker);
    return true;
  });
  int wakes = 0;
  const std::size_t loop = queue.add_loop([&] { ++wakes; });
  std::vector<TaskRun*> taken;
  EXPECT_TRUE(queue.take_many(loop, {}, 10, taken));
  queue.push(runs(3, true));
  EXPECT_TRUE(begun.empty());
  EXPECT_EQ(wakes, 1);
  queue.take_many(loop, {}, 10, taken);
  EXPECT_EQ(taken.size(), 2u) << "the slots that there are";
  queue.push(runs(2));
  EXPECT_TRUE(begun.empty()) << "no slot is free";
  const std::vector<Duration> both{1s, 1s};
  queue.take_many(loop, both, 10, taken);
  EXPECT_EQ(taken.size(), 3u) << "the last free slot is for what came next";
  EXPECT_EQ(begun, std::vector<std::size_t>{0});
  EXPECT_NE(queue.take(0), nullptr);
  EXPECT_EQ(begun.size(), 1u);
  queue.take_many(loop, std::span(both).first(1), 10, taken);
  EXPECT_EQ(begun, (std::vector<std::size_t>{0, 1})) << "the first one runs";
}

TEST_F(WorkQueueTest, AWorkerThatCannotBeStartedIsTriedAgain) {
  int tries = 0;
  WorkQueue queue(clock, 1, 20, [&](std::size_t worker) {
    EXPECT_EQ(worker, 0u);
    return ++tries == 2;
  });
  queue.push(runs(1));
  EXPECT_EQ(tries, 1);
  clock.advance(WorkQueue::kStalledAfter);
  const std::vector<TaskRun*> stalled = queue.take_stalled();
  ASSERT_EQ(stalled.size(), 1u) << "they go back, and come again";
  queue.push(stalled);
  EXPECT_EQ(tries, 2);
}

TEST_F(WorkQueueTest, WhatWaitsForALoopThatIsHeldIsStalledWhileWorkersGoOn) {
  WorkQueue queue(clock, 4, 20, kWorkersOfTheTest);
  queue.add_loop([] {});
  queue.push(runs(2, true));
  queue.push(runs(2));
  clock.advance(WorkQueue::kStalledAfter);
  queue.take(0);
  const std::vector<TaskRun*> stalled = queue.take_stalled();
  ASSERT_EQ(stalled.size(), 2u);
  EXPECT_TRUE(stalled[0]->on_loop() && stalled[1]->on_loop());
}

TEST_F(RoleTest, TroubleDoublesItsWaitUpToFiveSecondsAndStartsAnewAfterASuccess) {
  Trouble t = trouble();
  const Error error(ErrorCode::kUnavailable, "away");
  Duration full = Trouble::kFirst;
  for (int i = 0; i < 10; ++i) {
    const Duration wait = t.failed(error);
    EXPECT_LE(wait, full);
    EXPECT_GE(wait, full / 2);
    full = std::min(2 * full, Trouble::kLongest);
  }
  t.ended();
  EXPECT_LE(t.failed(error), Trouble::kFirst);
}

class Lines final : public LogSink {
 public:
  void write(const LogRecord& record) override { lines.emplace_back(record.message); }
  std::vector<std::string> lines;
};

TEST_F(RoleTest, TroubleLogsAtMostOneLineInThreeSecondsAndTheEndOnce) {
  const auto lines = std::make_shared<Lines>();
  set_log_sink(lines);
  Trouble t = trouble("fetching");
  for (int i = 0; i < 61; ++i) {
    t.failed(Error(ErrorCode::kUnavailable, "away"));
    clock.advance(100ms);
  }
  EXPECT_EQ(lines->lines.size(), 3u) << "at 0, 3 and 6 s";
  t.ended();
  t.ended();
  EXPECT_EQ(lines->lines.back(), "fetching works again");
  EXPECT_EQ(lines->lines.size(), 4u);
  set_log_sink(make_stream_sink(2, LogFormat::kText));
}

TEST(Settings, DefaultsAreFilledIn) {
  const auto config = checked_config({});
  ASSERT_TRUE(config);
  EXPECT_GE(config->concurrency, 1);
  EXPECT_EQ(config->queues, (std::map<std::string, int>{{"default", 1}}));
}

TEST(Settings, ABadValueIsNamedWithWhatIsAllowed) {
  const std::pair<std::function<void(ServerConfig&)>, std::string> cases[] = {
      {[](ServerConfig& c) { c.concurrency = -1; }, "concurrency must be at least 0, not -1"},
      {[](ServerConfig& c) { c.queues = {{" ", 1}}; }, "queues must be names that are not blank, not ' '"},
      {[](ServerConfig& c) { c.queues = {{"q", 0}}; }, "queues['q'] must be at least 1, not 0"},
      {[](ServerConfig& c) { c.lease = 2s; }, "lease must be at least 3s, not 2s"},
      {[](ServerConfig& c) { c.liveness = 999ms; }, "liveness must be at least 1s, not 999ms"},
      {[](ServerConfig& c) { c.shutdown_timeout = -1ns; }, "shutdown_timeout must be at least 0s, not -1ns"},
      {[](ServerConfig& c) { c.group_grace_period = 0s; }, "group_grace_period must be at least 1s, not 0s"},
      {[](ServerConfig& c) { c.janitor_batch = 0; }, "janitor_batch must be at least 1, not 0"},
      {[](ServerConfig& c) { c.prefetch_max = -1; }, "prefetch_max must be at least 0, not -1"},
      {[](ServerConfig& c) { c.isolation.nice = 20; }, "isolation.nice must be at most 19, not 20"},
      {[](ServerConfig& c) { c.isolation.grace = -1s; }, "isolation.grace must be at least 0s, not -1s"},
      {[](ServerConfig& c) { c.isolation.grace = 25h; }, "isolation.grace must be at most 24h0m0s, not 25h0m0s"},
      {[](ServerConfig& c) { c.isolation.open_files_max = 31; }, "isolation.open_files_max must be at least 32, not 31"},
      {[](ServerConfig& c) { c.isolation.handlers_per_child = 65; }, "isolation.handlers_per_child must be at most 64, not 65"},
      {[](ServerConfig& c) { c.isolation = {.cpu_time_max = 1s, .handlers_per_child = 2}; },
       "isolation.cpu_time_max must be left out where handlers_per_child is over 1, not 1s"},
  };
  for (const auto& [spoil, text] : cases) {
    ServerConfig config;
    spoil(config);
    const auto checked = checked_config(config);
    ASSERT_FALSE(checked) << text;
    EXPECT_EQ(checked.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(checked.error().message(), "server config: " + text);
  }
}

TEST(Settings, TheOptionsOfAPatternGoOverThoseOfTheServer) {
  const HandlerOptions server{.isolation = Isolation::kProcess, .memory_max = 1_GiB, .environment = {{"PATH"}}, .grace = 2s};
  const HandlerOptions merged = merged_options({.memory_max = 64_MiB, .handlers_per_child = 4}, server);
  EXPECT_EQ(merged, (HandlerOptions{.isolation = Isolation::kProcess,
                                    .memory_max = 64_MiB,
                                    .environment = {{"PATH"}},
                                    .handlers_per_child = 4,
                                    .grace = 2s}));
  EXPECT_EQ(merged_options({.isolation = Isolation::kThread}, server).isolation, Isolation::kThread);
  EXPECT_EQ(merged_options({}, {}), (HandlerOptions{.isolation = Isolation::kThread, .handlers_per_child = 1, .grace = 5s}));
}

TEST(Hooks, AnyExceptionHasAText) {
  struct Odd {};
  const auto text_of = [](auto thrown) {
    try {
      throw thrown;
    } catch (...) {
      return internal::describe_current_exception();
    }
  };
  EXPECT_EQ(text_of(std::runtime_error("x")), "std::runtime_error: x");
  EXPECT_EQ(text_of(42), "an exception of type int");
  EXPECT_NE(text_of(Odd()).find("Odd"), std::string::npos);
}

}  // namespace
}  // namespace windlass::runtime
