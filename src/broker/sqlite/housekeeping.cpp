// What time brings: due tasks, lost tasks, old records.
#include <algorithm>

#include "broker/sqlite/operations.hpp"
#include "broker/sqlite/row_codec.hpp"
#include "broker/sqlite/task_row.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {

namespace {

std::string group_of(Session& session, const TaskRow& task) {
  auto row = session.run(Sql::kBodyGroup, task.seq);
  return row.next() ? row.text(0) : std::string();
}

// Up to `max` due tasks of the queue, soonest first.
std::vector<TaskRow> due_tasks(Session& session, const QueueRow& queue, std::size_t max) {
  std::vector<TaskRow> due;
  for (const TaskState state : {TaskState::kScheduled, TaskState::kRetry}) {
    std::vector<TaskRow> found = read_tasks(
        session.run(Sql::kDueSelect, queue.id, static_cast<int>(state), session.now_ns(), static_cast<std::int64_t>(max)));
    std::ranges::move(found, std::back_inserter(due));
  }
  std::ranges::sort(due, {}, [](const TaskRow& task) { return std::pair(task.ord, task.seq); });
  if (due.size() > max) due.resize(max);
  return due;
}

void forward_task(Session& session, QueueRow& queue, TaskRow& task) {
  if ((task.flags & kGrouped) != 0) {
    move_to_group(session, queue, task, group_of(session, task));
  } else {
    move_to_pending(session, queue, task);
  }
}

RecoveredTask recover_task(Session& session, QueueRow& queue, TaskRow& task, const std::string& owner, int crash_limit) {
  RecoveredTask recovered{{queue.name, task.id}, owner, static_cast<int>(++task.crashes), false};
  if (crash_limit > 0 && recovered.crashes >= crash_limit) {
    recovered.archived = true;
    save_failure(session, task, crash_failure(recovered.crashes), session.now());
    ++queue.new_processed;
    ++queue.new_failed;
    move_to_archived(session, queue, task);
  } else {
    move_to_front(session, queue, task);
  }
  return recovered;
}

struct LostTask {
  TaskRow task;
  std::string owner;
};

std::vector<LostTask> lost_tasks(Session& session, const QueueRow& queue, std::size_t max) {
  std::vector<LostTask> lost;
  auto row = session.run(Sql::kLostSelect, queue.id, session.steady_ns(), static_cast<std::int64_t>(max));
  while (row.next()) lost.push_back({read_task(row), row.text(kTaskColumns)});
  return lost;
}

std::size_t remove_all(Session& session, QueueRow& queue, const std::vector<TaskRow>& tasks) {
  for (const TaskRow& task : tasks) remove_task(session, queue, task);
  return tasks.size();
}

std::size_t trim_completed(Session& session, QueueRow& queue, std::size_t max) {
  return remove_all(session, queue, read_tasks(session.run(Sql::kEndedSelect, queue.id, session.now_ns(),
                                                           static_cast<std::int64_t>(max))));
}

// The archive has two limits; both take from its oldest end.
std::size_t trim_archived(Session& session, QueueRow& queue, const CleanRequest& request) {
  const auto max = static_cast<std::int64_t>(request.max);
  const std::int64_t oldest_kept = to_ns(core::saturated_sum(session.now(), -request.archive_age));
  std::vector<TaskRow> tasks = read_tasks(session.run(Sql::kArchivedBefore, queue.id, oldest_kept, max));
  const std::int64_t over = queue.count(TaskState::kArchived) - static_cast<std::int64_t>(request.archive_max);
  if (over > static_cast<std::int64_t>(tasks.size())) {
    tasks = read_tasks(session.run(Sql::kArchivedOldest, queue.id, std::min(max, over)));
  }
  return remove_all(session, queue, tasks);
}

void trim_shared_records(Session& session) {
  session.execute(Sql::kOwnerTrim, session.steady_ns());
  session.execute(Sql::kServerTrim, session.steady_ns());
  session.execute(Sql::kSchedulerTrim, session.steady_ns());
  session.execute(Sql::kEntryTrim);
  session.execute(Sql::kCancelTrim, session.steady_ns());
}

}  // namespace

