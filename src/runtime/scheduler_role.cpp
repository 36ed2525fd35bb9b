#include "runtime/scheduler_role.hpp"

#include <algorithm>
#include <utility>

#include <windlass/log.hpp>

#include "core/due_ticks.hpp"
#include "core/text.hpp"
#include "mux/guarded_run.hpp"
#include "runtime/enqueue_answer.hpp"
#include "runtime/hooks.hpp"
#include "runtime/tick_span.hpp"

namespace windlass::runtime {
namespace {

// A stepped wall clock is noticed after this long.
constexpr Duration kLongestSleep = std::chrono::seconds(1);
constexpr std::size_t kBatchMax = 1000;
// A clock that is set back by less just stands still for a moment.
constexpr Duration kStepBack = std::chrono::seconds(5);

// Whether the same call may succeed later, so that there is no point in trying its tasks one by one.
bool may_pass(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kUnknownOutcome || code == ErrorCode::kResourceExhausted;
}

Duration entry_delay(int failures) {
  return std::min<Duration>(std::chrono::milliseconds(500) * (1 << std::min(failures, 7)), std::chrono::minutes(1));
}

template <class F, class... Args>
void call_hook(std::string_view name, const F& hook, const Args&... args) {
  if (!hook) return;
  try {
    hook(args...);
  } catch (...) { log_error("the hook " + std::string(name) + " threw", {{"error", internal::describe_current_exception()}}); }
}

}  // namespace

SchedulerRole::SchedulerRole(broker::Broker& broker, base::Clock& clock, SchedulerConfig config, Trouble trouble)
    : broker_(broker), clock_(clock), config_(std::move(config)), metrics_(config_.metrics), trouble_(std::move(trouble)) {}

// ----------------------------------------------------------------------------------------------------------- entries

Status SchedulerRole::add(EntryPlan plan) {
  base::Lock lock(mu_);
  const auto [place, is_new] = entries_.try_emplace(plan.id);
  if (!is_new) {
    return Error(ErrorCode::kFailedPrecondition,
                 "there is an entry '" + plan.id +
                     "' already; entries that are alike in spec, zone, type, queue and payload need names");
  }
  place->second = std::make_shared<Entry>(std::move(plan));
  place->second->order = ++added_;
  enter(place->second, kNoTime);
  return {};
}

void SchedulerRole::replace(EntryPlan plan) {
  const TimePoint now = clock_.now();
  base::Lock lock(mu_);
  EntryPtr& place = entries_[plan.id];
  auto entry = std::make_shared<Entry>(std::move(plan));
  entry->done = now;
  entry->known = true;
  entry->order = ++added_;
  if (place) {
    place->live = false;
    queue_.erase({place->wake, place->order});
    entry->prev = place->prev;
    entry->known = place->known;
    const auto due = place->plan.spec.next(place->done);
    if (!place->known) entry->done = place->done;
    else if (due && *due <= now) entry->done = *due - std::chrono::seconds(1);
  }
  place = std::move(entry);
  enter(place, now);
}

bool SchedulerRole::remove(const std::string& id) {
  base::Lock lock(mu_);
  const auto place = entries_.find(id);
  if (place == entries_.end()) return false;
  place->second->live = false;
  queue_.erase({place->second->wake, place->second->order});
  entries_.erase(place);
  return true;
}

std::vector<SchedulerEntry> SchedulerRole::entries() const {
  std::vector<SchedulerEntry> shown;
  base::Lock lock(mu_);
  shown.reserve(entries_.size());
  const TimePoint now = clock_.now();
  for (const auto& [id, entry] : entries_) {
    shown.push_back(entry->shown);
    shown.back().prev_at = entry->prev;
    shown.back().next_at = entry->plan.spec.next(now).value_or(kNoTime);
  }
  return shown;
}

void SchedulerRole::enter(const EntryPtr& entry, TimePoint wake) {
  queue_.erase({entry->wake, entry->order});
  entry->wake = wake;
  if (wake != TimePoint::max()) queue_.insert({{wake, entry->order}, entry});
}

// -------------------------------------------------------------------------------------------------------------- step

TimePoint SchedulerRole::step(TimePoint now) {
  const auto due = find_due(now);
  if (!due.empty() && clock_.steady() >= store_wait_) serve(due, now);
  prepare_next(now);
  return next_step(now);
}

// Makes the tasks of the ticks that may come before the next step, so that these find them ready.
void SchedulerRole::prepare_next(TimePoint now) {
  std::vector<std::pair<TimePoint, EntryPtr>> next;
  {
    base::Lock lock(mu_);
    const TimePoint until = now + kLongestSleep;
    for (auto place = queue_.upper_bound({now, UINT64_MAX}); place != queue_.end() && place->first.first <= until; ++place) {
      if (place->second->plan.task) next.emplace_back(place->first.first, place->second);
    }
  }
  for (const auto& [nominal, entry] : next) {
    if (entry->ready && entry->ready->tick->nominal == nominal) continue;
    // As of the tick: what is wrong with it shows then.
    auto planned = plan(*entry, *entry->plan.task, nominal, nominal);
    if (planned) entry->ready = *std::move(planned);
  }
}

std::vector<SchedulerRole::EntryPtr> SchedulerRole::find_due(TimePoint now) {
  std::vector<EntryPtr> due;
  base::Lock lock(mu_);
  if (now < last_step_ - kStepBack) {
    turn_back(now);
    last_step_ = now;
  }
  last_step_ = std::max(last_step_, now);
  for (auto place = queue_.begin(); place != queue_.end() && place->first.first <= now; ++place) {
    due.push_back(place->second);
    if (due.back()->done == kNoTime) due.back()->done = now;
  }
  return due;
}

// The wall clock was stepped back. The ticks since come again: those that were taken, the store will refuse.
void SchedulerRole::turn_back(TimePoint now) {
  for (const auto& [id, entry] : entries_) {
    if (entry->done == kNoTime) continue;
    entry->done = std::min(entry->done, now);
    std::erase_if(entry->attempts, [&](const auto& attempt) { return attempt.first > now; });
    enter(entry, now);
  }
}

TimePoint SchedulerRole::next_step(TimePoint now) {
  base::Lock lock(mu_);
  TimePoint next = now + kLongestSleep;
  if (!queue_.empty()) next = std::min(next, queue_.begin()->first.first);
  const Duration wait = store_wait_ - clock_.steady();
  return wait > Duration::zero() ? std::max(next, now + std::min(wait, kLongestSleep)) : next;
}

void SchedulerRole::serve(const std::vector<EntryPtr>& due, TimePoint now) {
  if (Status asked = ask_last_ticks(due, now); !asked) {
    for (const EntryPtr& entry : due) ask_failed(*entry, now, asked.error());
    return store_failed(asked.error());
  }
  std::vector<Item> items;
  for (const EntryPtr& entry : due) prepare(*entry, now, items);
  send(items, now);
  for (const EntryPtr& entry : due) settle(entry, now);
}

// Where an entry is new, or has missed ticks: others may have served them.
Status SchedulerRole::ask_last_ticks(const std::vector<EntryPtr>& due, TimePoint now) {
  std::vector<Entry*> asked;
  std::vector<std::string> ids;
  for (const EntryPtr& entry : due) {
    if (entry->known && !core::has_missed_tick(entry->plan.spec, entry->done, now)) continue;
    asked.push_back(entry.get());
    ids.push_back(entry->plan.id);
  }
  if (asked.empty()) return {};
  const auto last = broker_.last_ticks(ids);
  if (!last) return last.error();
  base::Lock lock(mu_);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    Entry& entry = *asked[i];
    const TimePoint tick = (*last)[i].value_or(kNoTime);
    // A tick in the future was taken while somebody's clock was wrong. It says nothing about those before it.
    if (tick != kNoTime && tick <= now) {
      entry.done = entry.known ? std::max(entry.done, tick) : std::min(entry.done, tick);
      entry.prev = std::max(entry.prev, tick);
    }
    entry.known = true;
  }
  return {};
}

