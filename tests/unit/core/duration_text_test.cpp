#include <cstdint>

#include <gtest/gtest.h>

#include "core/text.hpp"
#include "unit/core/seed.hpp"

namespace windlass::core {
namespace {

using namespace std::chrono_literals;

TEST(FormatDuration, PrintsAsGoDoes) {
  const struct {
    Duration d;
    const char* text;
  } cases[] = {
      {0ns, "0s"},
      {1ns, "1ns"},
      {999ns, "999ns"},
      {1us, "1µs"},
      {1100ns, "1.1µs"},
      {1500us, "1.5ms"},
      {100ms, "100ms"},
      {2200us, "2.2ms"},
      {999'999'999ns, "999.999999ms"},
      {1s, "1s"},
      {1500ms, "1.5s"},
      {3300ms, "3.3s"},
      {1'000'000'001ns, "1.000000001s"},
      {59s, "59s"},
      {1min, "1m0s"},
      {4min + 5s, "4m5s"},
      {4min + 5001ms, "4m5.001s"},
      {1h, "1h0m0s"},
      {90min, "1h30m0s"},
      {5h + 6min + 7001ms, "5h6m7.001s"},
      {24h, "24h0m0s"},
      {8min + 1ns, "8m0.000000001s"},
      {-1ns, "-1ns"},
      {-1500us, "-1.5ms"},
      {-90min, "-1h30m0s"},
      {Duration::max(), "2562047h47m16.854775807s"},
      {Duration::min(), "-2562047h47m16.854775808s"},
  };
  for (const auto& c : cases) EXPECT_EQ(format_duration(c.d), c.text);
}

TEST(ParseDuration, ReadsWhatGoReads) {
  const struct {
    const char* text;
    Duration d;
  } cases[] = {
      {"0", 0ns},
      {"-0", 0ns},
      {"+0", 0ns},
      {"0s", 0ns},
      {"5s", 5s},
      {"30s", 30s},
      {"1478s", 1478s},
      {"-5s", -5s},
      {"+5s", 5s},
      {"5.0s", 5s},
      {"5.6s", 5600ms},
      {"5.s", 5s},
      {".5s", 500ms},
      {"1.004s", 1004ms},
      {"1.0040s", 1004ms},
      {"100.00100s", 100'001ms},
      {"10ns", 10ns},
      {"11us", 11us},
      {"12µs", 12us},          // U+00B5
      {"12μs10ns", 12'010ns},  // U+03BC
      {"13ms", 13ms},
      {"14s", 14s},
      {"15m", 15min},
      {"16h", 16h},
      {"3h30m", 210min},
      {"10.5s4m", 4min + 10500ms},
      {"-2m3.4s", -(2min + 3400ms)},
      {"1h2m3s4ms5us6ns", 1h + 2min + 3s + 4ms + 5us + 6ns},
      {"39h9m14.425s", 39h + 9min + 14'425ms},
      {"1h1h", 2h},
      {"52763797000ns", 52'763'797'000ns},
      {"0.3333333333333333333h", 20min},
      {"9007199254740993ns", 9007199254740993ns},
      {"9007199254740.993us", 9007199254740993ns},
      {"9223372036854775807ns", Duration::max()},
      {"9223372036854775.807us", Duration::max()},
      {"9223372036s854ms775us807ns", Duration::max()},
      {"-9223372036854775808ns", Duration::min()},
      {"-9223372036854775.808us", Duration::min()},
      {"-9223372036s854ms775us808ns", Duration::min()},
      {"-2562047h47m16.854775808s", Duration::min()},
      {"0.100000000000000000000h", 6min},
      {"0.830103483285477580700h", 49min + 48s + 372'539'827ns},
      {"0.9223372036854775807h", 55min + 20s + 413'933'267ns},
      {"0.9223372036854775808h", 55min + 20s + 413'933'267ns},
      {"1.9ns", 1ns},
  };
  for (const auto& c : cases) {
    const Result<Duration> d = parse_duration(c.text);
    ASSERT_TRUE(d) << d.error().message();
    EXPECT_EQ(*d, c.d) << c.text;
  }
}

TEST(ParseDuration, TakesWholeDaysInFirstPlace) {
  EXPECT_EQ(*parse_duration("1d"), 24h);
  EXPECT_EQ(*parse_duration("7d12h"), 180h);
  EXPECT_EQ(*parse_duration("-1d1s"), -(24h + 1s));
  EXPECT_EQ(*parse_duration("106751d23h47m16.854775807s"), Duration::max());
  EXPECT_FALSE(parse_duration("106752d"));
}

TEST(ParseDuration, RefusesEverythingElseAndSaysWhatAndWhere) {
  const struct {
    const char* text;
    const char* complaint;
  } cases[] = {
      {"", "there is no number at byte 0"},
      {"-", "there is no number at byte 1"},
      {"+", "there is no number at byte 1"},
      {"3", "the unit is missing at byte 1"},
      {"00", "the unit is missing at byte 2"},
      {"s", "there is no number at byte 0"},
      {".", "there is no number at byte 0"},
      {"-.", "there is no number at byte 1"},
      {".s", "there is no number at byte 0"},
      {"+.s", "there is no number at byte 1"},
      {"1d.s", "there is no number at byte 2"},
      {"--1s", "there is no number at byte 1"},
      {"1h-1m", "unknown unit \"h-\" at byte 1"},
      {"5x", "unknown unit \"x\" at byte 1"},
      {"1h5x", "unknown unit \"x\" at byte 3"},
      {"5S", "unknown unit \"S\" at byte 1"},
      {"5 s", "unknown unit \" s\" at byte 1"},
      {" 5s", "there is no number at byte 0"},
      {"5s ", "unknown unit \"s \" at byte 1"},
      {"1e3s", "unknown unit \"e\" at byte 1"},
      {"1w", "unknown unit \"w\" at byte 1"},
      {"1.5d", "days must be whole at byte 0"},
      {"1.d", "days must be whole at byte 0"},
      {"12h1d", "days must come first at byte 3"},
      {"1d1d", "days must come first at byte 2"},
      {"9223372036854775808ns", "more than 292 years"},
      {"9223372036854775810ns", "more than 292 years at byte 0"},
      {"99999999999999999999ns", "more than 292 years at byte 0"},
      {"-9223372036854775809ns", "more than 292 years at byte 1"},
      {"9223372036854776us", "more than 292 years at byte 0"},
      {"3000000h", "more than 292 years at byte 0"},
      {"2562047h47m16.854775808s", "more than 292 years"},
      {"9223372036854775808ns9223372036854775808ns", "more than 292 years at byte 21"},
      {"5\xFFs", "unknown unit \"\uFFFDs\" at byte 1"},
  };
  for (const auto& c : cases) {
    const Result<Duration> d = parse_duration(c.text);
    ASSERT_FALSE(d) << c.text;
    EXPECT_EQ(d.error().code(), ErrorCode::kInvalidArgument);
    const std::string& message = d.error().message();
    EXPECT_NE(message.find(c.complaint), std::string::npos) << message;
    EXPECT_NE(message.find("write it like"), std::string::npos) << message;
    EXPECT_TRUE(is_valid_utf8(message));
  }
}

TEST(ParseDuration, ReadsBackWhateverIsPrinted) {
  const std::uint64_t seed = testing::random_seed();
  SCOPED_TRACE(testing::replay_hint(seed));
  base::Random random(seed);
  for (int round = 0; round < 20000; ++round) {
    const Duration d(static_cast<std::int64_t>(random.next()) >> random.below(64));
    const Result<Duration> back = parse_duration(format_duration(d));
    ASSERT_TRUE(back) << back.error().message();
    ASSERT_EQ(*back, d) << format_duration(d);
  }
}

TEST(ParseDuration, AnyBytesAreEitherReadOrRefused) {
  const std::uint64_t seed = testing::random_seed();
  SCOPED_TRACE(testing::replay_hint(seed));
  base::Random random(seed);
  constexpr std::string_view kLetters = "0123456789.+-hmsundµ\xFF x";
  int read = 0, refused = 0;
  for (int round = 0; round < 50000; ++round) {
    std::string text(random.below(24), '\0');
    for (char& c : text) c = kLetters[random.below(kLetters.size())];
    const Result<Duration> d = parse_duration(text);
    ++(d ? read : refused);
    if (d) { ASSERT_EQ(*parse_duration(format_duration(*d)), *d) << text; }
  }
  EXPECT_GT(read, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace windlass::core