ForwardResult forward_tasks(Session& session, std::span<const std::string> queues, std::size_t max) {
  ForwardResult result;
  for (const std::string& name : queues) {
    QueueRow* const queue = session.find_queue(name);
    if (queue == nullptr) continue;
    for (TaskRow& task : due_tasks(session, *queue, max - result.moved)) {
      forward_task(session, *queue, task);
      ++result.moved;
    }
  }
  result.next_due = next_due(session, queues);
  return result;
}

std::optional<TimePoint> next_due(Session& session, std::span<const std::string> queues) {
  std::optional<TimePoint> next;
  for (const std::string& name : queues) {
    const QueueRow* const queue = session.find_queue(name);
    if (queue == nullptr) continue;
    for (const TaskState state : {TaskState::kScheduled, TaskState::kRetry}) {
      auto row = session.run(Sql::kFirstInState, queue->id, static_cast<int>(state));
      if (!row.next()) continue;
      const TimePoint due = from_ns(row.integer(0));
      next = std::min(next.value_or(due), due);
    }
  }
  return next;
}

bool has_lost(Session& session, std::span<const std::string> queues) {
  if (session.run(Sql::kDetachedQueues).next()) return true;
  return std::ranges::any_of(queues, [&](const std::string& name) {
    if (session.run(Sql::kHasLost, name, session.steady_ns()).next()) return true;
    const QueueRow* const queue = session.find_queue(name);
    return queue != nullptr && session.run(Sql::kSetsEnded, queue->id, session.now_ns()).next();
  });
}

std::vector<RecoveredTask> recover_tasks(Session& session, const RecoverRequest& request) {
  std::vector<RecoveredTask> recovered;
  for (const std::string& name : request.queues) {
    QueueRow* const queue = session.find_queue(name);
    if (queue == nullptr) continue;
    release_ended_sets(session, *queue);
    std::vector<LostTask> lost = lost_tasks(session, *queue, request.max - recovered.size());
    const auto first = static_cast<std::ptrdiff_t>(recovered.size());
    // Backwards, because each becomes the next to run.
    for (auto it = lost.rbegin(); it != lost.rend(); ++it) {
      recovered.push_back(recover_task(session, *queue, it->task, it->owner, request.crash_limit));
    }
    std::reverse(recovered.begin() + first, recovered.end());
  }
  purge_removed(session, request.max);
  return recovered;
}

CleanResult clean_queues(Session& session, const CleanRequest& request) {
  CleanResult result;
  const std::int64_t first_day = day_of(core::saturated_sum(session.now(), -request.stats_age));
  for (const std::string& name : request.queues) {
    QueueRow* const queue = session.find_queue(name);
    if (queue == nullptr) continue;
    const std::size_t completed = trim_completed(session, *queue, request.max);
    const std::size_t archived = trim_archived(session, *queue, request);
    session.execute(Sql::kStatTrim, queue->id, first_day);
    result.completed += completed;
    result.archived += archived;
    result.more = result.more || completed == request.max || archived == request.max;
  }
  trim_shared_records(session);
  return result;
}

bool purge_removed(Session& session, std::size_t max) {
  std::vector<std::int64_t> removed;
  for (auto row = session.run(Sql::kDetachedQueues); row.next();) removed.push_back(row.integer(0));
  for (const std::int64_t id : removed) {
    QueueRow queue;  // its counters are of no interest any more
    queue.id = id;
    const std::size_t gone =
        remove_all(session, queue, read_tasks(session.run(Sql::kTaskOfQueue, id, static_cast<std::int64_t>(max))));
    if (gone == max) return true;
    session.execute(Sql::kStatDrop, id);
    session.execute(Sql::kSetsDrop, id);
    session.execute(Sql::kQueueDrop, id);
  }
  return false;
}

}  // namespace windlass::broker
