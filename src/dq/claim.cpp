#include "dq/claim.hpp"

#include <algorithm>

namespace windlass::dq {
namespace {

using Kind = ClaimStep::Kind;

ClaimStep look_again(Duration wait) { return {Kind::kLookAgain, std::nullopt, wait}; }

// The run after `attempt` - 1 others.
ClaimStep run_again(int attempt, const ClaimRules& rules) {
  ClaimStep step{Kind::kRun, first_run(rules), {}};
  step.record->attempt = attempt;
  step.again = true;
  return step;
}

// Until a retry. beanstalkd counts whole seconds, so the last one is waited for here.
ClaimStep wait(Duration left) {
  return {left < std::chrono::seconds(1) ? Kind::kLookAgain : Kind::kPutOff, std::nullopt, left};
}

// Its consumers died while they ran it, again and again.
ClaimStep give_up(const Record& found, std::uint64_t buries, const ClaimRules& rules) {
  Record record = first_run(rules);
  record.kind = Record::Kind::kDead;
  record.attempt = found.attempt;
  record.number = buries + 1;
  return {Kind::kBury, record, {}};
}

// From the first look on an owner gets half a lease more, and no less than this, so that an outage of the store, in
// which all records grow old, takes no run away from its owner: it is tried every 200 ms, but the Redis client leaves a
// server that it could not reach alone for up to two seconds.
constexpr Duration kConfirmMin = std::chrono::seconds(3);

ClaimStep while_running(const Record& record, const Exchange& found, std::uint64_t buries, const ClaimRules& rules,
                        Duration steady, Suspicion& suspicion) {
  const Duration confirm = std::max<Duration>(record.span / 2, kConfirmMin);
  const Duration left = record.span - record.age(found);
  if (left > Duration::zero()) return look_again(std::min(kLookInterval, left));
  if (suspicion.value != found.value) {
    suspicion = {found.value, steady};
    return look_again(confirm);
  }
  if (const Duration seen = steady - suspicion.since; seen < confirm) return look_again(confirm - seen);
  ClaimStep step =
      record.attempt > rules.max_retry ? give_up(record, buries, rules) : run_again(record.attempt + 1, rules);
  step.takes_over = true;
  return step;
}

}  // namespace

Record first_run(const ClaimRules& rules) {
  Record record;
  record.owner = rules.owner;
  record.span = rules.lease;
  record.keep = rules.remember;
  return record;
}

ClaimStep next_step(const Exchange& found, std::uint64_t buries, const ClaimRules& rules, Duration steady,
                    Suspicion& suspicion) {
  // It has expired in between.
  if (found.value.empty()) return {Kind::kRun, first_run(rules), {}};
  const std::optional<Record> record = Record::parse(found.value);
  // A Go consumer has it, or had it: as far as it is concerned, once is enough.
  if (!record) return {Kind::kDelete, std::nullopt, {}};
  switch (record->kind) {
    case Record::Kind::kRun: return while_running(*record, found, buries, rules, steady, suspicion);
    case Record::Kind::kWait: {
      const Duration left = record->span - record->age(found);
      return left > Duration::zero() ? wait(left) : run_again(record->attempt + 1, rules);
    }
    case Record::Kind::kDone: return {Kind::kDelete, std::nullopt, {}};
    // A copy that was buried for this and is here again was kicked: it begins anew.
    case Record::Kind::kDead:
      return buries < record->number ? ClaimStep{Kind::kBury, std::nullopt, {}} : run_again(1, rules);
  }
  return look_again(kLookInterval);
}

}  // namespace windlass::dq
