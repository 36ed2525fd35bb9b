#include "base/random.hpp"

#include <array>

#include <gtest/gtest.h>

namespace windlass::base {
namespace {

TEST(Random, TheSameSeedGivesTheSameNumbers) {
  Random a(42), b(42), c(43);
  const std::uint64_t first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
}

TEST(Random, BelowIsUniformAndStaysBelow) {
  Random random(7);
  std::array<int, 6> counts{};
  for (int i = 0; i < 60000; ++i) ++counts.at(random.below(6));
  for (const int n : counts) EXPECT_NEAR(n, 10000, 400);
  EXPECT_EQ(random.below(1), 0u);
}

TEST(Random, UnitIsInTheHalfOpenInterval) {
  Random random(7);
  for (int i = 0; i < 10000; ++i) {
    const double u = random.unit();
    EXPECT_GE(u, 0.0);
    EXPECT_LT(u, 1.0);
  }
}

}  // namespace
}  // namespace windlass::base
