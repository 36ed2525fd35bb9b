// Transfer: taking tasks, counters and ticks over as they are.
#include <algorithm>

#include "broker/memory/broker_impl.hpp"
#include "core/message_info.hpp"

namespace windlass::broker::memory {
namespace {

NewTask as_new(const StoredTask& task) {
  NewTask fresh;
  fresh.message = core::to_message(task.info);
  fresh.unique_ttl = task.unique_left;
  return fresh;
}

void put_into_state(Store& store, Queue& queue, Task& task, const TaskInfo& info, TimePoint now) {
  switch (info.state) {
    case TaskState::kPending:
      if (task.state != TaskState::kPending) store.to_pending(queue, task, now);
      return;
    case TaskState::kScheduled:
    case TaskState::kRetry: store.to_timed(queue, task, info.state, info.next_process_at); return;
    case TaskState::kArchived: store.to_timed(queue, task, info.state, info.archived_at); return;
    case TaskState::kCompleted:
      store.to_timed(queue, task, info.state, info.delete_at);
      task.message.completed_at = info.completed_at;
      return;
    case TaskState::kAggregating:
    case TaskState::kActive: return;
  }
}

template <class From>
void raise(Counts& counts, const From& to) {
  counts.processed = std::max(counts.processed, to.processed);
  counts.failed = std::max(counts.failed, to.failed);
  counts.expired = std::max(counts.expired, to.expired);
}

}  // namespace

Result<std::vector<EnqueueOutcome>> MemoryBroker::restore(std::span<const StoredTask> tasks) {
  for (const StoredTask& task : tasks) {
    if (Status fit = check_stored_task(as_new(task), task.info.state, payload_max_); !fit) return fit.error();
  }
  std::vector<EnqueueOutcome> outcomes;
  outcomes.reserve(tasks.size());
  Signals signals(*hub_);
  base::Lock lock(mu_);
  const TimePoint now = clock_.now();
  for (const StoredTask& stored : tasks) {
    outcomes.push_back(store_.add(as_new(stored), now));
    if (outcomes.back().status != EnqueueStatus::kEnqueued) continue;
    Queue& queue = *store_.find_queue(stored.info.queue);
    Task& task = *store_.find(queue, stored.info.id);
    task.crashes = stored.info.crashes;
    task.failure = stored.info.failure;
    task.result = stored.info.result;
    put_into_state(store_, queue, task, stored.info, now);
    outcomes.back().state = task.state;
    memory::tell(signals, queue, task.state);
  }
  return outcomes;
}

Result<std::vector<Duration>> MemoryBroker::unique_left(std::span<const TaskInfo> tasks) {
  std::vector<Duration> left;
  left.reserve(tasks.size());
  base::Lock lock(mu_);
  const TimePoint now = clock_.now();
  for (const TaskInfo& info : tasks) {
    Queue* const queue = store_.find_queue(info.queue);
    const Task* const task = queue != nullptr ? store_.find(*queue, info.id) : nullptr;
    left.push_back(task != nullptr ? store_.lock_left(*task, now) : Duration::zero());
  }
  return left;
}

Status MemoryBroker::restore_counts(const QueueCounts& counts) {
  base::Lock lock(mu_);
  Queue& queue = store_.add_queue(counts.queue);
  raise(queue.total, counts);
  for (const DayCounts& day : counts.days) raise(queue.days[day_of(day.day)], day);
  return {};
}

Result<std::vector<TickRecord>> MemoryBroker::ticks() {
  base::Lock lock(mu_);
  return store_.ticks();
}

Status MemoryBroker::restore_ticks(std::span<const TickRecord> records) {
  base::Lock lock(mu_);
  for (const TickRecord& record : records) store_.restore(record);
  return {};
}

}  // namespace windlass::broker::memory
