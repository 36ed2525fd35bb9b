// What time brings: due tasks, lost tasks, old records.
#include <algorithm>

#include "broker/memory/broker_impl.hpp"
#include "core/time_math.hpp"

namespace windlass::broker::memory {
namespace {

// The next task of the queue to come due, null if none waits.
Task* next_due(Queue& queue) {
  const Shelf& scheduled = queue.shelf(TaskState::kScheduled);
  const Shelf& retry = queue.shelf(TaskState::kRetry);
  if (scheduled.empty() && retry.empty()) return nullptr;
  if (retry.empty()) return scheduled.begin()->second;
  if (scheduled.empty()) return retry.begin()->second;
  return std::min(*scheduled.begin(), *retry.begin()).second;
}

void forward_task(Store& store, Queue& queue, Task& task, TimePoint now) {
  if (task.message.group.empty()) {
    store.to_pending(queue, task, now);
  } else {
    store.to_group(queue, task, now);
  }
}

bool is_lost(const Task& task, Duration steady) {
  const std::optional<Duration>& alive_until = task.owner->alive_until;
  return task.lease_until <= steady || (alive_until && *alive_until <= steady);
}

std::vector<Task*> find_lost(const Queue& queue, std::size_t max, Duration steady) {
  std::vector<Task*> lost;
  for (const auto& [position, task] : queue.shelf(TaskState::kActive)) {
    if (lost.size() == max) break;
    if (is_lost(*task, steady)) lost.push_back(task);
  }
  return lost;
}

RecoveredTask recover_task(Store& store, Queue& queue, Task& task, int crash_limit, TimePoint now) {
  RecoveredTask recovered{{queue.name, task.message.id}, task.owner->id, ++task.crashes, false};
  task.owner.reset();
  if (crash_limit > 0 && task.crashes >= crash_limit) {
    recovered.archived = true;
    note_failure(task, crash_failure(task.crashes), now);
    count_run(queue, now, true);
    store.to_timed(queue, task, TaskState::kArchived, now);
  } else {
    store.requeue(queue, task, now);
  }
  return recovered;
}

// Removes from the oldest on while `goes` says so of the time of the first; returns how many.
template <class Goes>
std::size_t trim(Store& store, Queue& queue, TaskState state, std::size_t max, const Goes& goes) {
  const Shelf& shelf = queue.shelf(state);
  std::size_t removed = 0;
  for (; removed < max && !shelf.empty() && goes(to_time(shelf.begin()->first.score)); ++removed) {
    store.remove(queue, *shelf.begin()->second);
  }
  return removed;
}

}  // namespace

Result<ForwardResult> MemoryBroker::forward(std::span<const std::string> queues, std::size_t max) {
  ForwardResult result;
  Signals signals(*hub_);
  base::Lock lock(mu_);
  const TimePoint now = clock_.now();
  for (const std::string& name : queues) {
    Queue* queue = store_.find_queue(name);
    if (queue == nullptr) continue;
    Task* task = next_due(*queue);
    for (; task != nullptr && to_time(task->score()) <= now && result.moved < max; task = next_due(*queue)) {
      forward_task(store_, *queue, *task, now);
      tell(signals, *queue, task->state);
      ++result.moved;
    }
    if (task == nullptr) continue;
    const TimePoint due = to_time(task->score());
    result.next_due = std::min(result.next_due.value_or(due), due);
  }
  return result;
}

Result<std::vector<RecoveredTask>> MemoryBroker::recover(const RecoverRequest& request) {
  std::vector<RecoveredTask> recovered;
  Signals signals(*hub_);
  base::Lock lock(mu_);
  const TimePoint now = clock_.now();
  const Duration steady = clock_.steady();
  for (const std::string& name : request.queues) {
    Queue* queue = store_.find_queue(name);
    if (queue == nullptr) continue;
    store_.put_back_ended(*queue, now);
    const std::vector<Task*> lost = find_lost(*queue, request.max - recovered.size(), steady);
    const auto first = static_cast<std::ptrdiff_t>(recovered.size());
    // Backwards, because each becomes the next to run.
    for (auto task = lost.rbegin(); task != lost.rend(); ++task) {
      recovered.push_back(recover_task(store_, *queue, **task, request.crash_limit, now));
      if (!recovered.back().archived) signals.pending(queue->name);
    }
    std::reverse(recovered.begin() + first, recovered.end());
  }
  store_.forget_dead_owners(steady);
  return recovered;
}

Result<CleanResult> MemoryBroker::clean(const CleanRequest& request) {
  CleanResult result;
  base::Lock lock(mu_);
  const TimePoint now = clock_.now();
  for (const std::string& name : request.queues) {
    Queue* queue = store_.find_queue(name);
    if (queue == nullptr) continue;
    const std::size_t completed =
        trim(store_, *queue, TaskState::kCompleted, request.max, [&](TimePoint delete_at) { return delete_at <= now; });
    const Shelf& archive = queue->shelf(TaskState::kArchived);
    const std::size_t archived = trim(store_, *queue, TaskState::kArchived, request.max, [&](TimePoint archived_at) {
      return archive.size() > request.archive_max || core::saturated_sum(archived_at, request.archive_age) <= now;
    });
    result.completed += completed;
    result.archived += archived;
    result.more = result.more || completed == request.max || archived == request.max;
    // A day has ended when the next one begins.
    const std::int64_t first_kept = day_of(core::saturated_sum(now, -request.stats_age));
    std::erase_if(queue->days, [&](const auto& day) { return day.first < first_kept; });
  }
  return result;
}

}  // namespace windlass::broker::memory
