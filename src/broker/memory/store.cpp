#include "broker/memory/store.hpp"

#include <algorithm>
#include <cassert>

#include "core/time_math.hpp"

namespace windlass::broker::memory {
namespace {

constexpr std::size_t kEventsKept = 1000;

void add_event(TickLog& log, SchedulerEvent event) {
  if (log.events.size() == kEventsKept) log.events.erase(log.events.begin());
  log.events.push_back(std::move(event));
}

// The task stored for a tick, in the entry's history.
void note_tick(TickLog& log, const NewTask& task, TimePoint now) {
  add_event(log, {task.message.id, now, task.tick->nominal});
  log.task = {task.message.queue, task.message.id};
}

}  // namespace

std::int64_t day_of(TimePoint t) { return std::chrono::floor<std::chrono::days>(t).time_since_epoch().count(); }

// ------------------------------------------------------------------------------------------------------------ adding

EnqueueOutcome Store::add(const NewTask& task, TimePoint now) {
  const core::TaskMessage& message = task.message;
  if (task.tick && tick_taken(*task.tick, now)) return {EnqueueStatus::kTickTaken, {}, {}};
  if (task.tick && task.tick->skip_if_running && tick_runs(task.tick->entry)) {
    take_tick(*task.tick, now);
    return {EnqueueStatus::kTickSkipped, {}, {}};
  }
  if (const UniqueLock* lock = held_lock(task, now)) return {EnqueueStatus::kDuplicate, {}, lock->holder->message.id};
  Queue* queue = find_queue(message.queue);
  if (queue != nullptr && find(*queue, message.id) != nullptr) return {EnqueueStatus::kIdConflict, {}, {}};

  if (queue == nullptr) queue = &add_queue(message.queue);
  auto owned = std::make_unique<Task>();
  Task& stored = *owned;
  stored.message = message;
  stored.row = ++rows_;
  queue->tasks.emplace(stored.message.id, std::move(owned));
  stored.place = queue->shelf(stored.state).emplace(Position{0, stored.row}, &stored).first;
  if (task.process_at > now) {
    to_timed(*queue, stored, TaskState::kScheduled, task.process_at);
  } else if (!message.group.empty()) {
    to_group(*queue, stored, now);
  } else {
    to_pending(*queue, stored, now);
  }
  if (task.unique_ttl > Duration::zero())
    locks_[message.unique_key] = {&stored, core::saturated_sum(now, task.unique_ttl)};
  if (task.tick) note_tick(take_tick(*task.tick, now), task, now);
  return {EnqueueStatus::kEnqueued, stored.state, {}};
}

const UniqueLock* Store::held_lock(const NewTask& task, TimePoint now) const {
  if (task.unique_ttl <= Duration::zero()) return nullptr;
  const auto it = locks_.find(task.message.unique_key);
  return it != locks_.end() && now < it->second.until ? &it->second : nullptr;
}

bool Store::tick_taken(const Tick& tick, TimePoint now) const {
  const TickLog* log = find_ticks(tick.entry);
  if (log == nullptr) return false;
  return std::ranges::any_of(log->runs, [&](const TickRun& run) {
    return run.after < tick.nominal && tick.nominal <= run.last && now < run.until;
  });
}

TickLog& Store::take_tick(const Tick& tick, TimePoint now) {
  TickLog& log = ticks_[tick.entry];
  const TimePoint until = core::saturated_sum(now, tick.keep);
  log.last = std::max(log.last, tick.nominal);
  std::erase_if(log.runs, [&](const TickRun& run) { return run.until <= now; });
  TickRun run{tick.after(), tick.nominal, until};
  if (const auto before = std::ranges::find(log.runs, run.after, &TickRun::last); before != log.runs.end()) {
    run.after = before->after;
    run.until = std::max(before->until, until);
    log.runs.erase(before);
  }
  log.runs.insert(std::ranges::upper_bound(log.runs, run.last, {}, &TickRun::last), run);
  if (log.runs.size() > kTickRuns) {
    log.runs[1].after = std::min(log.runs[0].after, log.runs[1].after);
    log.runs[1].until = std::max(log.runs[0].until, log.runs[1].until);
    log.runs.erase(log.runs.begin());
  }
  return log;
}

bool Store::tick_runs(const std::string& entry) {
  const TickLog* log = find_ticks(entry);
  Queue* queue = log != nullptr ? find_queue(log->task.queue) : nullptr;
  const Task* task = queue != nullptr ? find(*queue, log->task.id) : nullptr;
  return task != nullptr && task->state != TaskState::kArchived && task->state != TaskState::kCompleted;
}

const TickLog* Store::find_ticks(const std::string& entry) const {
  const auto it = ticks_.find(entry);
  return it == ticks_.end() ? nullptr : &it->second;
}

std::vector<TickRecord> Store::ticks() const {
  std::vector<TickRecord> records;
  for (const auto& [entry, log] : ticks_) records.push_back({entry, log.last, log.runs, log.task, log.events});
  std::ranges::sort(records, {}, &TickRecord::entry);
  return records;
}

void Store::restore(const TickRecord& record) {
  TickLog& log = ticks_[record.entry];
  if (log.last < record.last) {
    log.last = record.last;
    log.runs = record.runs;
    log.task = record.task;
  }
  for (const SchedulerEvent& event : record.events) {
    const bool known = std::ranges::any_of(log.events, [&](const SchedulerEvent& other) { return is_same_event(event, other); });
    if (!known) add_event(log, event);
  }
}

// ----------------------------------------------------------------------------------------------------------- finding

Queue* Store::find_queue(std::string_view name) {
  const auto it = queues_.find(name);
  return it == queues_.end() ? nullptr : it->second.get();
}

Queue& Store::add_queue(const std::string& name) {
  std::unique_ptr<Queue>& queue = queues_[name];
  if (queue == nullptr) queue = std::make_unique<Queue>(name);
  return *queue;
}

Task* Store::find(Queue& queue, std::string_view id) {
  const auto it = queue.tasks.find(id);
  return it == queue.tasks.end() ? nullptr : it->second.get();
}

std::pair<Queue*, Task*> Store::find_leased(const LeaseRef& lease) {
  Queue* queue = find_queue(lease.task.queue);
  Task* task = queue != nullptr ? find(*queue, lease.task.id) : nullptr;
  if (task == nullptr || task->state != TaskState::kActive || token_of(*task) != lease.token) return {};
  return {queue, task};
}

// ------------------------------------------------------------------------------------------------------------- moves

void Store::move(Queue& queue, Task& task, TaskState state, std::int64_t score) {
  if (task.state == TaskState::kAggregating) leave_group(queue, task);
  auto node = queue.shelf(task.state).extract(task.place);
  node.key() = {score, task.row};
  Shelf& shelf = queue.shelf(state);
  task.place = shelf.insert(shelf.end(), std::move(node));
  task.state = state;
}

void Store::to_pending(Queue& queue, Task& task, TimePoint now) {
  move(queue, task, TaskState::kPending, ++queue.back);
  task.message.completed_at = kNoTime;
  task.pending_since = now;
}

void Store::requeue(Queue& queue, Task& task, TimePoint now) {
  move(queue, task, TaskState::kPending, --queue.front);
  task.pending_since = now;
}

void Store::to_active(Queue& queue, Task& task) { move(queue, task, TaskState::kActive, ++attempts_); }

void Store::to_group(Queue& queue, Task& task, TimePoint now) {
  move(queue, task, TaskState::kAggregating, to_score(now));
  queue.groups[task.message.group].insert(*task.place);
}

void Store::to_timed(Queue& queue, Task& task, TaskState state, TimePoint time) {
  move(queue, task, state, to_score(time));
}

void Store::leave_group(Queue& queue, Task& task) {
  if (task.held) return;
  const auto group = queue.groups.find(task.message.group);
  assert(group != queue.groups.end());
  group->second.erase(task.place->first);
  if (group->second.empty()) queue.groups.erase(group);
}

void Store::remove(Queue& queue, Task& task) {
  if (task.state == TaskState::kAggregating) leave_group(queue, task);
  release_lock(task);
  queue.shelf(task.state).erase(task.place);
  // By iterator: the key is text inside the task that goes.
  queue.tasks.erase(queue.tasks.find(task.message.id));
}

void Store::remove_queue(Queue& queue) {
  assert(queue.shelf(TaskState::kActive).empty());
  for (const auto& [id, task] : queue.tasks) release_lock(*task);
  queues_.erase(queues_.find(queue.name));
}

Duration Store::lock_left(const Task& task, TimePoint now) const {
  const auto it = locks_.find(task.message.unique_key);
  if (it == locks_.end() || it->second.holder != &task) return Duration::zero();
  return std::max(it->second.until - now, Duration::zero());
}

void Store::release_lock(const Task& task) {
  if (task.message.unique_key.empty()) return;
  const auto it = locks_.find(task.message.unique_key);
  if (it != locks_.end() && it->second.holder == &task) locks_.erase(it);
}

// ------------------------------------------------------------------------------------------------------------ groups

void Store::put_back(Queue& queue, const HeldSet& set) {
  Shelf& group = queue.groups[set.group];
  for (Task* task : set.tasks) {
    task->held = false;
    group.insert(*task->place);
  }
}

void Store::put_back_ended(Queue& queue, TimePoint now) {
  std::erase_if(queue.sets, [&](auto& entry) {
    const bool ended = entry.second.deadline <= now;
    if (ended) put_back(queue, entry.second);
    return ended;
  });
}

// ------------------------------------------------------------------------------------------------------------ owners

std::shared_ptr<Owner> Store::owner(const std::string& id) {
  std::shared_ptr<Owner>& slot = owners_[id];
  if (!slot) slot = std::make_shared<Owner>(Owner{id, {}});
  return slot;
}

void Store::forget_dead_owners(Duration steady) {
  std::erase_if(owners_, [&](const auto& entry) {
    const Owner& owner = *entry.second;
    return entry.second.use_count() == 1 && (!owner.alive_until || *owner.alive_until <= steady);
  });
}

}  // namespace windlass::broker::memory
