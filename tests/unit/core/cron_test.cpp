// The dialect of cron specs: what is accepted, when it fires, and what the errors say.
#include "core/cron.hpp"

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
using ::testing::HasSubstr;

CronSpec parse(std::string_view spec, const CronOptions& options = {}) {
  auto parsed = CronSpec::parse(spec, options);
  if (!parsed) throw std::runtime_error(parsed.error().message());
  return *parsed;
}

TimePoint time(std::string_view text) { return *parse_time(text); }

// The next `n` times, as text.
std::vector<std::string> times(const CronSpec& spec, std::string_view after, int n) {
  std::vector<std::string> found;
  TimePoint at = time(after);
  for (; n > 0; --n) {
    const auto next = spec.next(at);
    if (!next) return found;
    found.push_back(format_time(*next));
    at = *next;
  }
  return found;
}

std::string first(std::string_view spec, std::string_view after, const CronOptions& options = {}) {
  const auto next = parse(spec, options).next(time(after));
  return next ? format_time(*next) : "never";
}

std::string message(std::string_view spec, const CronOptions& options = {}) {
  const auto parsed = CronSpec::parse(spec, options);
  if (parsed.ok()) return "accepted";
  EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument);
  return parsed.error().message();
}

TEST(Cron, AFieldTakesStarsValuesListsRangesAndSteps) {
  constexpr auto kFrom = "2024-02-29T12:34:56.789Z";
  EXPECT_EQ(first("* * * * *", kFrom), "2024-02-29T12:35:00Z");
  EXPECT_EQ(first("? ? ? ? ?", kFrom), "2024-02-29T12:35:00Z");
  EXPECT_EQ(first("0 * * * *", kFrom), "2024-02-29T13:00:00Z");
  EXPECT_EQ(first("*/20 * * * *", kFrom), "2024-02-29T12:40:00Z");
  EXPECT_EQ(first("5/25 * * * *", kFrom), "2024-02-29T12:55:00Z") << "n/step goes on to the end";
  EXPECT_EQ(first("5-20/5 14 * * *", kFrom), "2024-02-29T14:05:00Z");
  EXPECT_EQ(first("33,34,36 * * * *", kFrom), "2024-02-29T12:36:00Z");
  EXPECT_EQ(first(",,7,, * * * *", kFrom), "2024-02-29T13:07:00Z") << "empty items of a list are passed over";
  EXPECT_EQ(first("0 0 1 1 *", kFrom), "2025-01-01T00:00:00Z");
  EXPECT_EQ(first("0 0 * * 0", kFrom), "2024-03-03T00:00:00Z") << "0 is Sunday";
  EXPECT_EQ(first("0 0 * APR-jun Mon,WED-fri", kFrom), "2024-04-01T00:00:00Z");
  EXPECT_EQ(first("  0\t0  * * *  ", kFrom), "2024-03-01T00:00:00Z");
  EXPECT_EQ(first("*/100 * * * *", kFrom), "2024-02-29T13:00:00Z") << "a step over the end leaves the first value";
}

TEST(Cron, AStarInOneDayFieldMeansBothMustFitElseEitherMay) {
  constexpr auto kFrom = "2024-09-01T00:00:00Z";
  EXPECT_THAT(times(parse("0 0 13 * 5"), kFrom, 3),
              ElementsAre("2024-09-06T00:00:00Z", "2024-09-13T00:00:00Z", "2024-09-20T00:00:00Z"));
  EXPECT_THAT(times(parse("0 0 13 * *"), kFrom, 2), ElementsAre("2024-09-13T00:00:00Z", "2024-10-13T00:00:00Z"));
  EXPECT_THAT(times(parse("0 0 */1 * 5"), kFrom, 2), ElementsAre("2024-09-06T00:00:00Z", "2024-09-13T00:00:00Z"));
  EXPECT_THAT(times(parse("0 0 */2 * 5"), kFrom, 3),
              ElementsAre("2024-09-03T00:00:00Z", "2024-09-05T00:00:00Z", "2024-09-06T00:00:00Z"))
      << "*/2 is no star";
  EXPECT_THAT(times(parse("0 0 1,* * 5"), kFrom, 2), ElementsAre("2024-09-06T00:00:00Z", "2024-09-13T00:00:00Z"));
}

