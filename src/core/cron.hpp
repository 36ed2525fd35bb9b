// CronSpec: when a periodic entry is to run.
//
//   auto spec = core::CronSpec::parse("30 9 * * 1-5", {.zone = "Europe/Berlin"});
//   auto at = spec->next(clock.now());
//
// The dialect is that of robfig/cron v3, as Asynq uses it: five fields (minute, hour, day of month, month, day of
// week), names, ranges, steps, `?`, the descriptors @yearly ... @hourly, `@every 1h30m`, and a prefix `TZ=Area/City `
// or `CRON_TZ=Area/City `. A sixth field, seconds, in first place, must be opted in. docs/reference/cron.md has it all.
//
// Local times that a forward jump of the clocks leaves out do not fire that day; those that a backward jump repeats
// fire twice.
//
// @every fires at the multiples of its interval since 1970 plus a phase, so that any number of schedulers, started
// whenever, mean the same ticks.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <windlass/error.hpp>
#include <windlass/time.hpp>

#include "core/time_zone.hpp"

namespace windlass::core {

struct CronOptions {
  std::string_view zone = "UTC";  // where the spec has no prefix
  bool seconds = false;           // six fields may be given
  Duration every_phase{};         // shifts the ticks of @every, by what remains of it modulo the interval. Not negative
};

// What the fields allow, one bit a value.
struct CronFields {
  std::bitset<60> seconds, minutes;
  std::bitset<24> hours;
  std::bitset<32> days;     // of the month, 1..31
  std::bitset<13> months;   // 1..12
  std::bitset<7> weekdays;  // 0 = Sunday
  bool any_day = false;     // `*` or `?` stands in one of the two day fields: a day must be in both, else in either
};

// Thread-compatible value.
class CronSpec {
 public:
  // Errors: kInvalidArgument, with the field, the place (character, from 1) and what is allowed there.
  static Result<CronSpec> parse(std::string_view spec, const CronOptions& options = {});

  // The first tick after `after`; a whole second. Nothing if there is none until the end of the fifth year from then.
  std::optional<TimePoint> next(TimePoint after) const;
  // The last tick that is later than `after` and not later than `until`.
  std::optional<TimePoint> last_between(TimePoint after, TimePoint until) const;

  // Of @every; 0 for all others.
  Duration interval() const { return interval_; }
  // As given, or the default.
  const std::string& zone() const { return zone_.name(); }

 private:
  explicit CronSpec(TimeZone zone) : zone_(std::move(zone)) {}
  friend class CronParser;

  std::chrono::sys_seconds next_interval(std::chrono::sys_seconds from) const;
  std::optional<std::chrono::sys_seconds> next_match(std::chrono::sys_seconds from) const;

  TimeZone zone_;
  CronFields fields_;
  std::chrono::seconds interval_{};
  std::chrono::seconds phase_{};
};

}  // namespace windlass::core
