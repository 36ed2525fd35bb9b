#include "core/entry_identity.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace windlass::core {
namespace {

using namespace std::chrono_literals;

// Ids are stored: a change here would give every unnamed entry a new history and a new phase.
TEST(EntryIdentity, StaysTheSameFromVersionToVersion) {
  EXPECT_EQ(entry_id("@every 1h", "UTC", Task("report", "{}")), "auto:6ca3d912603aa2c872252e59");
  EXPECT_EQ(entry_phase("daily-report"), 3910922429s);
  EXPECT_EQ(tick_jitter("daily-report", TimePoint(1709208000s), 1min), Duration(6881805139));
}

TEST(EntryIdentity, DiffersWithSpecZoneTypeQueueAndPayload) {
  const std::set<std::string> ids = {
      entry_id("@every 1h", "UTC", Task("t", "p")),
      entry_id("@every 2h", "UTC", Task("t", "p")),
      entry_id("@every 1h", "Europe/Rome", Task("t", "p")),
      entry_id("@every 1h", "UTC", Task("u", "p")),
      entry_id("@every 1h", "UTC", Task("t", "q")),
      entry_id("@every 1h", "UTC", Task("t", "")),
      entry_id("@every 1h", "UTC", Task("t")),
      entry_id("@every 1h", "UTC", Task("t", "p", EnqueueOptions().queue("low"))),
      entry_id("@every 1hU", "TC", Task("t", "p")),
  };
  EXPECT_EQ(ids.size(), 9u);
}

TEST(EntryIdentity, DoesNotDifferWithOtherOptions) {
  EXPECT_EQ(
      entry_id("@every 1h", "UTC", Task("t", "p")),
      entry_id("@every 1h", "UTC", Task("t", "p", EnqueueOptions().queue("default").max_retry(3).header("a", "b"))));
}

TEST(EntryIdentity, PhasesAreSpreadOverTheInterval) {
  int early = 0;
  for (int i = 0; i < 1000; ++i) early += entry_phase("entry " + std::to_string(i)) % 1h < Duration(15min);
  EXPECT_GT(early, 180);
  EXPECT_LT(early, 320);
}

TEST(EntryIdentity, JitterIsTheSameForATickAndSpreadOverTicks) {
  EXPECT_EQ(tick_jitter("e", TimePoint(60s), 0s), 0s);
  std::set<Duration> delays;
  for (int i = 0; i < 100; ++i) {
    const Duration delay = tick_jitter("e", TimePoint(60s * i), 10s);
    EXPECT_EQ(delay, tick_jitter("e", TimePoint(60s * i), 10s));
    EXPECT_GE(delay, 0s);
    EXPECT_LT(delay, 10s);
    delays.insert(delay);
  }
  EXPECT_GT(delays.size(), 95u);
}

}  // namespace
}  // namespace windlass::core
