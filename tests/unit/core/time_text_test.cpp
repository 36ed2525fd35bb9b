#include <cstdint>

#include <gtest/gtest.h>

#include "core/text.hpp"
#include "unit/core/seed.hpp"

namespace windlass::core {
namespace {

using namespace std::chrono_literals;

TimePoint at(std::int64_t seconds, std::int64_t nanos = 0) {
  return TimePoint(std::chrono::seconds(seconds)) + Duration(nanos);
}

TEST(FormatTime, PrintsUtcWithTheDigitsThatCount) {
  EXPECT_EQ(format_time(kNoTime), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_time(at(1700000000)), "2023-11-14T22:13:20Z");
  EXPECT_EQ(format_time(at(1700000000, 500'000'000)), "2023-11-14T22:13:20.5Z");
  EXPECT_EQ(format_time(at(1700000000, 1)), "2023-11-14T22:13:20.000000001Z");
  EXPECT_EQ(format_time(at(1700000000, 120'034'000)), "2023-11-14T22:13:20.120034Z");
  EXPECT_EQ(format_time(at(951782400)), "2000-02-29T00:00:00Z");
}

TEST(FormatTime, PrintsTimesBeforeTheEpochAndTheEndsOfTheRange) {
  EXPECT_EQ(format_time(at(-1)), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_time(at(0, -1)), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_time(TimePoint::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(format_time(TimePoint::min()), "1677-09-21T00:12:43.145224192Z");
}

TEST(FormatDate, IsTheDayInUtc) {
  EXPECT_EQ(format_date(at(1709164799)), "2024-02-28");
  EXPECT_EQ(format_date(at(1709164800)), "2024-02-29");
  EXPECT_EQ(format_date(at(0, -1)), "1969-12-31");
  EXPECT_EQ(format_date(TimePoint::min()), "1677-09-21");
}

TEST(ParseTime, ReadsEveryFormOfRfc3339) {
  const struct {
    const char* text;
    TimePoint t;
  } cases[] = {
      {"2023-11-14T22:13:20Z", at(1700000000)},
      {"2023-11-14t22:13:20z", at(1700000000)},
      {"2023-11-15T00:13:20+02:00", at(1700000000)},
      {"2023-11-14T17:43:20-04:30", at(1700000000)},
      {"2023-11-14T22:13:20+00:00", at(1700000000)},
      {"2023-11-14T22:13:20-00:00", at(1700000000)},
      {"2023-11-14T22:13:20.5Z", at(1700000000, 500'000'000)},
      {"2023-11-14T22:13:20.123456789Z", at(1700000000, 123'456'789)},
      {"2023-11-14T22:13:20.120000000+00:00", at(1700000000, 120'000'000)},
      {"2000-02-29T00:00:00Z", at(951782400)},
      {"1969-12-31T23:59:59.999999999Z", at(0, -1)},
      {"1970-01-01T00:00:00+23:59", at(-86340)},
      {"2262-04-11T23:47:16.854775807Z", TimePoint::max()},
      {"1677-09-21T00:12:43.145224192Z", TimePoint::min()},
  };
  for (const auto& c : cases) {
    const Result<TimePoint> t = parse_time(c.text);
    ASSERT_TRUE(t) << t.error().message();
    EXPECT_EQ(*t, c.t) << c.text;
  }
}

TEST(ParseTime, RefusesEverythingElseAndSaysWhere) {
  const struct {
    const char* text;
    const char* complaint;
  } cases[] = {
      {"", "the date is wrong at byte 0"},
      {"2023", "the date is wrong"},
      {"2023-13-01T00:00:00Z", "the date is wrong"},
      {"2023-00-01T00:00:00Z", "the date is wrong"},
      {"2023-02-29T00:00:00Z", "the date is wrong"},
      {"2023-04-31T00:00:00Z", "the date is wrong"},
      {"2023-01-00T00:00:00Z", "the date is wrong"},
      {"23-01-01T00:00:00Z", "the date is wrong"},
      {"+023-01-01T00:00:00Z", "the date is wrong"},
      {"2023/01/01T00:00:00Z", "the date is wrong"},
      {"2023-01-01", "there is no T after the date at byte 10"},
      {"2023-01-01 00:00:00Z", "there is no T after the date at byte 10"},
      {"2023-01-01T24:00:00Z", "the time of day is wrong at byte 11"},
      {"2023-01-01T00:60:00Z", "the time of day is wrong"},
      {"2023-01-01T23:59:60Z", "the time of day is wrong"},
      {"2023-01-01T00:00Z", "the time of day is wrong"},
      {"2023-01-01T0:00:00Z", "the time of day is wrong"},
      {"2023-01-01T00:00:00.Z", "one to nine digits"},
      {"2023-01-01T00:00:00.1234567891Z", "one to nine digits"},
      {"2023-01-01T00:00:00", "the end must be Z or an offset"},
      {"2023-01-01T00:00:00,5Z", "the end must be Z or an offset"},
      {"2023-01-01T00:00:00ZZ", "the end must be Z or an offset"},
      {"2023-01-01T00:00:00Z ", "the end must be Z or an offset"},
      {"2023-01-01T00:00:00+0200", "the end must be Z or an offset"},
      {"2023-01-01T00:00:00+24:00", "the end must be Z or an offset"},
      {"2023-01-01T00:00:00+02:60", "the end must be Z or an offset"},
      {"2023-01-01T00:00:00\xFF", "the end must be Z or an offset"},
      {"2262-04-11T23:47:16.854775808Z", "not within the years 1677 to 2262"},
      {"1677-09-21T00:12:43.145224191Z", "not within the years 1677 to 2262"},
      {"9999-12-31T23:59:59Z", "not within the years 1677 to 2262"},
      {"0000-01-01T00:00:00Z", "not within the years 1677 to 2262"},
  };
  for (const auto& c : cases) {
    const Result<TimePoint> t = parse_time(c.text);
    ASSERT_FALSE(t) << c.text;
    EXPECT_EQ(t.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_NE(t.error().message().find(c.complaint), std::string::npos) << t.error().message();
    EXPECT_TRUE(is_valid_utf8(t.error().message()));
  }
}

TEST(ParseTime, ReadsBackWhateverIsPrinted) {
  const std::uint64_t seed = testing::random_seed();
  SCOPED_TRACE(testing::replay_hint(seed));
  base::Random random(seed);
  for (int round = 0; round < 20000; ++round) {
    const TimePoint t{Duration(static_cast<std::int64_t>(random.next()) >> random.below(64))};
    const Result<TimePoint> back = parse_time(format_time(t));
    ASSERT_TRUE(back) << back.error().message();
    ASSERT_EQ(*back, t);
  }
}

TEST(ParseTime, EveryTextCutShortIsRefused) {
  const std::string text = "2023-11-14T22:13:20.123456789+02:00";
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_FALSE(parse_time(text.substr(0, length))) << length;
}

}  // namespace
}  // namespace windlass::core
