// Watchdog, slots and canceller: how runs are told to stop.
#include "runtime/watchdog.hpp"

#include "role_fixture.hpp"
#include "runtime/canceller.hpp"

namespace windlass::runtime {
namespace {

class StopTest : public RoleTest {
 protected:
  // A run in `slot`, as if its handler had just been called.
  TaskRun& start(std::size_t slot, const std::string& id, const RunLimits& limits = {}, const std::string& queue = "default") {
    enqueue(task(id, queue));
    TaskRun& run = *fetch(1).front();
    run.begin(clock.now(), kNoTime);
    woken = slots.begin(*slot_of[slot], run, limits, clock.now(), clock.steady());
    return run;
  }
  RunLimits timeout(Duration d) { return {.timeout_at = clock.steady() + d}; }
  void step() { watchdog.step(clock.now()); }

  Slots slots;
  std::vector<Slot*> slot_of{&slots.add(), &slots.add()};
  Watchdog watchdog{slots, clock, counters};
  Canceller canceller{store, clock, table, [this] { ++wakes; }, trouble(), counters};
  bool woken = false;
  int wakes = 0;
};

TEST_F(StopTest, ARunIsToldToStopAtItsTimeoutAndNotBefore) {
  TaskRun& run = start(0, "a", timeout(2s));
  const std::stop_token token = run.stop_token();
  clock.advance(2s - 1ns);
  EXPECT_EQ(watchdog.step(clock.now()), clock.now() + 1ns);
  EXPECT_FALSE(token.stop_requested());
  clock.advance(1ns);
  step();
  EXPECT_TRUE(token.stop_requested());
  EXPECT_EQ(run.stop_reason(), StopReason::kTimeout);
}

TEST_F(StopTest, ATimeoutIsALengthThatNoWallClockCanChange) {
  TaskRun& run = start(0, "a", timeout(2s));
  clock.step_wall(1h);
  step();
  EXPECT_EQ(run.stop_reason(), StopReason::kNone);
  clock.step_wall(-2h);
  clock.advance(2s);
  step();
  EXPECT_EQ(run.stop_reason(), StopReason::kTimeout);
}

TEST_F(StopTest, ARunThatIsKilledInTheEndIsNoOverrunBefore) {
  start(0, "a", {.timeout_at = clock.steady() + 2s, .stop_time = 6s});
  clock.advance(2s);
  step();
  clock.advance(6s + Slots::kOverrunAfter - 1ns);
  step();
  EXPECT_EQ(counters.overruns.value(), 0u);
  clock.advance(1ns);
  step();
  EXPECT_EQ(counters.overruns.value(), 1u);
}

TEST_F(StopTest, ARunThatBeginsAfterAllWereToldIsToldToo) {
  (void)slots.tell_all(StopReason::kShutdown, clock.steady());
  EXPECT_EQ(start(0, "a").stop_reason(), StopReason::kShutdown);
}

TEST_F(StopTest, ADeadlineIsATimeOnTheWall) {
  TaskRun& run = start(0, "a", {.deadline = clock.now() + 1h});
  clock.step_wall(1h);
  step();
  EXPECT_EQ(run.stop_reason(), StopReason::kDeadline);
}

TEST_F(StopTest, ARunWithAnEarlierLimitWakesTheWatchdogAndALaterOneDoesNot) {
  start(0, "a", timeout(2s));
  EXPECT_TRUE(woken);
  step();
  start(1, "b", timeout(3s));
  EXPECT_FALSE(woken);
  EXPECT_TRUE(slots.end(*slot_of[1]));
  start(1, "c", timeout(1s));
  EXPECT_TRUE(woken);
}

TEST_F(StopTest, ARunWithoutLimitNeverWakesIt) {
  start(0, "a");
  EXPECT_FALSE(woken);
  step();
  clock.advance(24h * 365);
  step();
  EXPECT_EQ(slots.running().size(), 1u);
  EXPECT_FALSE(slots.running()[0].overrun);
}

TEST_F(StopTest, ARunThatGoesOnIsAnOverrunAfterASecondAndCountedOnce) {
  start(0, "a", timeout(2s));
  clock.advance(2s);
  EXPECT_EQ(watchdog.step(clock.now()), clock.now() + 1s);
  EXPECT_FALSE(slots.running()[0].overrun);
  clock.advance(1s);
  step();
  step();
  EXPECT_TRUE(slots.running()[0].overrun);
  EXPECT_EQ(counters.overruns.value(), 1u);
  EXPECT_TRUE(slots.end(*slot_of[0]));
  EXPECT_TRUE(slots.running().empty());
}

TEST_F(StopTest, ATokenThatIsAskedForLateIsSetAlready) {
  TaskRun& run = start(0, "a", timeout(1s));
  clock.advance(1s);
  step();
  EXPECT_TRUE(run.stop_token().stop_requested());
}

TEST_F(StopTest, TheFirstReasonStays) {
  TaskRun& run = start(0, "a", timeout(1s));
  canceller.carry_out(std::vector<broker::CancelRequest>{{{"default", "a"}, true}});
  clock.advance(2s);
  step();
  EXPECT_EQ(run.stop_reason(), StopReason::kCancelled);
  EXPECT_TRUE(run.for_good());
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(counters.cancelled.value(), 1u);
}

TEST_F(StopTest, ACancelRequestMeansOneTaskOfTheQueueItNames) {
  TaskRun& here = start(0, "same");
  TaskRun& there = start(1, "same", {}, "other");
  canceller.carry_out(std::vector<broker::CancelRequest>{{{"other", "same"}, false}});
  EXPECT_EQ(here.stop_reason(), StopReason::kNone);
  EXPECT_EQ(there.stop_reason(), StopReason::kCancelled);
}

TEST_F(StopTest, ACancelRequestWithoutQueueMeansAnyQueue) {
  TaskRun& here = start(0, "same");
  TaskRun& there = start(1, "same", {}, "other");
  canceller.carry_out(std::vector<broker::CancelRequest>{{{"", "same"}, false}, {{"", "unknown"}, false}});
  EXPECT_EQ(here.stop_reason(), StopReason::kCancelled);
  EXPECT_EQ(there.stop_reason(), StopReason::kCancelled);
}

TEST_F(StopTest, ACancelRequestThatOvertakesItsTaskOnTheWayFromTheStoreIsKept) {
  enqueue(task("a"));
  table.fetch_begins();
  canceller.carry_out(std::vector<broker::CancelRequest>{{{"default", "a"}, true}});
  TaskRun& run = *fetch(1).front();
  EXPECT_EQ(run.stop_reason(), StopReason::kCancelled);
  EXPECT_TRUE(run.for_good());
  enqueue(task("b"));
  canceller.carry_out(std::vector<broker::CancelRequest>{{{"default", "b"}, true}});
  EXPECT_EQ(fetch(1).front()->stop_reason(), StopReason::kNone) << "no fetch was under way: it meant nobody here";
}

TEST_F(StopTest, AHandlersStopCallbackMayUseItsContext) {
  TaskRun& run = start(0, "a");
  bool called = false;
  const std::stop_callback callback(run.stop_token(), [&] {
    called = run.stop_reason() == StopReason::kCancelled && run.stop_requested();
    run.set_progress(50, "stopping");
  });
  canceller.carry_out(std::vector<broker::CancelRequest>{{{"default", "a"}, false}});
  EXPECT_TRUE(called);
}

TEST_F(StopTest, ALostCancelFeedIsWaitedForAndWorksAgain) {
  TaskRun& run = start(0, "a");
  store.on_call([](Verb verb, int n) { return verb == Verb::kCancelWait && n == 1 ? Fault::kBefore : Fault::kNone; });
  canceller.start();
  while (store.calls(Verb::kCancelWait) < 2) clock.advance(100ms);
  const broker::CancelRequest request{{"default", "a"}, false};
  ASSERT_TRUE(store.cancel({&request, 1}));
  while (run.stop_reason() == StopReason::kNone) std::this_thread::yield();
  canceller.stop();
}

TEST_F(StopTest, AnAbandonedRunIsNoLongerTheWorkersToFinish) {
  start(0, "a");
  EXPECT_EQ(slots.abandon_all().size(), 1u);
  EXPECT_TRUE(slots.abandoned(*slot_of[0]));
  EXPECT_FALSE(slots.abandoned(*slot_of[1]));
  EXPECT_TRUE(slots.running().empty());
  EXPECT_FALSE(slots.end(*slot_of[0]));
}

}  // namespace
}  // namespace windlass::runtime
