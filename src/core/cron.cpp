// The search for the next tick. Within a stretch of constant offset local time is a straight line, so a match is found
// by walking days and reading bits; at the end of the stretch the search goes on in the next one.
#include "core/cron.hpp"

#include <algorithm>

namespace windlass::core {

namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;

constexpr int kYearsAhead = 5;

// The first set bit at or after `from`; the size if there is none.
template <std::size_t N>
std::size_t first_set(const std::bitset<N>& bits, std::size_t from) {
  while (from < N && !bits[from]) ++from;
  return from;
}

bool fits(const CronFields& fields, sys_days day, const year_month_day& date) {
  const bool in_month = fields.days[static_cast<unsigned>(date.day())];
  const bool in_week = fields.weekdays[std::chrono::weekday(day).c_encoding()];
  return fields.any_day ? in_month && in_week : in_month || in_week;
}

// The first allowed time of day at or after `from`; nothing if the day has no more.
std::optional<seconds> time_of_day(const CronFields& fields, seconds from) {
  const std::chrono::hh_mm_ss at(from);
  const auto hour = static_cast<std::size_t>(at.hours().count());
  const auto minute = static_cast<std::size_t>(at.minutes().count());
  const auto second = static_cast<std::size_t>(at.seconds().count());

  std::size_t h = first_set(fields.hours, hour);
  std::size_t m = first_set(fields.minutes, h == hour ? minute : 0);
  std::size_t s = first_set(fields.seconds, h == hour && m == minute ? second : 0);
  if (s == fields.seconds.size()) {
    s = first_set(fields.seconds, 0);
    m = first_set(fields.minutes, m + 1);
  }
  if (m >= fields.minutes.size()) {
    h = first_set(fields.hours, h + 1);
    m = first_set(fields.minutes, 0);
    s = first_set(fields.seconds, 0);
  }
  if (h >= fields.hours.size()) return std::nullopt;
  return std::chrono::hours(h) + std::chrono::minutes(m) + seconds(s);
}

// The first local time in [from, end) that the fields allow.
std::optional<sys_seconds> local_match(const CronFields& fields, sys_seconds from, sys_seconds end) {
  sys_days day = std::chrono::floor<days>(from);
  while (day < end) {
    const year_month_day date(day);
    if (!fields.months[static_cast<unsigned>(date.month())]) {
      day = sys_days((date.year() / date.month() + std::chrono::months(1)) / 1);
      continue;
    }
    if (fits(fields, day, date)) {
      const auto time = time_of_day(fields, std::max(from - sys_seconds(day), seconds(0)));
      if (time) return day + *time < end ? std::optional(day + *time) : std::nullopt;
    }
    day += days(1);
  }
  return std::nullopt;
}

bool can_match(const CronFields& fields) {
  return fields.seconds.any() && fields.minutes.any() && fields.hours.any() && fields.months.any();
}

// The last second of time that a TimePoint can hold.
constexpr sys_seconds kEnd = std::chrono::floor<seconds>(TimePoint::max());

}  // namespace

std::optional<TimePoint> CronSpec::next(TimePoint after) const {
  const sys_seconds from = std::chrono::floor<seconds>(after) + seconds(1);
  if (from >= kEnd) return std::nullopt;
  const auto found = interval_ > seconds(0) ? next_interval(from) : next_match(from);
  if (!found || *found >= kEnd) return std::nullopt;
  return *found;
}

sys_seconds CronSpec::next_interval(sys_seconds from) const {
  const seconds line = from.time_since_epoch() - phase_;
  const seconds into = ((line % interval_) + interval_) % interval_;
  return into == seconds(0) ? from : from + (interval_ - into);
}

std::optional<sys_seconds> CronSpec::next_match(sys_seconds from) const {
  if (!can_match(fields_)) return std::nullopt;
  TimeZone::Stretch stretch = zone_.stretch_at(from);
  const year_month_day today(std::chrono::floor<days>(from + stretch.offset));
  const sys_seconds limit = sys_days((today.year() + std::chrono::years(kYearsAhead + 1)) / 1 / 1);
  while (from + stretch.offset < limit) {
    const sys_seconds local_end =
        stretch.end == sys_seconds::max() ? limit : std::min(limit, stretch.end + stretch.offset);
    if (const auto local = local_match(fields_, from + stretch.offset, local_end)) return *local - stretch.offset;
    if (stretch.end == sys_seconds::max()) return std::nullopt;
    from = stretch.end;
    stretch = zone_.stretch_at(from);
  }
  return std::nullopt;
}

std::optional<TimePoint> CronSpec::last_between(TimePoint after, TimePoint until) const {
  std::optional<TimePoint> found;
  // Halving: no tick lies in (until, end], and the last one known is `found`.
  while (after < until) {
    const TimePoint middle = found ? after + (until - after) / 2 : after;
    const auto tick = next(middle);
    if (tick && *tick <= until) {
      found = tick;
      after = *tick;
    } else if (!found) {
      return std::nullopt;
    } else {
      until = middle;
    }
    if (until - after < seconds(1)) break;
  }
  return found;
}

}  // namespace windlass::core
