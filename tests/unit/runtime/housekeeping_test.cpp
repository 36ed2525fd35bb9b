// Recoverer, janitor and health check.
#include <windlass/log.hpp>

#include "role_fixture.hpp"
#include "runtime/health_check.hpp"
#include "runtime/janitor.hpp"
#include "runtime/recoverer.hpp"

namespace windlass::runtime {
namespace {

class RecovererTest : public RoleTest {
 protected:
  Recoverer recoverer{store, {"default"}, 3, trouble(), counters};
};

TEST_F(RecovererTest, TasksOfADeadServerArePutBackWithinItsLiveness) {
  ASSERT_TRUE(store.keep_alive("s1", 3s));
  enqueue(task("a"));
  fetch(1);
  EXPECT_EQ(recoverer.step(clock.now()), clock.now() + 1s);
  clock.advance(3s - 1ns);
  recoverer.step(clock.now());
  EXPECT_EQ(state("a"), TaskState::kActive);
  clock.advance(1ns);
  recoverer.step(clock.now());
  EXPECT_EQ(state("a"), TaskState::kPending);
  EXPECT_EQ(counters.recovered.value(), 1u);
}

TEST_F(RecovererTest, ATaskThatKillsItsServersIsArchivedAtTheLimit) {
  enqueue(task("a"));
  for (int crash = 1; crash <= 3; ++crash) {
    const std::string owner = "s" + std::to_string(crash);
    ASSERT_TRUE(store.keep_alive(owner, 3s));
    ASSERT_EQ(fetch(1, 30s, owner).size(), 1u);
    clock.advance(3s);
    recoverer.step(clock.now());
  }
  EXPECT_EQ(state("a"), TaskState::kArchived);
  EXPECT_EQ(store.task({"default", "a"})->failure.kind, FailureKind::kCrashed);
}

TEST_F(RecovererTest, AFullBatchIsFollowedByTheNextAtOnce) {
  ASSERT_TRUE(store.keep_alive("s1", 3s));
  for (int i = 0; i < 300; ++i) enqueue(task(std::to_string(i)));
  fetch(300);
  clock.advance(3s);
  EXPECT_EQ(recoverer.step(clock.now()), clock.now());
  EXPECT_EQ(recoverer.step(clock.now()), clock.now() + 1s);
  EXPECT_EQ(counters.recovered.value(), 300u);
}

TEST_F(RecovererTest, TroubleIsWaitedOut) {
  store.on_call([](Verb verb, int n) { return verb == Verb::kRecover && n == 1 ? Fault::kBefore : Fault::kNone; });
  EXPECT_LT(recoverer.step(clock.now()), clock.now() + 1s);
  EXPECT_EQ(recoverer.step(clock.now()), clock.now() + 1s);
}

TEST_F(RoleTest, TheJanitorDeletesWhatIsPastItsRetentionAndNothingElse) {
  for (int i = 0; i < 7; ++i) {
    broker::NewTask t = task(std::to_string(i));
    t.message.retention = i < 5 ? 10s : 1h;
    enqueue(t);
  }
  std::vector<broker::Finish> finishes;
  for (TaskRun* run : fetch(7)) finishes.push_back({.lease = run->lease(), .kind = broker::FinishKind::kComplete});
  ASSERT_TRUE(store.finish(finishes));
  Janitor janitor(store, {.queues = {"default"}, .max = 3}, 8s, trouble());
  EXPECT_EQ(janitor.step(clock.now()), clock.now() + 8s);
  clock.advance(10s);
  EXPECT_EQ(janitor.step(clock.now()), clock.now()) << "a full batch: more may be left";
  EXPECT_EQ(janitor.step(clock.now()), clock.now() + 8s);
  EXPECT_EQ(store.queue_info("default")->completed, 2u);
}

TEST_F(RoleTest, TheJanitorTakesTroubleCalmly) {
  store.on_call([](Verb, int) { return Fault::kBefore; });
  Janitor janitor(store, {.queues = {"default"}}, 8s, trouble());
  EXPECT_GT(janitor.step(clock.now()), clock.now());
}

TEST_F(RoleTest, TheHealthCheckTellsTheHookOfGoodAndBadTimes) {
  std::vector<bool> seen;
  ServerConfig config;
  config.on_health_check = [&](const Status& status) {
    seen.push_back(status.ok());
    throw std::runtime_error("a hook that throws ends nothing");
  };
  const Hooks hooks(config);
  HealthCheck check(store, hooks, 15s);
  EXPECT_EQ(check.step(clock.now()), clock.now() + 15s);
  store.on_call([](Verb, int) { return Fault::kBefore; });
  check.step(clock.now());
  EXPECT_EQ(seen, (std::vector{true, false}));
}

}  // namespace
}  // namespace windlass::runtime