TEST(Cron, ADescriptorStandsForFields) {
  constexpr auto kFrom = "2024-02-29T12:34:56Z";
  EXPECT_EQ(first("@yearly", kFrom), "2025-01-01T00:00:00Z");
  EXPECT_EQ(first("@annually", kFrom), "2025-01-01T00:00:00Z");
  EXPECT_EQ(first("@monthly", kFrom), "2024-03-01T00:00:00Z");
  EXPECT_EQ(first("@weekly", kFrom), "2024-03-03T00:00:00Z");
  EXPECT_EQ(first("@daily", kFrom), "2024-03-01T00:00:00Z");
  EXPECT_EQ(first("@midnight", kFrom), "2024-03-01T00:00:00Z");
  EXPECT_EQ(first("@hourly", kFrom), "2024-02-29T13:00:00Z");
}

TEST(Cron, AnIntervalIsCountedFrom1970PlusThePhase) {
  EXPECT_THAT(times(parse("@every 1h30m"), "2024-02-29T12:34:56Z", 2),
              ElementsAre("2024-02-29T13:30:00Z", "2024-02-29T15:00:00Z"));
  EXPECT_EQ(first("@every 1h", "2024-02-29T12:34:56Z", {.every_phase = 5min}), "2024-02-29T13:05:00Z");
  EXPECT_EQ(first("@every 1h", "2024-02-29T12:34:56Z", {.every_phase = 25h + 40min}), "2024-02-29T12:40:00Z");
  EXPECT_EQ(first("@every 7s", "1969-12-31T23:59:50Z", {.every_phase = 3s}), "1969-12-31T23:59:56Z")
      << "also before 1970";
}

TEST(Cron, AnIntervalIsWholeSecondsAndAtLeastOne) {
  EXPECT_EQ(parse("@every 1.9s").interval(), 1s);
  EXPECT_EQ(parse("@every 2900ms").interval(), 2s);
  EXPECT_EQ(parse("@every 10ms").interval(), 1s);
  EXPECT_EQ(parse("@every 0").interval(), 1s);
  EXPECT_EQ(parse("@every -5m").interval(), 1s);
  EXPECT_EQ(parse("@every 1d").interval(), 24h) << "days are an addition of ours";
  EXPECT_EQ(parse("@daily").interval(), 0s);
}

TEST(Cron, TheZoneOfThePrefixGoesOverTheDefault) {
  constexpr auto kFrom = "2024-07-01T00:00:00Z";
  EXPECT_EQ(first("0 9 * * *", kFrom), "2024-07-01T09:00:00Z");
  EXPECT_EQ(first("0 9 * * *", kFrom, {.zone = "America/New_York"}), "2024-07-01T13:00:00Z");
  EXPECT_EQ(first("TZ=Asia/Kolkata 0 9 * * *", kFrom, {.zone = "America/New_York"}), "2024-07-01T03:30:00Z");
  EXPECT_EQ(first("CRON_TZ=Asia/Kolkata   @daily ", kFrom), "2024-07-01T18:30:00Z");
  EXPECT_EQ(first("TZ=Asia/Kolkata @every 1h", kFrom), "2024-07-01T01:00:00Z");
  EXPECT_EQ(parse("TZ=Asia/Kolkata * * * * *").zone(), "Asia/Kolkata");
  EXPECT_EQ(parse("* * * * *", {.zone = "Europe/Rome"}).zone(), "Europe/Rome");
}

TEST(Cron, SecondsAreASixthFieldWhereTheyAreTurnedOn) {
  constexpr auto kFrom = "2024-02-29T12:34:56.5Z";
  EXPECT_EQ(first("* * * * * *", kFrom, {.seconds = true}), "2024-02-29T12:34:57Z");
  EXPECT_THAT(
      times(parse("*/20 59 23 * * *", {.seconds = true}), kFrom, 4),
      ElementsAre("2024-02-29T23:59:00Z", "2024-02-29T23:59:20Z", "2024-02-29T23:59:40Z", "2024-03-01T23:59:00Z"));
  EXPECT_THAT(times(parse("7,30-31 * * * * *", {.seconds = true}), kFrom, 4),
              ElementsAre("2024-02-29T12:35:07Z", "2024-02-29T12:35:30Z", "2024-02-29T12:35:31Z",
                          "2024-02-29T12:36:07Z"))
      << "second 0 is one of its seconds only where the field says so";
  EXPECT_EQ(first("* * * * *", kFrom, {.seconds = true}), "2024-02-29T12:35:00Z") << "five fields still are minutes";
  EXPECT_THAT(message("* * * * * *"), HasSubstr("has 6 fields; expected are 5"));
}

