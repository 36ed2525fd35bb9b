// Points in time as text, to and from: see text.hpp.
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>

#include "core/text.hpp"

namespace windlass::core {

namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

std::string date_text(sys_days day) {
  const year_month_day date(day);
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return std::string(text.data(), static_cast<std::size_t>(length));
}

// "" or ".5" or ".000000001".
std::string fraction_text(TimePoint t) {
  // A remainder, because the whole second before the earliest TimePoint has no value in nanoseconds.
  std::int64_t nanos = t.time_since_epoch().count() % kNanosPerSecond;
  if (nanos == 0) return {};
  if (nanos < 0) nanos += kNanosPerSecond;
  std::string digits = std::to_string(kNanosPerSecond + nanos);  // the leading 1 keeps the zeros
  digits[0] = '.';
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

// Reads an RFC 3339 text from left to right; the first thing that is not as it must be ends it.
class TimeParser {
 public:
  explicit TimeParser(std::string_view text) : text_(text), rest_(text) {}

  Result<TimePoint> parse() {
    const std::optional<std::int64_t> day = take_date();
    if (!day) return fail("the date is wrong");
    if (!take('T') && !take('t')) return fail("there is no T after the date");
    const std::optional<std::int64_t> second = take_clock(true);
    if (!second) return fail("the time of day is wrong");
    const std::optional<std::int64_t> nanos = take_fraction();
    if (!nanos) return fail("the fraction of the second must have one to nine digits");
    const std::optional<std::int64_t> offset = take_offset();
    if (!offset || !rest_.empty()) return fail("the end must be Z or an offset like +02:00");
    return join(*day * 86400 + *second - *offset, *nanos);
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Exactly `digits` digits with a value of at most `max`.
  std::optional<int> take_int(std::size_t digits, int max) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    if (value > max) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }

  // Days since the epoch.
  std::optional<std::int64_t> take_date() {
    const std::optional<int> year = take_int(4, 9999);
    if (!year || !take('-')) return std::nullopt;
    const std::optional<int> month = take_int(2, 12);
    if (!month || !take('-')) return std::nullopt;
    const std::optional<int> day = take_int(2, 31);
    if (!day) return std::nullopt;
    const year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                              std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return sys_days(date).time_since_epoch().count();
  }

  // Seconds of HH:MM:SS, or of HH:MM. There is no leap second 60 on this clock.
  std::optional<std::int64_t> take_clock(bool with_seconds) {
    const std::optional<int> hour = take_int(2, 23);
    if (!hour || !take(':')) return std::nullopt;
    const std::optional<int> minute = take_int(2, 59);
    if (!minute) return std::nullopt;
    std::optional<int> second = 0;
    if (with_seconds) second = take(':') ? take_int(2, 59) : std::nullopt;
    if (!second) return std::nullopt;
    return *hour * 3600 + *minute * 60 + *second;
  }

  // Nanoseconds; 0 where there is no fraction.
  std::optional<std::int64_t> take_fraction() {
    if (!take('.')) return 0;
    std::int64_t nanos = 0, place = kNanosPerSecond / 10;
    std::size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits, place /= 10) {
      nanos += (rest_[digits] - '0') * place;
    }
    if (digits == 0 || digits > 9) return std::nullopt;
    rest_.remove_prefix(digits);
    return nanos;
  }

  // Seconds east of UTC.
  std::optional<std::int64_t> take_offset() {
    if (take('Z') || take('z')) return 0;
    const bool west = take('-');
    if (!west && !take('+')) return std::nullopt;
    const std::optional<std::int64_t> seconds = take_clock(false);
    if (!seconds) return std::nullopt;
    return west ? -*seconds : *seconds;
  }

  Result<TimePoint> join(std::int64_t seconds, std::int64_t nanos) const {
    if (seconds < 0 && nanos > 0) {  // so that the product below fits whenever the sum does
      ++seconds;
      nanos -= kNanosPerSecond;
    }
    std::int64_t sum = 0;
    if (__builtin_mul_overflow(seconds, kNanosPerSecond, &sum) || __builtin_add_overflow(sum, nanos, &sum)) {
      return Error(ErrorCode::kInvalidArgument,
                   "time \"" + to_valid_utf8(text_) + "\": not within the years 1677 to 2262");
    }
    return TimePoint(Duration(sum));
  }

  Error fail(const std::string& what) const {
    return Error(ErrorCode::kInvalidArgument, "time \"" + to_valid_utf8(text_) + "\": " + what + " at byte " +
                                                  std::to_string(text_.size() - rest_.size()) +
                                                  "; write it like 2026-11-21T07:00:00Z");
  }

  std::string_view text_;
  std::string_view rest_;
};

}  // namespace

std::string format_time(TimePoint t) {
  const auto second = std::chrono::floor<std::chrono::seconds>(t);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const auto of_day = (second - day).count();
  std::array<char, 32> clock{};
  std::snprintf(clock.data(), clock.size(), "T%02d:%02d:%02d", static_cast<int>(of_day / 3600),
                static_cast<int>(of_day / 60 % 60), static_cast<int>(of_day % 60));
  return date_text(day) + clock.data() + fraction_text(t) + "Z";
}

Result<TimePoint> parse_time(std::string_view text) { return TimeParser(text).parse(); }

std::string format_date(TimePoint t) { return date_text(std::chrono::floor<std::chrono::days>(t)); }

}  // namespace windlass::core
