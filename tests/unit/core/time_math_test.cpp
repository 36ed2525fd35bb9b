#include "core/time_math.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace windlass::core {
namespace {

using namespace std::chrono_literals;

TEST(TimeMath, SumsStopAtTheEndsOfTheRange) {
  EXPECT_EQ(saturated_sum(2s, -3s), -1s);
  EXPECT_EQ(saturated_sum(Duration::max(), 1ns), Duration::max());
  EXPECT_EQ(saturated_sum(Duration::min(), -1ns), Duration::min());
  EXPECT_EQ(saturated_sum(TimePoint::max() - 1ns, 1h), TimePoint::max());
  EXPECT_EQ(saturated_sum(TimePoint::min(), Duration::min()), TimePoint::min());
}

TEST(TimeMath, DifferencesStopAtTheEndsOfTheRange) {
  EXPECT_EQ(saturated_difference(TimePoint(5s), TimePoint(7s)), -2s);
  EXPECT_EQ(saturated_difference(TimePoint::max(), TimePoint(-1ns)), Duration::max());
  EXPECT_EQ(saturated_difference(TimePoint::min(), TimePoint(1ns)), Duration::min());
  EXPECT_EQ(saturated_difference(TimePoint(0ns), TimePoint::min()), Duration::max());
}

TEST(TimeMath, SecondsStopAtTheEndsOfTheRange) {
  EXPECT_EQ(saturated_seconds(-3), -3s);
  EXPECT_EQ(saturated_seconds(9'223'372'036), 9'223'372'036s);
  EXPECT_EQ(saturated_seconds(9'223'372'037), Duration::max());
  EXPECT_EQ(saturated_seconds(-9'223'372'037), Duration::min());
  EXPECT_EQ(saturated_seconds(std::numeric_limits<std::int64_t>::min()), Duration::min());
}

}  // namespace
}  // namespace windlass::core
