#include "runtime/finisher.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>

#include <windlass/log.hpp>

namespace windlass::runtime {
namespace {

// A stopping server has little time: it does not wait longer between two attempts.
constexpr Duration kClosingRetry = std::chrono::milliseconds(200);

using broker::Finish;
using broker::FinishKind;
using broker::FinishOutcome;

// Errors that may pass: the same call can succeed later.
bool may_pass(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kUnknownOutcome:
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kPermissionDenied: return true;
    default: return false;
  }
}

bool keeps_task(FinishKind kind) { return kind != FinishKind::kDone && kind != FinishKind::kDiscard; }

bool carries_result(FinishKind kind) {
  return kind == FinishKind::kComplete || kind == FinishKind::kRetry || kind == FinishKind::kArchive;
}

void count_applied(Counters& counters, const Finish& finish) {
  switch (finish.kind) {
    case FinishKind::kDone: counters.done.add(); break;
    case FinishKind::kComplete: counters.completed.add(); break;
    case FinishKind::kRetry: counters.retried.add(); break;
    case FinishKind::kArchive: (finish.failure.kind == FailureKind::kExpired ? counters.expired : counters.archived).add(); break;
    case FinishKind::kSnooze: counters.snoozed.add(); break;
    case FinishKind::kRequeue: counters.given_back.add(); break;
    case FinishKind::kDiscard: counters.expired.add(); break;
  }
}

std::vector<LogField> task_fields(const broker::LeaseRef& lease) {
  return {{"task", lease.task.id}, {"queue", lease.task.queue}};
}

}  // namespace

Finisher::Finisher(broker::Broker& broker, base::Clock& clock, base::Random random, RunTable& table, Counters& counters)
    : broker_(broker),
      clock_(clock),
      table_(table),
      counters_(counters),
      result_max_(broker.payload_max()),
      alarm_(clock),
      trouble_("writing of outcomes", clock, random) {}

void Finisher::start() {
  thread_ = std::thread([this] { loop(); });
}

void Finisher::submit(Finished finished) {
  base::Lock lock(mu_);
  while (finishes_.size() >= kPendingMax && !closing_) room_.wait(mu_);
  if (closed_) {
    counters_.finishes_dropped.add();
    return;
  }
  finishes_.push_back(std::move(finished));
  if (std::exchange(asleep_, false)) alarm_.wake();
}

void Finisher::changed(TaskRun& run) {
  base::Lock lock(mu_);
  if (closed_ || run.disowned()) return;
  updates_.push_back(&run);
  if (std::exchange(asleep_, false)) alarm_.wake();
}

void Finisher::close(Duration at_most) {
  {
    base::Lock lock(mu_);
    if (closed_) return;
    closing_ = true;
    close_by_ = clock_.steady() + at_most;
    room_.notify_all();
  }
  alarm_.wake();
  if (thread_.joinable()) thread_.join();
}

void Finisher::loop() {
  while (const std::optional<Duration> wait = step()) {
    if (*wait > Duration::zero()) alarm_.sleep_for(*wait);
  }
}

std::optional<Duration> Finisher::step() {
  const std::optional<Duration> wait = take();
  if (wait == Duration::zero() && write_updates()) write_finishes();
  return wait;
}

// Takes what is due to be written: zero. Else how long that will take; nothing at the end.
std::optional<Duration> Finisher::take() {
  base::Lock lock(mu_);
  asleep_ = false;
  if (closing_) not_before_ = std::min(not_before_, clock_.steady() + kClosingRetry);
  const bool empty = finishes_.empty() && work_.finishes.empty();
  // Even a server that was held up beyond its time to close tries once.
  if (!closing_ || (!empty && !(failed_while_closing_ && clock_.steady() >= close_by_))) {
    const Duration wait = std::max(until_due(), Duration::zero());
    if (wait == Duration::zero()) take_locked();
    // While the store is in trouble, what comes in waits with the rest.
    asleep_ = wait > Duration::zero() && clock_.steady() >= not_before_;
    return wait;
  }
  closed_ = true;
  const std::size_t left = finishes_.size() + work_.finishes.size();
  counters_.finishes_dropped.add(left);
  lock.unlock();
  if (left > 0) log_error("stopped with outcomes unwritten: these tasks will run again", {{"tasks", std::to_string(left)}});
  return std::nullopt;
}

