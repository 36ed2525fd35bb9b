// Which ticks of an entry are to be served now: the policy for missed ticks. Pure.
#pragma once

#include <vector>

#include <windlass/scheduler.hpp>

#include "core/cron.hpp"

namespace windlass::core {

// A tick that is less late than this is late, but not missed.
inline constexpr Duration kOnTime = std::chrono::seconds(10);

struct DueTicks {
  std::vector<TimePoint> ticks;  // to serve, oldest first
  bool dropped = false;          // others in (done, now] are not served, as the policy says
};

// Of the ticks in (done, now].
DueTicks due_ticks(const CronSpec& spec, TimePoint done, TimePoint now, MissedTicks policy, int limit);

// Whether a tick in (done, now] is missed.
bool has_missed_tick(const CronSpec& spec, TimePoint done, TimePoint now);

}  // namespace windlass::core
