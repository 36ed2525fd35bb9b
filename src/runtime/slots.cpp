#include "runtime/slots.hpp"

#include <algorithm>

namespace windlass::runtime {
namespace {

// The steady time at which the wall clock will show `deadline`, if nobody steps it.
Duration steady_time_of(TimePoint deadline, TimePoint now, Duration steady) {
  if (deadline == kNoTime) return RunLimits::kNever;
  Duration::rep at = 0;
  if (__builtin_add_overflow(steady.count(), (deadline - now).count(), &at)) return RunLimits::kNever;
  return Duration(at);
}

Duration first_limit(const RunLimits& limits, TimePoint now, Duration steady) {
  return std::min(limits.timeout_at, steady_time_of(limits.deadline, now, steady));
}

}  // namespace

Slot& Slots::add() {
  base::Lock lock(mu_);
  return *slots_.emplace_back(std::make_unique<Slot>());
}

bool Slots::begin(Slot& slot, TaskRun& run, const RunLimits& limits, TimePoint now, Duration steady) {
  {
    base::Lock lock(slot.mu);
    slot.run = &run;
    slot.limits = limits;
    slot.started_at = now;
    slot.overrun = false;
    // Read after `run` was set, under the lock: tell_all() sees the run, or this sees it. Nobody has asked for its token yet.
    if (const StopReason told = all_told_.load(); told != StopReason::kNone) (void)run.tell_to_stop(told, steady);
  }
  return first_limit(limits, now, steady).count() < next_look_.load();
}

bool Slots::end(Slot& slot) {
  base::Lock lock(slot.mu);
  slot.run = nullptr;
  return !slot.abandoned;
}

void Slots::scan_slot(Slot& slot, TimePoint now, Duration steady, LimitScan& scan) {
  TaskRun& run = *slot.run;
  if (run.stop_reason() == StopReason::kNone) {
    const Duration limit = first_limit(slot.limits, now, steady);
    if (limit > steady) {
      scan.next = std::min(scan.next, limit);
      return;
    }
    const StopReason reason = slot.limits.timeout_at <= steady ? StopReason::kTimeout : StopReason::kDeadline;
    if (auto source = run.tell_to_stop(reason, steady)) scan.to_stop.push_back(std::move(*source));
  }
  const Duration overrun_at = run.told_at() + slot.limits.stop_time.value_or(Duration::zero()) + kOverrunAfter;
  if (overrun_at > steady) {
    scan.next = std::min(scan.next, overrun_at);
  } else if (!slot.overrun) {
    slot.overrun = true;
    scan.overruns.push_back({run.queue(), run.task_id()});
  }
}

LimitScan Slots::scan(TimePoint now, Duration steady) {
  LimitScan scan;
  next_look_ = RunLimits::kNever.count();
  base::Lock all(mu_);
  for (auto& s : slots_) {
    base::Lock lock(s->mu);
    if (s->run != nullptr && !s->abandoned) scan_slot(*s, now, steady, scan);
  }
  next_look_ = scan.next.count();
  return scan;
}

std::vector<broker::RunningTask> Slots::running() const {
  std::vector<broker::RunningTask> found;
  base::Lock all(mu_);
  for (const auto& s : slots_) {
    base::Lock lock(s->mu);
    if (s->run == nullptr || s->abandoned) continue;
    found.push_back({s->run->lease(), s->started_at, s->run->deadline(), s->overrun});
  }
  return found;
}

std::vector<std::stop_source> Slots::tell_all(StopReason reason, Duration steady) {
  std::vector<std::stop_source> sources;
  all_told_ = reason;
  base::Lock all(mu_);
  for (auto& s : slots_) {
    base::Lock lock(s->mu);
    if (s->run == nullptr) continue;
    if (auto source = s->run->tell_to_stop(reason, steady)) sources.push_back(std::move(*source));
  }
  return sources;
}

std::vector<broker::LeaseRef> Slots::abandon_all() { return abandon(true); }
std::vector<broker::LeaseRef> Slots::abandon_unkillable() { return abandon(false); }

bool Slots::any_killable() const {
  base::Lock all(mu_);
  return std::ranges::any_of(slots_, [](const auto& s) {
    base::Lock lock(s->mu);
    return s->run != nullptr && !s->abandoned && s->limits.stop_time;
  });
}

std::vector<broker::LeaseRef> Slots::abandon(bool killable) {
  std::vector<broker::LeaseRef> leases;
  base::Lock all(mu_);
  for (auto& s : slots_) {
    base::Lock lock(s->mu);
    if (s->run == nullptr || s->abandoned || (s->limits.stop_time && !killable)) continue;
    s->abandoned = true;
    s->run->disown();
    leases.push_back(s->run->lease());
  }
  return leases;
}

bool Slots::abandoned(const Slot& slot) {
  base::Lock lock(slot.mu);
  return slot.abandoned;
}

}  // namespace windlass::runtime