Duration Finisher::until_due() {
  const Duration now = clock_.steady();
  Duration wait = std::chrono::hours(1);
  if (!finishes_.empty() || !work_.finishes.empty() || !updates_.empty()) wait = Duration::zero();
  for (const TaskRun* run : work_.updates) wait = std::min(wait, run->progress_written_at + kProgressEvery - now);
  wait = std::max(wait, not_before_ - now);
  return closing_ ? std::min(wait, close_by_ - now) : wait;
}

void Finisher::take_locked() {
  const std::size_t n = std::min(finishes_.size(), kBatchMax - std::min(kBatchMax, work_.finishes.size()));
  const bool was_full = finishes_.size() >= kPendingMax;
  for (std::size_t i = 0; i < n; ++i) {
    Finished& finished = finishes_.front();
    work_.finishes.push_back(std::move(finished.finish));
    work_.runs.push_back(finished.run);
    finishes_.pop_front();
    if (work_.runs.back() != nullptr) work_.runs.back()->finishing = true;
  }
  // A run reports nothing after its finish, so what it reported before is in updates_ by now.
  work_.updates.insert(work_.updates.end(), updates_.begin(), updates_.end());
  updates_.clear();
  if (was_full) room_.notify_all();
}

PendingUpdate Finisher::take_update(TaskRun& run) {
  PendingUpdate update = run.take_update();
  if (update.result && update.result->size() > result_max_) {
    log_error("result is too large for the store, and is dropped",
              {{"task", run.task_id()}, {"queue", run.queue()}, {"bytes", std::to_string(update.result->size())}});
    update.result.reset();
  }
  return update;
}

// True when all that was reported is written, so that the finishes may follow.
bool Finisher::write_updates() {
  std::vector<broker::TaskUpdate> updates;
  std::vector<TaskRun*> runs, later;
  const Duration now = clock_.steady();
  for (std::size_t i = 0; i < work_.runs.size(); ++i) {
    TaskRun* run = work_.runs[i];
    if (run == nullptr || !run->has_update() || !keeps_task(work_.finishes[i].kind)) continue;
    PendingUpdate update = take_update(*run);
    if (update.result && carries_result(work_.finishes[i].kind)) work_.finishes[i].result = std::exchange(update.result, {});
    if (!update.result && !update.progress) continue;
    updates.push_back({run->lease(), std::move(update.result), std::move(update.progress)});
    runs.push_back(run);
  }
  for (TaskRun* run : work_.updates) {
    if (run->finishing || run->disowned()) continue;
    PendingUpdate update = take_update(*run);
    if (!update.result && now - run->progress_written_at < kProgressEvery) {
      run->put_back(std::move(update));
      later.push_back(run);
      continue;
    }
    updates.push_back({run->lease(), std::move(update.result), std::move(update.progress)});
    runs.push_back(run);
  }
  work_.updates = std::move(later);
  if (updates.empty()) return true;
  return send(updates, runs);
}

bool Finisher::send(std::vector<broker::TaskUpdate>& updates, std::span<TaskRun* const> runs) {
  Status status = broker_.update(updates);
  if (!status && may_pass(status.error())) {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      runs[i]->put_back({std::move(updates[i].result), std::move(updates[i].progress)});
      if (!runs[i]->finishing) work_.updates.push_back(runs[i]);
    }
    wait_after(status.error());
    return false;
  }
  if (!status) {
    for (const broker::TaskUpdate& update : updates) {
      const Status alone = broker_.update({&update, 1});
      if (alone) continue;
      std::vector<LogField> fields = task_fields(update.lease);
      fields.push_back({"error", alone.error().message()});
      log_error("result or progress was refused by the store, and is dropped", std::move(fields));
    }
  }
  for (TaskRun* run : runs) run->progress_written_at = clock_.steady();
  return true;
}

