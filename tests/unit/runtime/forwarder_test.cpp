#include "runtime/forwarder.hpp"

#include "role_fixture.hpp"
#include "runtime/role_thread.hpp"

namespace windlass::runtime {
namespace {

class ForwarderTest : public RoleTest {
 protected:
  Forwarder forwarder{store, {"default"}, trouble()};
};

TEST_F(ForwarderTest, ATaskIsForwardedAtItsVeryNanosecond) {
  schedule("a", 1500ms);
  EXPECT_EQ(forwarder.step(clock.now()), clock.now() + 1500ms);
  clock.advance(1500ms - 1ns);
  EXPECT_EQ(forwarder.step(clock.now()), clock.now() + 1ns);
  EXPECT_EQ(state("a"), TaskState::kScheduled);
  clock.advance(1ns);
  forwarder.step(clock.now());
  EXPECT_EQ(state("a"), TaskState::kPending);
}

TEST_F(ForwarderTest, WithNothingToDoItLooksAgainInFiveSeconds) {
  EXPECT_EQ(forwarder.step(clock.now()), clock.now() + 5s);
  schedule("far", 1h);
  EXPECT_EQ(forwarder.step(clock.now()), clock.now() + 5s);
}

TEST_F(ForwarderTest, ManyDueTasksAreMovedInBatchesThatLetOthersIn) {
  for (int i = 0; i < 600; ++i) schedule(std::to_string(i), 1s);
  clock.advance(1s);
  EXPECT_LE(forwarder.step(clock.now()), clock.now()) << "more is due: at once";
  EXPECT_EQ(store.queue_info("default")->pending, 250u);
  EXPECT_LE(forwarder.step(clock.now()), clock.now());
  EXPECT_GT(forwarder.step(clock.now()), clock.now());
  EXPECT_EQ(store.queue_info("default")->pending, 600u);
}

TEST_F(ForwarderTest, TroubleMakesItWaitLongerFromTimeToTime) {
  store.on_call([](Verb verb, int) { return verb == Verb::kForward ? Fault::kBefore : Fault::kNone; });
  Duration last{};
  for (int i = 0; i < 4; ++i) {
    const Duration wait = forwarder.step(clock.now()) - clock.now();
    EXPECT_GE(wait, 50ms);
    EXPECT_GE(2 * wait, last);
    last = wait;
  }
  EXPECT_GE(last, 400ms);
  store.on_call(nullptr);
  schedule("a", 1s);
  EXPECT_EQ(forwarder.step(clock.now()), clock.now() + 1s);
}

TEST_F(ForwarderTest, AWallClockSteppedBackDelaysDueTasksByAsMuch) {
  schedule("a", 1s);
  clock.step_wall(-1h);
  clock.advance(1s);
  forwarder.step(clock.now());
  EXPECT_EQ(state("a"), TaskState::kScheduled) << "due times are times on the wall clock";
  clock.step_wall(1h);
  forwarder.step(clock.now());
  EXPECT_EQ(state("a"), TaskState::kPending);
}

TEST_F(ForwarderTest, ItsThreadWakesForATaskThatIsDueSooner) {
  RoleThread thread(forwarder, clock, store.make_waiter({"default"}, broker::WaitFor::kDue));
  schedule("late", 1h);
  thread.start();
  schedule("soon", 1s);
  clock.advance(1s);
  const auto waiter = store.make_waiter({"default"}, broker::WaitFor::kPending);
  while (state("soon") != TaskState::kPending) waiter->wait(clock.now() + 1h);
  thread.stop();
  EXPECT_EQ(state("late"), TaskState::kScheduled);
}

}  // namespace
}  // namespace windlass::runtime
