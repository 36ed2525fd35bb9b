#include "broker/sqlite/restore.hpp"

#include <algorithm>

#include "broker/sqlite/operations.hpp"
#include "broker/sqlite/row_codec.hpp"
#include "broker/sqlite/task_row.hpp"

namespace windlass::broker {
namespace {

void put_into_state(Session& session, QueueRow& queue, TaskRow& task, const TaskInfo& info) {
  const auto put = [&](std::int64_t ord, std::int64_t since) { move_as_it_was(session, queue, task, info.state, ord, since); };
  switch (info.state) {
    case TaskState::kPending:
      // Stored as pending it has its place already.
      if (task.state == TaskState::kPending) put(task.ord, task.since);
      else move_to_pending(session, queue, task);
      return;
    case TaskState::kScheduled:
    case TaskState::kRetry: put(to_ns(info.next_process_at), session.now_ns()); return;
    case TaskState::kArchived: put(to_ns(info.archived_at), session.now_ns()); return;
    case TaskState::kCompleted: put(to_ns(info.delete_at), to_ns(info.completed_at)); return;
    case TaskState::kAggregating: move_to_group(session, queue, task, info.group); return;
    case TaskState::kActive: return;
  }
}

EnqueueOutcome restore_task(Session& session, const NewTask& fresh, const TaskInfo& info) {
  EnqueueOutcome outcome = enqueue_task(session, fresh);
  if (outcome.status != EnqueueStatus::kEnqueued) return outcome;
  QueueRow& queue = *session.find_queue(info.queue);
  TaskRow task = *find_task(session, queue, info.id);
  task.crashes = info.crashes;
  if (has_failed(info)) save_failure(session, task, info.failure, info.last_failed_at);
  if (info.result) save_result(session, task, *info.result);
  put_into_state(session, queue, task, info);
  outcome.state = info.state;
  return outcome;
}

}  // namespace

std::vector<EnqueueOutcome> restore_tasks(Session& session, std::span<const NewTask> fresh, std::span<const StoredTask> tasks) {
  std::vector<EnqueueOutcome> outcomes;
  outcomes.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) outcomes.push_back(restore_task(session, fresh[i], tasks[i].info));
  return outcomes;
}

std::vector<Duration> read_unique_left(Session& session, std::span<const TaskInfo> tasks) {
  std::vector<Duration> left;
  left.reserve(tasks.size());
  for (const TaskInfo& info : tasks) {
    left.push_back(Duration::zero());
    const QueueRow* const queue = session.find_queue(info.queue);
    const std::optional<TaskRow> task = queue != nullptr ? find_task(session, *queue, info.id) : std::nullopt;
    if (!task || (task->flags & kHasLock) == 0) continue;
    auto row = session.run(Sql::kLockUntil, task->seq);
    if (row.next()) left.back() = std::max(from_ns(row.integer(0)) - session.now(), Duration::zero());
  }
  return left;
}

}  // namespace windlass::broker