TEST(Cron, TheNextTickIsStrictlyLater) {
  const CronSpec spec = parse("0 12 * * *");
  EXPECT_EQ(format_time(*spec.next(time("2024-02-29T12:00:00Z"))), "2024-03-01T12:00:00Z");
  EXPECT_EQ(format_time(*spec.next(time("2024-02-29T11:59:59.999999999Z"))), "2024-02-29T12:00:00Z");
  EXPECT_EQ(format_time(*spec.next(time("2024-02-29T12:00:00.000000001Z"))), "2024-03-01T12:00:00Z");
}

TEST(Cron, ASpecThatCannotMatchNeverFires) {
  EXPECT_EQ(first("0 0 30 2 *", "2024-01-01T00:00:00Z"), "never");
  EXPECT_EQ(first(", * * * *", "2024-01-01T00:00:00Z"), "never");
  EXPECT_EQ(first("* * , * *", "2024-01-01T00:00:00Z"), "never");
  EXPECT_EQ(first("0 0 , * 5", "2024-01-01T00:00:00Z"), "2024-01-05T00:00:00Z") << "either day field may fit";
}

TEST(Cron, TheSearchEndsWithTheFifthYear) {
  EXPECT_EQ(first("0 0 29 2 *", "2096-03-01T00:00:00Z"), "never") << "2100 is no leap year";
  EXPECT_EQ(first("0 0 29 2 *", "2099-01-01T00:00:00Z"), "2104-02-29T00:00:00Z");
}

TEST(Cron, NothingComesAfterTheEndOfTime) {
  EXPECT_EQ(parse("* * * * *").next(TimePoint::max()), std::nullopt);
  EXPECT_EQ(parse("@every 1s").next(TimePoint::max() - 500ms), std::nullopt);
  EXPECT_EQ(parse("TZ=Asia/Tehran @yearly").next(TimePoint::max() - 1h), std::nullopt);
  EXPECT_TRUE(parse("* * * * *").next(TimePoint::min()).has_value());
}

TEST(Cron, TheLastTickOfASpanIsFound) {
  const CronSpec spec = parse("30 9 * * 1-5");  // 2024-03-01 is a Friday
  const auto last = [&](std::string_view after, std::string_view until) {
    const auto found = spec.last_between(time(after), time(until));
    return found ? format_time(*found) : "none";
  };
  EXPECT_EQ(last("2024-02-01T00:00:00Z", "2024-03-03T20:00:00Z"), "2024-03-01T09:30:00Z");
  EXPECT_EQ(last("2024-02-01T00:00:00Z", "2024-03-01T09:30:00Z"), "2024-03-01T09:30:00Z") << "the end belongs to it";
  EXPECT_EQ(last("2024-03-01T09:30:00Z", "2024-03-03T20:00:00Z"), "none") << "the start does not";
  EXPECT_EQ(last("2024-03-01T09:29:59.5Z", "2024-03-01T09:30:00.1Z"), "2024-03-01T09:30:00Z");
  EXPECT_EQ(last("2024-03-01T09:30:00Z", "2024-02-01T09:30:00Z"), "none");
}

TEST(Cron, TheLastTickOfASpanIsTheOneThatAWalkFinds) {
  for (const auto* text : {"* * * * *", "*/7 3-5 * * *", "0 0 1 * 2", "@every 11m", "TZ=Europe/London 30 1 * * *"}) {
    const CronSpec spec = parse(text);
    const TimePoint start = time("2024-10-20T00:00:00Z");
    for (const Duration length : {Duration(1s), Duration(59min), Duration(26h), Duration(24h * 8 + 17s)}) {
      std::optional<TimePoint> walked;
      for (auto at = spec.next(start); at && *at <= start + length; at = spec.next(*at)) walked = at;
      EXPECT_EQ(spec.last_between(start, start + length), walked) << text << " " << length.count();
    }
  }
}

