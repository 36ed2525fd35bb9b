#include "base/alarm.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "support/fake_clock.hpp"

namespace windlass::base {
namespace {

using namespace std::chrono_literals;

TEST(Alarm, ReturnsFalseAtOnceWhenTheTimeHasCome) {
  testing::FakeClock clock;
  Alarm alarm(clock);
  EXPECT_FALSE(alarm.sleep_until(clock.now()));
  EXPECT_FALSE(alarm.sleep_until(clock.now() - 1s));
}

TEST(Alarm, AWakeUpThatComesBeforeTheSleepIsRemembered) {
  testing::FakeClock clock;
  Alarm alarm(clock);
  alarm.wake();
  EXPECT_TRUE(alarm.sleep_until(clock.now() + 1h));
  EXPECT_FALSE(alarm.sleep_until(clock.now())) << "one wake-up ends one sleep only";
}

TEST(Alarm, AdvancingTheClockEndsASleep) {
  testing::FakeClock clock;
  Alarm alarm(clock);
  const TimePoint until = clock.now() + 10s;
  bool woken = true;
  std::thread sleeper([&] { woken = alarm.sleep_until(until); });
  clock.advance(9s);
  clock.advance(1s);
  sleeper.join();
  EXPECT_FALSE(woken);
}

TEST(Alarm, AnotherThreadWakesIt) {
  testing::FakeClock clock;
  Alarm alarm(clock);
  bool woken = false;
  std::thread sleeper([&] { woken = alarm.sleep_until(testing::FakeClock::kStart + 1h); });
  alarm.wake();
  sleeper.join();
  EXPECT_TRUE(woken);
}

}  // namespace
}  // namespace windlass::base