// All go together. Where it is unknown what became of that, the next attempt goes queue by queue, and those after it one by one: one
// of the queues, or of the finishes, may be what fails each time.
std::size_t Finisher::next_portion() const {
  if (work_.unknowns == 0) return work_.finishes.size();
  if (work_.unknowns > 1) return 1;
  const auto other = std::ranges::find_if(work_.finishes, [&](const Finish& finish) {
    return finish.lease.task.queue != work_.finishes.front().lease.task.queue;
  });
  return static_cast<std::size_t>(other - work_.finishes.begin());
}

void Finisher::write_finishes() {
  while (!work_.finishes.empty()) {
    if (!write_portion(next_portion())) return;
  }
}

// False if the store is in trouble, and what is left has to wait.
bool Finisher::write_portion(std::size_t n) {
  const Status sent = write_first(n);
  if (sent) return true;
  if (may_pass(sent.error())) return false;
  // One of them is such that the store refuses the whole call: find it, and do the others.
  for (std::size_t i = 0; i < n; ++i) {
    const Status alone = write_first(1);
    if (alone) continue;
    if (may_pass(alone.error())) return false;
    drop(work_.finishes.front(), alone.error());
    written(1);
  }
  return true;
}

// Sends the first `n`, and settles them if the store answers.
Status Finisher::write_first(std::size_t n) {
  const std::span<const Finish> some(work_.finishes.data(), n);
  const auto outcomes = broker_.finish(some);
  if (outcomes) {
    trouble_.ended();
    settle(some, *outcomes);
    written(n);
    return {};
  }
  if (may_pass(outcomes.error())) {
    counters_.finish_failures.add();
    if (outcomes.error().code() == ErrorCode::kUnknownOutcome) note_unknown();
    wait_after(outcomes.error());
  }
  return outcomes.error();
}

// Puts the finishes of each queue side by side.
void Finisher::note_unknown() {
  ++work_.unknowns;
  std::vector<std::size_t> order(work_.finishes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto place = [&](std::size_t i) { return std::pair(std::string_view(work_.finishes[i].lease.task.queue), i); };
  std::ranges::sort(order, {}, place);
  std::vector<Finish> finishes;
  std::vector<TaskRun*> runs;
  for (const std::size_t i : order) {
    finishes.push_back(std::move(work_.finishes[i]));
    runs.push_back(work_.runs[i]);
  }
  work_.finishes = std::move(finishes);
  work_.runs = std::move(runs);
}

// The first `n` finishes are settled.
void Finisher::written(std::size_t n) {
  const auto count = static_cast<std::ptrdiff_t>(n);
  std::vector<TaskRun*> runs(work_.runs.begin(), work_.runs.begin() + count);
  std::erase(runs, nullptr);
  table_.remove(runs);
  work_.runs.erase(work_.runs.begin(), work_.runs.begin() + count);
  work_.finishes.erase(work_.finishes.begin(), work_.finishes.begin() + count);
  if (work_.finishes.empty()) work_.unknowns = 0;
}

void Finisher::settle(std::span<const Finish> finishes, std::span<const FinishOutcome> outcomes) {
  for (std::size_t i = 0; i < finishes.size(); ++i) {
    if (outcomes[i] == FinishOutcome::kApplied || work_.unknowns > 0) {
      count_applied(counters_, finishes[i]);
      continue;
    }
    counters_.lease_lost.add();
    log_warn("outcome was refused: the task is not this server's any more", task_fields(finishes[i].lease));
  }
}

void Finisher::drop(const Finish& finish, const Error& why) {
  counters_.finishes_dropped.add();
  std::vector<LogField> fields = task_fields(finish.lease);
  fields.push_back({"error", why.message()});
  log_error("outcome was refused by the store: the task will run again when its lease has ended", std::move(fields));
}

void Finisher::wait_after(const Error& error) {
  not_before_ = clock_.steady() + trouble_.failed(error);
  base::Lock lock(mu_);
  failed_while_closing_ = closing_;
}

}  // namespace windlass::runtime