TEST(Cron, ErrorsNameTheFieldThePlaceAndWhatIsAllowed) {
  EXPECT_EQ(message("61 * * * *"), "cron '61 * * * *': minute (character 1): 61 is above 59");
  EXPECT_EQ(message("* 24 * * *"), "cron '* 24 * * *': hour (character 3): 24 is above 23");
  EXPECT_EQ(message("* *  0 * *"), "cron '* *  0 * *': day of month (character 6): 0 is below 1");
  EXPECT_EQ(message("* * * 1,13 *"), "cron '* * * 1,13 *': month (character 9): 13 is above 12");
  EXPECT_EQ(message("* * * * 1-7"), "cron '* * * * 1-7': day of week (character 11): 7 is above 6");
  EXPECT_EQ(message("99 * * * * *", {.seconds = true}), "cron '99 * * * * *': second (character 1): 99 is above 59");
  EXPECT_EQ(message("* * * x *"),
            "cron '* * * x *': month (character 7): 'x' is no value; allowed are 1 to 12, jan to dec, * and ?");
  EXPECT_EQ(message("1- * * * *"),
            "cron '1- * * * *': minute (character 3): a value is missing; allowed are 0 to 59, * and ?");
  EXPECT_EQ(
      message("* * * * fri-mon"),
      "cron '* * * * fri-mon': day of week (character 9): the range 'fri-mon' begins behind its end; write two ranges: "
      "'fri-6,0-mon'");
  EXPECT_EQ(message("*/0 * * * *"), "cron '*/0 * * * *': minute (character 3): the step '0' is no number above 0");
  EXPECT_EQ(message("1-2-3 * * * *"), "cron '1-2-3 * * * *': minute (character 5): only one '-' is allowed in '1-2-3'");
  EXPECT_EQ(message("1/2/3 * * * *"), "cron '1/2/3 * * * *': minute (character 5): only one '/' is allowed in '1/2/3'");
  EXPECT_EQ(message("* * *"),
            "cron '* * *': has 3 fields; expected are 5 (minute, hour, day of month, month, day of week) or a "
            "descriptor such as @hourly");
  EXPECT_THAT(message(""), HasSubstr("cron '': is empty; expected are 5"));
  EXPECT_THAT(message("@reboot"), HasSubstr("descriptor (character 1): '@reboot' is unknown; allowed are @yearly,"));
  EXPECT_THAT(message("TZ=UTC @every 5x"), HasSubstr("interval (character 15): "));
  EXPECT_THAT(message("TZ=Europe/Atlantis * * * * *"),
              HasSubstr("time zone (character 4): unknown time zone \"Europe/Atlantis\": give UTC or a name"));
  EXPECT_THAT(message("* * * * *", {.zone = "Mars"}), HasSubstr("unknown time zone \"Mars\""));
}

TEST(Cron, AZoneWithoutFieldsBehindItIsAnError) {
  EXPECT_EQ(message("TZ=UTC"), "cron 'TZ=UTC': time zone (character 4): a blank and the fields must follow it");
  EXPECT_THAT(message("CRON_TZ="), HasSubstr("(character 9): a blank and the fields must follow it"));
  EXPECT_THAT(message("TZ=UTC "), HasSubstr("is empty; expected are 5"));
}

TEST(Cron, AZoneIsANameOfTheDatabaseAndNoFile) {
  for (const auto* name :
       {"", "/etc/localtime", "../../../etc/localtime", "localtime", "Local", "file:UTC", "America", "a b"}) {
    EXPECT_FALSE(TimeZone::load(name).ok()) << name;
  }
  for (const auto* name : {"UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "EST5EDT"}) {
    EXPECT_TRUE(TimeZone::load(name).ok()) << name;
  }
}

TEST(Cron, ErrorsOnGarbageAreReadable) {
  EXPECT_TRUE(is_valid_utf8(message("\xff\xfe * * * *")));
  EXPECT_TRUE(is_valid_utf8(message("@\xff")));
  EXPECT_TRUE(is_valid_utf8(message(std::string("TZ=\xff * * * * *\0", 15))));
  EXPECT_TRUE(is_valid_utf8(message("*/\xff * * * *")));
}

}  // namespace
}  // namespace windlass::core
