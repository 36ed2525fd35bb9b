#include "dq/conclusion.hpp"

#include <algorithm>

#include "core/time_math.hpp"

namespace windlass::dq {
namespace {

// A hundred years, as the record's reader has it.
constexpr Duration kDelayMax = std::chrono::hours(24 * 366 * 100);

Conclusion with(const Record& run, Record::Kind kind, Settlement settlement, const ConclusionRules& rules) {
  Record record = run;
  record.kind = kind;
  record.owner = "-";
  record.number = 0;
  record.span = Duration::zero();
  record.keep = rules.remember;
  return {record, settlement};
}

Conclusion wait(const Record& run, Duration delay, bool charged, const ConclusionRules& rules) {
  delay = std::clamp(delay, Duration::zero(), kDelayMax);
  Conclusion end = with(run, Record::Kind::kWait, {Settlement::Kind::kRelease, delay}, rules);
  end.record.attempt -= charged ? 0 : 1;
  end.record.span = delay;
  // What is waited for must be remembered for longer than the wait.
  end.record.keep = std::min(core::saturated_sum(rules.remember, delay), kDelayMax);
  return end;
}

Conclusion bury(const Record& run, const ConclusionRules& rules) {
  Conclusion end = with(run, Record::Kind::kDead, {Settlement::Kind::kBury, {}}, rules);
  end.record.number = rules.buries + 1;
  return end;
}

Conclusion finish(const Record& run, const ConclusionRules& rules) {
  return with(run, Record::Kind::kDone, {Settlement::Kind::kDelete, {}}, rules);
}

}  // namespace

Conclusion conclude(const Record& run, const Outcome& outcome, const ConclusionRules& rules) {
  switch (outcome.kind()) {
    case Outcome::Kind::kDone:
    case Outcome::Kind::kRevoke: return finish(run, rules);
    case Outcome::Kind::kSnooze: return wait(run, outcome.delay(), false, rules);
    case Outcome::Kind::kSkipRetry: return bury(run, rules);
    case Outcome::Kind::kFail: break;
  }
  if (rules.shutting_down) return wait(run, Duration::zero(), false, rules);
  return run.attempt > rules.max_retry ? bury(run, rules) : wait(run, rules.retry_delay, true, rules);
}

Conclusion give_up_late(const Record& run, bool to_bury, const ConclusionRules& rules) {
  return to_bury ? bury(run, rules) : finish(run, rules);
}

}  // namespace windlass::dq
