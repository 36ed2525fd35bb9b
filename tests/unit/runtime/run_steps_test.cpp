// What comes before a handler: tasks that this server may not own any more do not start.
#include "runtime/run_steps.hpp"
#include "role_fixture.hpp"
#include "runtime/fetcher.hpp"
#include "runtime/heartbeat.hpp"

namespace windlass::runtime {
namespace {

class RunStepsTest : public RoleTest {
 protected:
  RunStepsTest() { table.heard_of(clock.steady() + 3s, clock.steady()); }

  // A task that was fetched `ago`.
  TaskRun& fetched(Duration ago, Duration lease = 30s) {
    enqueue(task("a"));
    TaskRun* const run = fetch(1, lease).front();
    clock.advance(ago);
    return *run;
  }
  bool begins(TaskRun& run) { return steps.begin(slots.add(), run).has_value(); }
  void write() { finisher.step(); }

  const Mux mux;
  Handlers handlers{mux};
  const Hooks hooks{ServerConfig()};
  Slots slots;
  WorkQueue queue{clock, 1, 1, [](std::size_t) { return false; }};
  const RunMetrics run_metrics{counters.metrics, mux};
  const ExecutorTools tools{mux, handlers, hooks, run_metrics, queue, slots, finisher, table, clock, [] {}};
  RunSteps steps{tools, base::Random(1)};
  Heartbeat heartbeat{store, clock, {.info = {.id = "s1"}, .lease = 30s, .liveness = 3s}, table, slots, trouble(),
                      counters};
};

TEST_F(RunStepsTest, ATaskIsBegunWhileItsServerIsHeldForAlive) { EXPECT_TRUE(begins(fetched(2s))); }

TEST_F(RunStepsTest, AServerThatWasStoppedForLongerThanItsLivenessGivesBackWhatItHasNotBegun) {
  TaskRun& run = fetched(3s);
  EXPECT_FALSE(begins(run));
  write();
  EXPECT_EQ(state("a"), TaskState::kPending) << "nobody had taken it away yet";
  EXPECT_EQ(counters.given_back.value(), 1u);
}

TEST_F(RunStepsTest, AServerThatWakesUpDoesNotBeginWhatAnotherRunsMeanwhile) {
  ASSERT_TRUE(store.keep_alive("s1", 3s));
  TaskRun& run = fetched(3s);
  ASSERT_EQ(store.recover({.queues = {"default"}})->size(), 1u);
  ASSERT_EQ(store.fetch({.queues = {{"default", 1}}, .max = 1, .owner = "s2", .lease = 30s})->size(), 1u);
  EXPECT_FALSE(begins(run));
  write();
  EXPECT_EQ(state("a"), TaskState::kActive) << "it is the other server's";
  EXPECT_EQ(counters.lease_lost.value(), 1u);
}

TEST_F(RunStepsTest, ATaskWhoseLeaseHasEndedIsGivenBackByALivingServerToo) {
  TaskRun& run = fetched(5s, 5s);
  table.heard_of(clock.steady() + 3s, clock.steady() - 3s);
  EXPECT_FALSE(begins(run));
}

TEST_F(RunStepsTest, AServerThatMayBeHeldForDeadFetchesNothing) {
  Fetcher fetcher(store, clock, base::Random(1), {"s1", 30s, {{"default", 1}}, false}, mux, queue, table, finisher,
                  counters);
  enqueue(task("a"));
  clock.advance(3s);
  EXPECT_GT(fetcher.fetch(1).at_most, 0s);
  EXPECT_EQ(store.calls(Verb::kFetch), 0);
  heartbeat.step(clock.now());
  fetcher.fetch(1);
  EXPECT_EQ(counters.fetched.value(), 1u);
}

TEST_F(RunStepsTest, ASignOfLifeLetsAServerBeginTasksAgain) {
  TaskRun& run = fetched(10s);
  heartbeat.step(clock.now());
  EXPECT_TRUE(begins(run));
}

TEST_F(RunStepsTest, ASignOfLifeDoesNotBringBackWhatWasTakenAwayBefore) {
  ASSERT_TRUE(store.keep_alive("s1", 3s));
  TaskRun& run = fetched(3s);
  ASSERT_EQ(store.recover({.queues = {"default"}})->size(), 1u);
  heartbeat.step(clock.now());
  EXPECT_FALSE(begins(run));
}

TEST_F(RunStepsTest, WhatWasFetchedBeforeASignOfLifeCameTooLateIsNotBegunUntilItsLeaseIsExtended) {
  table.fetch_begins();
  clock.advance(3s);
  heartbeat.step(clock.now());
  TaskRun& run = fetched(0s);
  EXPECT_FALSE(begins(run)) << "the store may have handed it out before, and to another since";
}

TEST_F(RunStepsTest, ATaskThatWasInDoubtIsBegunOnceItsLeaseIsExtended) {
  table.fetch_begins();
  clock.advance(3s);
  heartbeat.step(clock.now());
  TaskRun& run = fetched(0s);
  heartbeat.step(clock.now());
  EXPECT_TRUE(begins(run));
}

}  // namespace
}  // namespace windlass::runtime
