#include "core/due_ticks.hpp"

#include <algorithm>

namespace windlass::core {

namespace {

// Up to `limit` of the newest ticks in (done, until], oldest first.
std::vector<TimePoint> newest_ticks(const CronSpec& spec, TimePoint done, TimePoint until, int limit) {
  std::vector<TimePoint> ticks;
  for (; limit > 0; --limit) {
    const auto tick = spec.last_between(done, until);
    if (!tick) break;
    ticks.push_back(*tick);
    until = *tick - std::chrono::seconds(1);
  }
  std::ranges::reverse(ticks);
  return ticks;
}

}  // namespace

bool has_missed_tick(const CronSpec& spec, TimePoint done, TimePoint now) {
  const auto next = spec.next(done);
  return next && *next <= now - kOnTime;
}

DueTicks due_ticks(const CronSpec& spec, TimePoint done, TimePoint now, MissedTicks policy, int limit) {
  DueTicks due;
  std::vector<TimePoint> on_time;
  for (auto t = spec.next(std::max(done, now - kOnTime)); t && *t <= now; t = spec.next(*t)) on_time.push_back(*t);

  if (has_missed_tick(spec, done, now)) {
    int wanted = 0;
    if (policy == MissedTicks::kAll) wanted = limit;
    if (policy == MissedTicks::kLatest && on_time.empty()) wanted = 1;
    due.ticks = newest_ticks(spec, done, now - kOnTime, wanted);
    due.dropped = due.ticks.empty() || spec.next(done) < due.ticks.front();
  }
  due.ticks.insert(due.ticks.end(), on_time.begin(), on_time.end());
  return due;
}

}  // namespace windlass::core