// The ticks that would have been enqueued now.
void SchedulerRole::ask_failed(Entry& entry, TimePoint now, const Error& error) {
  const auto due = ticks_of(entry, now);
  give_up(entry, due.ticks);
  for (const TimePoint nominal : due.ticks) {
    Attempt& attempt = entry.attempts[nominal];
    if (attempt.settled) continue;
    attempt.error = error;
    tell_failed(entry, nominal, error);
  }
}

core::DueTicks SchedulerRole::ticks_of(const Entry& entry, TimePoint now) {
  const EntryOptions& options = entry.plan.options;
  return core::due_ticks(entry.plan.spec, entry.done, now, options.missed(), options.missed_limit());
}

void SchedulerRole::prepare(Entry& entry, TimePoint now, std::vector<Item>& items) {
  const auto due = ticks_of(entry, now);
  entry.dropped = due.dropped;
  give_up(entry, due.ticks);
  for (const TimePoint nominal : due.ticks) {
    Attempt& attempt = entry.attempts[nominal];
    if (!attempt.settled && !attempt.task) make_task(entry, nominal, now, attempt);
    if (attempt.task) items.push_back({&entry, nominal, &attempt});
  }
}

// Ticks that were tried and whose time is over.
void SchedulerRole::give_up(Entry& entry, const std::vector<TimePoint>& due) {
  std::erase_if(entry.attempts, [&](const auto& attempt) {
    const auto& [nominal, state] = attempt;
    if (std::ranges::binary_search(due, nominal)) return false;
    if (!state.settled) {
      tell_settled(entry, nominal, state.error.value_or(Error(ErrorCode::kUnavailable, "the store was away")));
    }
    return true;
  });
}

