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

Slots::Slots(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) slots_.push_back(std::make_unique<Slot>());
}

bool Slots::begin(std::size_t slot, TaskRun& run, const RunLimits& limits, TimePoint now, Duration steady) {
  Slot& s = *slots_[slot];
  {
    base::Lock lock(s.mu);
    s.run = &run;
    s.limits = limits;
    s.started_at = now;
    s.overrun = false;
  }
  return first_limit(limits, now, steady).count() < next_look_.load();
}

bool Slots::end(std::size_t slot) {
  Slot& s = *slots_[slot];
  base::Lock lock(s.mu);
  s.run = nullptr;
  return !s.abandoned;
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
  const Duration overrun_at = run.told_at() + kOverrunAfter;
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
  for (auto& s : slots_) {
    base::Lock lock(s->mu);
    if (s->run != nullptr && !s->abandoned) scan_slot(*s, now, steady, scan);
  }
  next_look_ = scan.next.count();
  return scan;
}

std::vector<broker::RunningTask> Slots::running() const {
  std::vector<broker::RunningTask> all;
  for (const auto& s : slots_) {
    base::Lock lock(s->mu);
    if (s->run == nullptr || s->abandoned) continue;
    all.push_back({s->run->lease(), s->started_at, s->run->deadline(), s->overrun});
  }
  return all;
}

std::vector<std::stop_source> Slots::tell_all(StopReason reason, Duration steady) {
  std::vector<std::stop_source> sources;
  for (auto& s : slots_) {
    base::Lock lock(s->mu);
    if (s->run == nullptr) continue;
    if (auto source = s->run->tell_to_stop(reason, steady)) sources.push_back(std::move(*source));
  }
  return sources;
}

std::vector<broker::LeaseRef> Slots::abandon_all() {
  std::vector<broker::LeaseRef> leases;
  for (auto& s : slots_) {
    base::Lock lock(s->mu);
    if (s->run == nullptr || s->abandoned) continue;
    s->abandoned = true;
    s->run->disown();
    leases.push_back(s->run->lease());
  }
  return leases;
}

bool Slots::abandoned(std::size_t slot) const {
  base::Lock lock(slots_[slot]->mu);
  return slots_[slot]->abandoned;
}

}  // namespace windlass::runtime
