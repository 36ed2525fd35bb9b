#include "dq/run_keeper.hpp"

#include <algorithm>

#include <windlass/log.hpp>

#include "dq/node_reader.hpp"

namespace windlass::dq {
namespace {

// While the store is away: soon enough to be before all who would take the runs over (see claim.cpp).
constexpr Duration kTryAgain = std::chrono::milliseconds(200);

}  // namespace

RunKeeper::RunKeeper(LockStore& locks, Duration lease, base::Clock& clock)
    : locks_(locks),
      interval_(lease / 3),
      trouble_("extending the locks of running messages", clock, base::Random::seeded()) {}

void RunKeeper::add(const RunPtr& run) {
  base::Lock lock(mu_);
  runs_.insert(run);
}

void RunKeeper::remove(const RunPtr& run) {
  base::Lock lock(mu_);
  runs_.erase(run);
}

std::vector<RunPtr> RunKeeper::runs() const {
  base::Lock lock(mu_);
  return {runs_.begin(), runs_.end()};
}

void RunKeeper::tell_all_to_stop(StopReason reason) {
  for (const RunPtr& run : runs()) run->tell_to_stop(reason);
}

TimePoint RunKeeper::step(TimePoint now) {
  const bool due = now >= next_beat_ || next_beat_ > now + interval_;
  if (due) next_beat_ = now + interval_;
  TimePoint next = next_beat_;
  for (const RunPtr& run : runs()) {
    if (run->deadline() != kNoTime && run->stop_reason() == StopReason::kNone) {
      if (run->deadline() <= now)
        run->tell_to_stop(StopReason::kTimeout);
      else
        next = std::min(next, run->deadline());
    }
    if (due && !beat(*run)) return next_beat_ = now + kTryAgain;
  }
  if (due) trouble_.ended();
  return next;
}

bool RunKeeper::beat(MessageRun& run) {
  base::Lock lock(run.mu);
  if (run.over) return true;
  Record next = run.record;
  ++next.number;
  const std::string& key = run.copy()->key;
  Result<Exchange> stored = locks_.exchange(key, run.record.text(), next.text(), next.keep);
  // The store has forgotten it: it was started anew without its data, say.
  if (stored && !stored->stored && stored->value.empty()) stored = locks_.exchange(key, {}, next.text(), next.keep);
  if (!stored) {
    trouble_.failed(stored.error());
    return false;
  }
  if (stored->stored) {
    run.record = next;
    return true;
  }
  run.over = true;
  lock.unlock();
  ++run.copy()->reader->counts().leases_lost;
  log_warn("a message's run was silent for too long, and is somebody else's now", {{"message", key}});
  run.tell_to_stop(StopReason::kLeaseLost);
  return true;
}

}  // namespace windlass::dq