void SchedulerRole::make_task(Entry& entry, TimePoint nominal, TimePoint now, Attempt& attempt) {
  const Tick tick(entry.plan.id, nominal);
  try {
    std::optional<Task> made;
    const Task& task = entry.plan.task ? *entry.plan.task : made.emplace(entry.plan.factory(tick));
    auto planned = plan(entry, task, nominal, now);
    if (!planned) return entry_failed(entry, nominal, attempt, planned.error());
    attempt.task = *std::move(planned);
    call_hook("pre_enqueue", config_.pre_enqueue, tick, task);
  } catch (...) {
    entry_failed(entry, nominal, attempt,
                 Error(ErrorCode::kFailedPrecondition, "the factory threw " + internal::describe_current_exception()));
  }
}

Result<broker::NewTask> SchedulerRole::plan(Entry& entry, const Task& task, TimePoint nominal, TimePoint now) const {
  if (entry.ready && entry.ready->tick->nominal == nominal && now - nominal < kLongestSleep) {
    return *std::exchange(entry.ready, std::nullopt);
  }
  const auto later = entry.attempts.lower_bound(nominal);
  const TimePoint before = later == entry.attempts.begin() ? entry.prev : std::prev(later)->first;
  const bool follows = before != kNoTime && entry.plan.spec.next(before) == nominal;
  auto planned = plan_tick(entry.plan, task, {nominal, follows ? before : kNoTime}, now, broker_.payload_max());
  if (planned) begin_tick_trace(planned->message);
  return planned;
}

// -------------------------------------------------------------------------------------------------------------- send

void SchedulerRole::send(std::span<Item> items, TimePoint now) {
  while (!items.empty()) {
    const std::size_t n = std::min(items.size(), kBatchMax);
    if (!send_batch(items.first(n), now)) return;
    items = items.subspan(n);
  }
}

