#include "dq/worker.hpp"

#include <algorithm>
#include <utility>

#include <windlass/log.hpp>

#include "core/text.hpp"
#include "core/time_math.hpp"
#include "dq/claim.hpp"
#include "dq/node_reader.hpp"
#include "dq/nodes.hpp"
#include "mux/guarded_run.hpp"
#include "runtime/decision.hpp"

namespace windlass::dq {
namespace {

// While the lock store is away.
constexpr Duration kTryAgain = std::chrono::milliseconds(200);
// How often two consumers may cross each other before a copy is put off.
constexpr int kStepsMax = 8;

// As the original has them.
constexpr Duration kOriginalTolerance = std::chrono::minutes(30);
constexpr Duration kOriginalExpiry = std::chrono::milliseconds(3'600'500);
constexpr int kOriginalValueSize = 16;

std::vector<LogField> fields_of(const Copy& copy) {
  const std::string& tube = copy.reader->node().tube;
  return {{"task", copy.key}, {"queue", tube}, {"type", tube}, {"job", copy_id(copy.reader->node(), copy.job)}};
}

void raise_to(std::atomic<Duration::rep>& value, Duration::rep at_least) {
  Duration::rep now = value;
  while (now < at_least && !value.compare_exchange_weak(now, at_least)) {}
}

void count_lateness(const Copy& copy, TimePoint now) {
  const Duration::rep late = std::max<Duration::rep>(0, (now - copy.due).count());
  copy.reader->counts().lateness_total += late;
  raise_to(copy.reader->counts().lateness_max, late);
}

}  // namespace

void DoneList::add(const std::string& key) {
  base::Lock lock(mu_);
  if (!keys_.insert(key).second) return;
  order_.push_back(key);
  if (order_.size() <= kMax) return;
  keys_.erase(order_.front());
  order_.pop_front();
}

bool DoneList::contains(const std::string& key) const {
  base::Lock lock(mu_);
  return keys_.contains(key);
}

bool Admission::enter() {
  base::Lock lock(mu_);
  if (runs_max_ != 0 && entered_ >= runs_max_) return false;
  ++entered_;
  return true;
}

void Admission::give_back() {
  base::Lock lock(mu_);
  --entered_;
}

bool Admission::leave() {
  base::Lock lock(mu_);
  return ++left_ == runs_max_;
}

void LockTrouble::failed(const Error& error) {
  there_ = true;
  base::Lock lock(mu_);
  trouble_.failed(error);
}

void LockTrouble::ended() {
  if (!there_.exchange(false)) return;
  base::Lock lock(mu_);
  trouble_.ended();
}

Worker::Worker(WorkerTools& tools) : tools_(tools), random_(base::Random::seeded()), alarm_(tools.clock) {}

void Worker::loop() {
  while (const CopyPtr copy = tools_.queue.take()) {
    if (copy->lost) continue;
    if (tools_.config.compatible)
      serve_compatible(copy);
    else
      serve(copy);
  }
}

void Worker::serve(const CopyPtr& copy) {
  if (tools_.done.contains(copy->key)) {
    ++copy->reader->counts().duplicates;
    return copy->reader->settle(copy, {Settlement::Kind::kDelete, {}});
  }
  if (!tools_.admission.enter()) return look_again(copy, kLookInterval);
  const std::optional<ClaimStep> claimed = claim(copy);
  if (!claimed || refuse_late(copy, *claimed)) return tools_.admission.give_back();
  run(copy, *claimed);
}

void Worker::look_again(const CopyPtr& copy, Duration wait) {
  tools_.queue.push(copy, core::saturated_sum(tools_.clock.now(), wait));
}

std::optional<ClaimStep> Worker::claim(const CopyPtr& copy) {
  const ClaimRules rules{tools_.owner + "." + std::to_string(++tools_.runs), tools_.config.max_retry,
                         tools_.config.lease, tools_.config.remember};
  ReaderCounts& counts = copy->reader->counts();
  ClaimStep step{ClaimStep::Kind::kRun, first_run(rules), {}};
  std::string expected;
  bool stored = false;
  for (int i = 0; i < kStepsMax && step.record && !stored; ++i) {
    const Result<Exchange> found = tools_.locks.exchange(copy->key, expected, step.record->text(), step.record->keep);
    if (!found) {
      tools_.trouble.failed(found.error());
      look_again(copy, kLookInterval);
      return std::nullopt;
    }
    tools_.trouble.ended();
    stored = found->stored;
    if (stored) break;
    step = next_step(*found, copy->buries, rules, tools_.clock.steady(), copy->suspicion);
    expected = found->value;
  }
  if (step.record && !stored) step = {ClaimStep::Kind::kLookAgain, std::nullopt, kLookInterval};
  if (step.takes_over) {
    ++counts.taken_over;
    log_warn("the consumer that ran a message is gone", fields_of(*copy));
  }
  switch (step.kind) {
    case ClaimStep::Kind::kRun: return step;
    case ClaimStep::Kind::kLookAgain: look_again(copy, step.wait); break;
    case ClaimStep::Kind::kPutOff: copy->reader->settle(copy, {Settlement::Kind::kRelease, step.wait}); break;
    case ClaimStep::Kind::kDelete:
      ++counts.duplicates;
      copy->reader->settle(copy, {Settlement::Kind::kDelete, {}});
      break;
    case ClaimStep::Kind::kBury:
      ++counts.buried;
      copy->reader->settle(copy, {Settlement::Kind::kBury, {}});
      break;
  }
  return std::nullopt;
}

ConclusionRules Worker::rules_for(const Copy& copy) const {
  ConclusionRules rules;
  rules.max_retry = tools_.config.max_retry;
  rules.remember = tools_.config.remember;
  rules.buries = copy.buries;
  return rules;
}

// Who was kicked out of burial is late, and meant to run.
bool Worker::refuse_late(const CopyPtr& copy, const ClaimStep& claimed) {
  const Lateness& lateness = tools_.config.lateness;
  if (lateness.policy() == Lateness::Policy::kRun || claimed.again || copy->buries > 0) return false;
  const Duration late = tools_.clock.now() - copy->due;
  if (late <= lateness.after()) return false;
  const bool bury = lateness.policy() == Lateness::Policy::kBury;
  const Conclusion end = give_up_late(*claimed.record, bury, rules_for(*copy));
  const RunPtr run = std::make_shared<MessageRun>(copy, *claimed.record, RunFacts{}, tools_.clock.now());
  if (!write(*run, end.record)) {
    leave_to_others(copy);
    return true;
  }
  ReaderCounts& counts = copy->reader->counts();
  ++(bury ? counts.buried : counts.late_dropped);
  std::vector<LogField> fields = fields_of(*copy);
  fields.push_back({"late", core::format_duration(late)});
  log_warn(bury ? "message too late, buried" : "message too late, dropped", std::move(fields));
  copy->reader->settle(copy, end.settlement);
  return true;
}

void Worker::run(const CopyPtr& copy, const ClaimStep& claimed) {
  const TimePoint now = tools_.clock.now();
  const RunPtr run = std::make_shared<MessageRun>(copy, *claimed.record,
                                                  RunFacts{tools_.config.max_retry, tools_.config.timeout}, now);
  if (trace::tracing()) run->begin_span();
  if (!claimed.again) count_lateness(*copy, now);
  tools_.keeper.add(run);
  if (run->deadline() != kNoTime) tools_.wake_keeper();
  Outcome outcome = internal::run_guarded(tools_.mux, *run);
  finish(run, std::move(outcome));
  tools_.keeper.remove(run);
  if (tools_.admission.leave()) tools_.last_run_ended();
}

void Worker::finish(const RunPtr& run, Outcome outcome) {
  const StopReason stop = run->stop_reason();
  runtime::RunEnd ended{std::move(outcome), stop};
  if (runtime::failed(ended)) ended = runtime::with_stop_reason(std::move(ended), tools_.config.timeout);
  const Outcome& result = ended.outcome;
  run->end_span(result, tools_.clock.now());
  ConclusionRules rules = rules_for(*run->copy());
  rules.shutting_down = stop == StopReason::kShutdown;
  if (result.kind() == Outcome::Kind::kFail)
    rules.retry_delay = tools_.hooks.charge(result.failure(), *run, random_).retry_delay;
  base::Lock lock(run->mu);
  const Record record = run->record;
  lock.unlock();
  const Conclusion end = conclude(record, result, rules);
  const bool written = write(*run, end.record);
  const bool done = end.record.kind == Record::Kind::kDone;
  if (done) tools_.done.add(run->copy()->key);
  if (written || done)
    settle(*run, end, result);
  else
    leave_to_others(run->copy());
  tell(*run, result);
}

// Somebody else has the message: what becomes of this copy shows when it comes again.
void Worker::leave_to_others(const CopyPtr& copy) { copy->reader->settle(copy, {Settlement::Kind::kRelease, {}}); }

void Worker::settle(const MessageRun& run, const Conclusion& end, const Outcome& outcome) {
  const CopyPtr& copy = run.copy();
  ReaderCounts& counts = copy->reader->counts();
  copy->reader->settle(copy, end.settlement);
  if (end.settlement.kind == Settlement::Kind::kDelete) {
    ++counts.done;
    return;
  }
  const bool bury = end.settlement.kind == Settlement::Kind::kBury;
  ++(bury ? counts.buried : counts.retried);
  if (outcome.kind() == Outcome::Kind::kSnooze) return;
  ++counts.failed;
  std::vector<LogField> fields = internal::run_log_fields(run);
  fields.push_back({"job", copy_id(copy->reader->node(), copy->job)});
  fields.push_back({"error", outcome.failure().message});
  if (!bury) fields.push_back({"again_in", core::format_duration(end.settlement.delay)});
  log_warn(bury ? "message failed for good, buried" : "message failed, will run again", std::move(fields));
}

bool Worker::write(MessageRun& run, const Record& outcome) {
  base::Lock lock(run.mu);
  run.over = true;
  std::string expected = run.record.text();
  lock.unlock();
  for (;;) {
    const Result<Exchange> stored = tools_.locks.exchange(run.copy()->key, expected, outcome.text(), outcome.keep);
    if (!stored) {
      tools_.trouble.failed(stored.error());
      if (tools_.stopping) {
        log_error("the outcome of a message could not be recorded: it may run again", fields_of(*run.copy()));
        return false;
      }
      (void)alarm_.sleep_for(kTryAgain);
      continue;
    }
    tools_.trouble.ended();
    if (stored->stored) return true;
    // Nothing: the store has lost it. Somebody else's: the message has two runs; that one of them has succeeded is what
    // counts.
    if (!stored->value.empty() && outcome.kind != Record::Kind::kDone) return false;
    expected = stored->value;
  }
}

void Worker::tell(const MessageRun& run, const Outcome& outcome) const {
  if (!tools_.config.on_run) return;
  try {
    tools_.config.on_run(run, outcome, run.result());
  } catch (...) { log_error("on_run threw", {{"error", internal::describe_current_exception()}}); }
}

// The original, with its holes.
void Worker::serve_compatible(const CopyPtr& copy) {
  ReaderCounts& counts = copy->reader->counts();
  if (!tools_.admission.enter()) return look_again(copy, kLookInterval);
  copy->reader->settle(copy, {Settlement::Kind::kDelete, {}});
  const TimePoint now = tools_.clock.now();
  if (now - copy->due > kOriginalTolerance) {
    ++counts.late_dropped;
    log_warn("message too late, dropped", fields_of(*copy));
    return tools_.admission.give_back();
  }
  std::string value;
  while (value.size() < kOriginalValueSize) value += static_cast<char>('a' + random_.below(26));
  const Result<Exchange> locked = tools_.locks.exchange(copy->key, {}, value, kOriginalExpiry);
  if (!locked || !locked->stored) {
    if (locked)
      ++counts.duplicates;
    else
      tools_.trouble.failed(locked.error().at("a message was dropped"));
    return tools_.admission.give_back();
  }
  const RunPtr run = std::make_shared<MessageRun>(copy, Record{}, RunFacts{0, tools_.config.timeout}, now);
  {
    base::Lock lock(run->mu);
    run->over = true;  // nothing to extend
  }
  if (trace::tracing()) run->begin_span();
  count_lateness(*copy, now);
  tools_.keeper.add(run);
  if (run->deadline() != kNoTime) tools_.wake_keeper();
  const Outcome outcome = internal::run_guarded(tools_.mux, *run);
  run->end_span(outcome, tools_.clock.now());
  tools_.keeper.remove(run);
  const bool done = outcome.kind() == Outcome::Kind::kDone || outcome.kind() == Outcome::Kind::kRevoke;
  ++(done ? counts.done : counts.failed);
  if (!done) {
    std::vector<LogField> fields = internal::run_log_fields(*run);
    fields.push_back({"error", outcome.failure().message});
    log_warn("message failed, and is gone", std::move(fields));
  }
  tell(*run, outcome);
  if (tools_.admission.leave()) tools_.last_run_ended();
}

}  // namespace windlass::dq
