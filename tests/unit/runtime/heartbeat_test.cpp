#include "runtime/heartbeat.hpp"

#include "role_fixture.hpp"

namespace windlass::runtime {
namespace {

class HeartbeatTest : public RoleTest {
 protected:
  HeartbeatTest() { enqueue(task("a")); }

  static HeartbeatPlan plan() {
    HeartbeatPlan p;
    p.info.id = "s1";
    p.info.concurrency = 2;
    p.lease = 30s;
    p.liveness = 3s;
    return p;
  }
  // Steps the role whenever it asks for it, for `length`.
  void beat_for(Duration length) {
    const Duration end = clock.steady() + length;
    while (clock.steady() < end) {
      const TimePoint now = clock.now();
      clock.advance(std::min<Duration>(heartbeat.step(now) - now, end - clock.steady()));
    }
  }
  bool orphaned() { return store.recover({.queues = {"default"}})->size() > 0; }

  Slots slots;
  Heartbeat heartbeat{store, clock, plan(), table, slots, trouble(), counters};
};

TEST_F(HeartbeatTest, ALivingServerKeepsItsTasksForAsLongAsItLives) {
  ASSERT_TRUE(heartbeat.announce());
  fetch(1);
  for (int i = 0; i < 120; ++i) {
    beat_for(1s);
    ASSERT_FALSE(orphaned()) << "after " << i << " s";
  }
  clock.advance(3s);
  EXPECT_TRUE(orphaned()) << "no beat for 3 s";
}

TEST_F(HeartbeatTest, AWallClockSteppedBackDoesNotStopIt) {
  ASSERT_TRUE(heartbeat.announce());
  fetch(1);
  beat_for(2s);
  clock.step_wall(-24h);
  beat_for(40s);
  EXPECT_FALSE(orphaned());
}

TEST_F(HeartbeatTest, LeasesAreExtendedBeforeAThirdOfThemIsUsedUpAndNotSooner) {
  ASSERT_TRUE(heartbeat.announce());
  fetch(1);
  beat_for(9s);
  EXPECT_EQ(store.calls(Verb::kExtend), 0);
  beat_for(4s);
  EXPECT_EQ(store.calls(Verb::kExtend), 1);
  beat_for(26s);
  EXPECT_LE(store.calls(Verb::kExtend), 4);
}

TEST_F(HeartbeatTest, ARunWhoseLeaseIsLostIsToldToStopOnce) {
  ASSERT_TRUE(heartbeat.announce());
  TaskRun& run = *fetch(1).front();
  const std::stop_token token = run.stop_token();
  clock.advance(12s);
  ASSERT_TRUE(orphaned()) << "recovered by another server";
  heartbeat.step(clock.now());
  EXPECT_TRUE(token.stop_requested());
  EXPECT_EQ(run.stop_reason(), StopReason::kLeaseLost);
  EXPECT_TRUE(run.disowned());
  const int extends = store.calls(Verb::kExtend);
  beat_for(5s);
  EXPECT_EQ(store.calls(Verb::kExtend), extends) << "a lost lease is not asked for again";
}

TEST_F(HeartbeatTest, ABeatThatFailsIsMadeAgainWellBeforeTheServerLooksDead) {
  ASSERT_TRUE(heartbeat.announce());
  fetch(1);
  store.on_call([](Verb verb, int n) { return verb == Verb::kKeepAlive && n % 2 == 0 ? Fault::kBefore : Fault::kNone; });
  for (int i = 0; i < 60; ++i) {
    beat_for(500ms);
    ASSERT_FALSE(orphaned());
  }
}

TEST_F(HeartbeatTest, AnExtensionThatFailsIsMadeAgain) {
  ASSERT_TRUE(heartbeat.announce());
  TaskRun& run = *fetch(1).front();
  store.on_call([](Verb verb, int n) { return verb == Verb::kExtend && n <= 3 ? Fault::kAfter : Fault::kNone; });
  beat_for(60s);
  EXPECT_FALSE(run.disowned());
  EXPECT_FALSE(orphaned());
}

TEST_F(HeartbeatTest, TheServerIsShownWithWhatItRuns) {
  ASSERT_TRUE(heartbeat.announce());
  ASSERT_EQ(store.servers()->size(), 1u);
  EXPECT_EQ(store.servers()->front().status, "active");
  TaskRun& run = *fetch(1).front();
  run.begin(clock.now(), clock.now() + 5s);
  EXPECT_FALSE(slots.begin(slots.add(), run, {}, clock.now(), clock.steady()));
  beat_for(1100ms);
  ASSERT_EQ(store.servers()->front().workers.size(), 1u) << "a change is published within a second";
  EXPECT_EQ(store.servers()->front().workers.front().task_id, "a");
  EXPECT_EQ(store.servers()->front().workers.front().deadline, windlass::testing::FakeClock::kStart + 5s);
  heartbeat.set_status("stopped");
  beat_for(1100ms);
  EXPECT_EQ(store.servers()->front().status, "stopped");
  ASSERT_TRUE(heartbeat.sign_off());
  EXPECT_TRUE(store.servers()->empty());
}

TEST_F(HeartbeatTest, WithoutChangesItPublishesEveryFiveSecondsAndStaysVisible) {
  ASSERT_TRUE(heartbeat.announce());
  beat_for(30s);
  EXPECT_EQ(store.calls(Verb::kPublishServer), 6) << "at 0, 5, ... 25 s";
  EXPECT_EQ(store.servers()->size(), 1u);
}

}  // namespace
}  // namespace windlass::runtime