// False if the store is in trouble.
bool SchedulerRole::send_batch(std::span<Item> items, TimePoint now) {
  std::vector<broker::NewTask> tasks;
  tasks.reserve(items.size());
  for (const Item& item : items) {
    item.attempt->task->message.enqueued_at = now;
    tasks.push_back(*std::move(item.attempt->task));
  }
  const auto outcomes = broker_.enqueue(tasks);
  for (std::size_t i = 0; i < items.size(); ++i) items[i].attempt->task = std::move(tasks[i]);

  if (!outcomes && may_pass(outcomes.error().code())) {
    for (const Item& item : items) item.attempt->error = outcomes.error();
    for (const Item& item : items) tell_failed(*item.entry, item.nominal, outcomes.error());
    store_failed(outcomes.error());
    return false;
  }
  if (!outcomes) {
    refused(items, outcomes.error(), now);
    return true;
  }
  trouble_.ended();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& [entry, nominal, attempt] = items[i];
    attempt->settled = true;
    tell_settled(*entry, nominal, enqueue_answer(*std::exchange(attempt->task, std::nullopt), (*outcomes)[i], now));
  }
  return true;
}

// The store will never take this batch: whose fault is it?
void SchedulerRole::refused(std::span<Item> items, const Error& error, TimePoint now) {
  if (items.size() == 1) return entry_failed(*items[0].entry, items[0].nominal, *items[0].attempt, error);
  const std::size_t half = items.size() / 2;
  if (send_batch(items.first(half), now)) send_batch(items.subspan(half), now);
}

void SchedulerRole::store_failed(const Error& error) { store_wait_ = clock_.steady() + trouble_.failed(error); }

void SchedulerRole::settle(const EntryPtr& entry, TimePoint now) {
  const bool all = std::ranges::all_of(entry->attempts, [](const auto& attempt) { return attempt.second.settled; });
  const TimePoint next = entry->plan.spec.next(now).value_or(TimePoint::max());
  TimePoint wake = next;
  if (!all) wake = std::min(next, entry->failures > 0 ? now + entry_delay(entry->failures) : now);
  if (all && entry->dropped) {
    log_warn("ticks were missed and are not made up for",
             {{"entry", entry->plan.id}, {"until", core::format_time(now)}});
  }
  base::Lock lock(mu_);
  if (all) {
    // Also where it is earlier than the last one, as the clock was set back: the next tick follows it.
    if (!entry->attempts.empty()) entry->prev = entry->attempts.rbegin()->first;
    entry->attempts.clear();
    entry->done = std::max(entry->done, now);
    entry->failures = 0;
    entry->dropped = false;
  }
  if (entry->live) enter(entry, wake);
}

// ------------------------------------------------------------------------------------------------------------- hooks

void SchedulerRole::entry_failed(Entry& entry, TimePoint nominal, Attempt& attempt, const Error& error) {
  ++entry.failures;
  attempt.error = error;
  log_warn("a tick could not be enqueued, will try again",
           {{"entry", entry.plan.id}, {"tick", core::format_time(nominal)}, {"error", error.message()}});
  tell_failed(entry, nominal, error);
}

void SchedulerRole::tell_failed(const Entry& entry, TimePoint nominal, const Error& error) {
  metrics_.attempt_failed();
  call_hook("on_error", config_.on_error, Tick(entry.plan.id, nominal), error);
}

void SchedulerRole::tell_settled(const Entry& entry, TimePoint nominal, const Result<TaskInfo>& stored) {
  metrics_.settled(stored, clock_.now() - nominal);
  if (stored) write_tick_span(entry.plan.id, *stored, clock_.now());
  if (!stored && stored.error().code() != ErrorCode::kTickTaken) {
    log_info("a tick was not enqueued",
             {{"entry", entry.plan.id}, {"tick", core::format_time(nominal)}, {"error", stored.error().message()}});
  }
  call_hook("post_enqueue", config_.post_enqueue, Tick(entry.plan.id, nominal), stored);
}

}  // namespace windlass::runtime
