// Cron and the jumps of the clocks: every minute of twenty years, in local time as the C library tells it, against
// CronSpec. Nothing here is shared with the code under test but the tz database.
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/cron.hpp"
#include "core/text.hpp"

namespace windlass::core {
namespace {

using Fits = std::function<bool(const std::tm&)>;

struct Case {
  const char* spec;
  Fits fits;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"0 0 * * *", [](const std::tm& t) { return t.tm_hour == 0 && t.tm_min == 0; }},
      {"30 1 * * *", [](const std::tm& t) { return t.tm_hour == 1 && t.tm_min == 30; }},
      {"45 1 * * *", [](const std::tm& t) { return t.tm_hour == 1 && t.tm_min == 45; }},
      {"30 2 * * *", [](const std::tm& t) { return t.tm_hour == 2 && t.tm_min == 30; }},
      {"15 0,2 * * *", [](const std::tm& t) { return (t.tm_hour == 0 || t.tm_hour == 2) && t.tm_min == 15; }},
      {"0 * * * *", [](const std::tm& t) { return t.tm_min == 0; }},
      {"*/20 22-23 * * *", [](const std::tm& t) { return t.tm_hour >= 22 && t.tm_min % 20 == 0; }},
      {"0 3 1 * *", [](const std::tm& t) { return t.tm_mday == 1 && t.tm_hour == 3 && t.tm_min == 0; }},
      {"59 23 31 12 *",
       [](const std::tm& t) { return t.tm_mon == 11 && t.tm_mday == 31 && t.tm_hour == 23 && t.tm_min == 59; }},
      {"0 9 * * 1-5",
       [](const std::tm& t) { return t.tm_wday >= 1 && t.tm_wday <= 5 && t.tm_hour == 9 && t.tm_min == 0; }},
      {"0 0 13 * 5",
       [](const std::tm& t) { return (t.tm_mday == 13 || t.tm_wday == 5) && t.tm_hour == 0 && t.tm_min == 0; }},
      {"30 2 8-14 3 sun",
       [](const std::tm& t) {
         return t.tm_mon == 2 && ((t.tm_mday >= 8 && t.tm_mday <= 14) || t.tm_wday == 0) && t.tm_hour == 2 &&
                t.tm_min == 30;
       }},
      {"*/15 1-2 * 10 0",
       [](const std::tm& t) {
         return t.tm_mon == 9 && t.tm_wday == 0 && (t.tm_hour == 1 || t.tm_hour == 2) && t.tm_min % 15 == 0;
       }},
  };
  return kCases;
}

class CronAgainstTheCLibrary : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    setenv("TZ", GetParam(), 1);
    tzset();
  }
  void TearDown() override {
    unsetenv("TZ");
    tzset();
  }
};

