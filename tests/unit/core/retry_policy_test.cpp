#include "core/retry_policy.hpp"

#include <limits>
#include <set>

#include <gtest/gtest.h>

namespace windlass::core {
namespace {

using namespace std::chrono_literals;

TEST(DefaultRetryDelay, CoversExactlyTheRangeOfAsynqForEachCount) {
  base::Random random(1);
  for (const int n : {0, 1, 2, 5, 24}) {
    const auto fixed = std::chrono::seconds(static_cast<std::int64_t>(n) * n * n * n + 15);
    std::set<Duration> seen;
    for (int i = 0; i < 2000; ++i) seen.insert(default_retry_delay(n, random));
    EXPECT_EQ(*seen.begin(), fixed) << n;
    EXPECT_EQ(*seen.rbegin(), fixed + 29s * (n + 1)) << n;
    EXPECT_EQ(seen.size(), 30u) << n;
  }
}

TEST(DefaultRetryDelay, TheFirstRetryComesAfter15To44Seconds) {
  base::Random random(2);
  for (int i = 0; i < 1000; ++i) {
    const Duration delay = default_retry_delay(0, random);
    EXPECT_GE(delay, 15s);
    EXPECT_LE(delay, 44s);
  }
}

TEST(DefaultRetryDelay, TheSameSeedGivesTheSameDelays) {
  base::Random a(3), b(3);
  for (int n = 0; n < 25; ++n) EXPECT_EQ(default_retry_delay(n, a), default_retry_delay(n, b));
}

TEST(DefaultRetryDelay, NeverPassesAHundredYearsHoweverManyRetries) {
  base::Random random(4);
  const Duration century = 24h * 36500;
  for (const int n : {236, 240, 241, 100000, std::numeric_limits<int>::max()}) {
    EXPECT_LE(default_retry_delay(n, random), century) << n;
    EXPECT_GE(default_retry_delay(n, random), century - 24h * 700) << n;
  }
}

TEST(DefaultRetryDelay, ANegativeCountIsTreatedAsZero) {
  base::Random a(5), b(5);
  EXPECT_EQ(default_retry_delay(-7, a), default_retry_delay(0, b));
}

}  // namespace
}  // namespace windlass::core
