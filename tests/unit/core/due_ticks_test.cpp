#include "core/due_ticks.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text.hpp"

namespace windlass::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const TimePoint kNoon = *parse_time("2024-02-29T12:00:00Z");

class Due : public ::testing::Test {
 protected:
  // In seconds from noon.
  std::vector<long> seconds(MissedTicks policy, int limit = 100) {
    const DueTicks due = due_ticks(spec_, done_, now_, policy, limit);
    dropped_ = due.dropped;
    std::vector<long> list;
    for (const TimePoint t : due.ticks) list.push_back(std::chrono::floor<std::chrono::seconds>(t - kNoon).count());
    return list;
  }

  CronSpec spec_ = *CronSpec::parse("* * * * *");
  TimePoint done_ = kNoon;
  TimePoint now_ = kNoon;
  bool dropped_ = false;
};

TEST_F(Due, ATickOnTimeIsServedUnderEveryPolicy) {
  now_ = kNoon + 60s;
  for (const auto policy : {MissedTicks::kSkip, MissedTicks::kLatest, MissedTicks::kAll}) {
    EXPECT_THAT(seconds(policy, 1), ElementsAre(60));
    EXPECT_FALSE(dropped_);
  }
  now_ = kNoon + 59999ms;
  EXPECT_THAT(seconds(MissedTicks::kAll), IsEmpty());
}

TEST_F(Due, ATickUnderTenSecondsLateIsLateButNotMissed) {
  now_ = kNoon + 60s + 9999ms;
  EXPECT_THAT(seconds(MissedTicks::kSkip), ElementsAre(60));
  EXPECT_FALSE(has_missed_tick(spec_, done_, now_));
  now_ = kNoon + 70s;
  EXPECT_THAT(seconds(MissedTicks::kSkip), IsEmpty());
  EXPECT_TRUE(dropped_);
  EXPECT_TRUE(has_missed_tick(spec_, done_, now_));
}

TEST_F(Due, ManyTicksThatAreJustLateAreAllServed) {
  spec_ = *CronSpec::parse("@every 1s");
  now_ = kNoon + 5300ms;
  for (const auto policy : {MissedTicks::kSkip, MissedTicks::kLatest, MissedTicks::kAll}) {
    EXPECT_THAT(seconds(policy), ElementsAre(1, 2, 3, 4, 5));
  }
}

TEST_F(Due, LatestServesTheLastMissedTick) {
  now_ = kNoon + 5min + 30s;
  EXPECT_THAT(seconds(MissedTicks::kLatest), ElementsAre(300));
  EXPECT_TRUE(dropped_);
  done_ = kNoon + 4min;
  EXPECT_THAT(seconds(MissedTicks::kLatest), ElementsAre(300));
  EXPECT_FALSE(dropped_) << "it was the only one";
}

TEST_F(Due, LatestServesNoMissedTickWhereOneCameOnTime) {
  now_ = kNoon + 5min + 1s;
  EXPECT_THAT(seconds(MissedTicks::kLatest), ElementsAre(300));
  EXPECT_TRUE(dropped_);
}

TEST_F(Due, AllServesTheNewestUpToTheLimitOldestFirst) {
  now_ = kNoon + 5min + 30s;
  EXPECT_THAT(seconds(MissedTicks::kAll, 100), ElementsAre(60, 120, 180, 240, 300));
  EXPECT_FALSE(dropped_);
  EXPECT_THAT(seconds(MissedTicks::kAll, 2), ElementsAre(240, 300));
  EXPECT_TRUE(dropped_);
  now_ = kNoon + 5min;
  EXPECT_THAT(seconds(MissedTicks::kAll, 2), ElementsAre(180, 240, 300)) << "the one on time does not count";
}

TEST_F(Due, AYearOfMissedSecondsIsDoneInNoTime) {
  spec_ = *CronSpec::parse("* * * * * *", {.seconds = true});
  done_ = kNoon - std::chrono::hours(24 * 365);
  now_ = kNoon;
  EXPECT_THAT(seconds(MissedTicks::kSkip), ElementsAre(-9, -8, -7, -6, -5, -4, -3, -2, -1, 0));
  EXPECT_EQ(seconds(MissedTicks::kAll, 50).size(), 60u);
}

TEST_F(Due, NothingIsDueBackInTime) {
  now_ = kNoon - 2h;
  EXPECT_THAT(seconds(MissedTicks::kAll), IsEmpty());
  EXPECT_FALSE(dropped_);
}

}  // namespace
}  // namespace windlass::core