TEST_P(CronAgainstTheCLibrary, EveryMinuteOfTwentyYearsIsRight) {
  constexpr std::time_t kFrom = 1167609600;                // 2007-01-01
  constexpr std::time_t kTo = kFrom + 20LL * 365 * 86400;  // close to the end of 2026
  std::vector<CronSpec> specs;
  std::vector<std::time_t> next;
  const auto advance = [&](std::size_t i, std::time_t after) {
    const auto found = specs[i].next(TimePoint(std::chrono::seconds(after)));
    ASSERT_TRUE(found) << cases()[i].spec;
    next[i] = std::chrono::floor<std::chrono::seconds>(*found).time_since_epoch().count();
  };
  for (std::size_t i = 0; i < cases().size(); ++i) {
    specs.push_back(*CronSpec::parse(cases()[i].spec, {.zone = GetParam()}));
    next.push_back(0);
    advance(i, kFrom - 1);
  }

  std::size_t ticks = 0;
  for (std::time_t minute = kFrom; minute < kTo; minute += 60) {
    std::tm local{};
    localtime_r(&minute, &local);
    for (std::size_t i = 0; i < cases().size(); ++i) {
      ASSERT_EQ(next[i] == minute, local.tm_sec == 0 && cases()[i].fits(local))
          << "'" << cases()[i].spec << "' in " << GetParam() << " at " << minute << ", next was said to be " << next[i];
      if (next[i] != minute) continue;
      advance(i, minute);
      ++ticks;
    }
  }
  EXPECT_GT(ticks, 200'000u);
}

INSTANTIATE_TEST_SUITE_P(Zones, CronAgainstTheCLibrary,
                         ::testing::Values("UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe",
                                           "Asia/Tehran", "America/Sao_Paulo"),
                         [](const auto& zone) {
                           std::string name = zone.param;
                           for (char& c : name) {
                             if (c == '/') c = '_';
                           }
                           return name;
                         });

TEST(CronWithSeconds, EverySecondOfADayIsRight) {
  const std::vector<Case> cases = {
      {"* * * * * *", [](const std::tm&) { return true; }},
      {"7 * * * * *", [](const std::tm& t) { return t.tm_sec == 7; }},
      {"3-12 46 18 * * *", [](const std::tm& t) { return t.tm_hour == 18 && t.tm_min == 46 && t.tm_sec >= 3 && t.tm_sec <= 12; }},
      {"0,59 */7 * * * *", [](const std::tm& t) { return (t.tm_sec == 0 || t.tm_sec == 59) && t.tm_min % 7 == 0; }},
      {"*/13 59 23 * * *", [](const std::tm& t) { return t.tm_hour == 23 && t.tm_min == 59 && t.tm_sec % 13 == 0; }},
      {"30 0 0 * * *", [](const std::tm& t) { return t.tm_hour == 0 && t.tm_min == 0 && t.tm_sec == 30; }},
  };
  constexpr std::time_t kFrom = 1709208000;  // 2024-02-29
  for (const Case& one : cases) {
    const CronSpec spec = *CronSpec::parse(one.spec, {.seconds = true});
    auto next = spec.next(TimePoint(std::chrono::seconds(kFrom - 1)));
    for (std::time_t second = kFrom; second < kFrom + 86400; ++second) {
      std::tm utc{};
      gmtime_r(&second, &utc);
      const TimePoint now{std::chrono::seconds(second)};
      ASSERT_EQ(next == now, one.fits(utc)) << "'" << one.spec << "' at " << format_time(now);
      if (next == now) next = spec.next(now);
    }
  }
}

// The rule in words, at one jump of each kind.
std::vector<std::string> fires(std::string_view spec, const char* zone, std::string_view from, std::string_view until) {
  std::vector<std::string> found;
  const auto parsed = *CronSpec::parse(spec, {.zone = zone});
  for (auto at = parsed.next(*parse_time(from)); at && *at < *parse_time(until); at = parsed.next(*at)) {
    found.push_back(format_time(*at));
  }
  return found;
}
using Times = std::vector<std::string>;

TEST(CronAtAJump, ALocalTimeThatIsLeftOutDoesNotFireThatDay) {
  EXPECT_EQ(fires("30 2 * * *", "America/New_York", "2026-03-07T00:00:00Z", "2026-03-10T00:00:00Z"),
            (Times{"2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z"}));
}

TEST(CronAtAJump, ALocalTimeThatComesTwiceFiresTwice) {
  EXPECT_EQ(fires("30 1 * * *", "Europe/London", "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z"),
            (Times{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"}));
}

TEST(CronAtAJump, HalfAnHourIsAJumpToo) {
  EXPECT_EQ(fires("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T14:00:00Z", "2026-04-05T00:00:00Z"),
            (Times{"2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"}));
  EXPECT_EQ(fires("0 2 * * *", "Australia/Lord_Howe", "2026-10-02T00:00:00Z", "2026-10-04T20:00:00Z"),
            (Times{"2026-10-02T15:30:00Z", "2026-10-04T15:00:00Z"}))
      << "on the 4th it is left out";
}

TEST(CronAtAJump, AMidnightThatDoesNotExistIsPassedOver) {
  EXPECT_EQ(fires("0 0 * * *", "America/Sao_Paulo", "2018-11-03T00:00:00Z", "2018-11-05T12:00:00Z"),
            (Times{"2018-11-03T03:00:00Z", "2018-11-05T02:00:00Z"}));
}

TEST(CronAtAJump, ADayThatDoesNotExistIsPassedOver) {
  EXPECT_EQ(fires("0 12 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z", "2012-01-01T00:00:00Z"),
            (Times{"2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z", "2011-12-31T22:00:00Z"}));
}

}  // namespace
}  // namespace windlass::core
