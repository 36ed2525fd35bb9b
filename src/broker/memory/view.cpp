#include "broker/memory/view.hpp"

#include <algorithm>

#include "core/message_info.hpp"

namespace windlass::broker::memory {
namespace {

void show_state(const Task& task, const Clocks& clocks, TaskInfo& info) {
  switch (task.state) {
    case TaskState::kPending: info.next_process_at = clocks.now; break;
    case TaskState::kActive:
      info.started_at = task.started_at;
      info.owner = task.owner->id;
      info.orphaned = task.lease_until <= clocks.steady;
      break;
    case TaskState::kScheduled:
    case TaskState::kRetry: info.next_process_at = to_time(task.score()); break;
    case TaskState::kArchived: info.archived_at = to_time(task.score()); break;
    case TaskState::kCompleted:
      info.completed_at = task.message.completed_at;
      info.delete_at = to_time(task.score());
      break;
    case TaskState::kAggregating: break;
  }
}

std::size_t size_of(const Task& task) {
  const core::TaskMessage& m = task.message;
  return sizeof(Task) + m.id.size() + m.queue.size() + m.type.size() + m.payload.size() + m.unique_key.size() +
         m.group.size() + task.failure.message.size() + task.failure.detail.size() +
         (task.result ? task.result->size() : 0);
}

// From the first tasks of each state, so that the cost does not grow with the queue.
std::uint64_t estimate_memory(const Queue& queue) {
  constexpr std::size_t kSample = 20;
  std::uint64_t total = 0;
  for (const Shelf& shelf : queue.shelves) {
    std::size_t bytes = 0, seen = 0;
    for (auto it = shelf.begin(); it != shelf.end() && seen < kSample; ++it, ++seen) bytes += size_of(*it->second);
    if (seen > 0) total += bytes * shelf.size() / seen;
  }
  return total;
}

}  // namespace

TaskInfo show_task(const Task& task, const Clocks& clocks, std::size_t payload_max) {
  TaskInfo info = core::to_info(task.message, payload_max);
  show_state(task, clocks, info);
  info.state = task.state;
  info.crashes = task.crashes;
  info.failure = task.failure;
  info.progress = task.progress;
  if (task.result) info.result = task.result->substr(0, payload_max);
  return info;
}

QueueInfo show_queue(const Queue& queue, TimePoint now) {
  QueueInfo info;
  info.queue = queue.name;
  info.paused = queue.paused;
  info.size = queue.tasks.size();
  info.pending = queue.shelf(TaskState::kPending).size();
  info.active = queue.shelf(TaskState::kActive).size();
  info.scheduled = queue.shelf(TaskState::kScheduled).size();
  info.retry = queue.shelf(TaskState::kRetry).size();
  info.archived = queue.shelf(TaskState::kArchived).size();
  info.completed = queue.shelf(TaskState::kCompleted).size();
  info.aggregating = queue.shelf(TaskState::kAggregating).size();
  info.groups = queue.groups.size();
  if (info.pending > 0) {
    info.latency = std::max(Duration::zero(), now - queue.shelf(TaskState::kPending).begin()->second->pending_since);
  }
  if (const auto today = queue.days.find(day_of(now)); today != queue.days.end()) {
    info.processed = today->second.processed;
    info.failed = today->second.failed;
    info.expired = today->second.expired;
  }
  info.processed_total = queue.total.processed;
  info.failed_total = queue.total.failed;
  info.expired_total = queue.total.expired;
  info.memory_bytes = estimate_memory(queue);
  info.timestamp = now;
  return info;
}

}  // namespace windlass::broker::memory
