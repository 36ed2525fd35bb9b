// What the inspector changes.
#include "broker/sqlite/listing.hpp"
#include "broker/sqlite/operations.hpp"
#include "broker/sqlite/row_codec.hpp"
#include "broker/sqlite/task_row.hpp"

namespace windlass::broker {

namespace {

ActionOutcome run_now(Session& session, QueueRow& queue, TaskRow& task) {
  if (task.state == TaskState::kPending) return ActionOutcome::kAlready;
  move_to_pending(session, queue, task);
  return ActionOutcome::kApplied;
}

ActionOutcome archive(Session& session, QueueRow& queue, TaskRow& task) {
  if (task.state == TaskState::kArchived) return ActionOutcome::kAlready;
  if (task.state == TaskState::kCompleted) return ActionOutcome::kWrongState;
  move_to_archived(session, queue, task);
  return ActionOutcome::kApplied;
}

ActionOutcome act_on(Session& session, QueueRow& queue, TaskRow& task, TaskAction action) {
  if (task.state == TaskState::kActive) return ActionOutcome::kActive;
  if (task.state == TaskState::kAggregating && task.holder) return ActionOutcome::kWrongState;
  switch (action) {
    case TaskAction::kRun: return run_now(session, queue, task);
    case TaskAction::kArchive: return archive(session, queue, task);
    case TaskAction::kDelete:
      remove_task(session, queue, task);
      return ActionOutcome::kApplied;
  }
  return ActionOutcome::kWrongState;
}

}  // namespace

std::vector<ActionOutcome> act_on_tasks(Session& session, std::span<const TaskRef> tasks, TaskAction action) {
  std::vector<ActionOutcome> outcomes;
  outcomes.reserve(tasks.size());
  for (const TaskRef& ref : tasks) {
    QueueRow* const queue = session.find_queue(ref.queue);
    std::optional<TaskRow> task = queue != nullptr ? find_task(session, *queue, ref.id) : std::nullopt;
    outcomes.push_back(task ? act_on(session, *queue, *task, action) : ActionOutcome::kNotFound);
  }
  return outcomes;
}

Result<BulkResult> act_in_bulk(Session& session, const BulkRequest& request) {
  if (request.filter.state == TaskState::kActive || request.max == 0) {
    return Error(ErrorCode::kInvalidArgument, "a bulk operation takes any state but active, and at least 1 task a call");
  }
  const std::string purpose = "bulk " + std::to_string(static_cast<int>(request.action));
  const Result<SqlListing> listing = open_sql_listing(request.filter, request.cursor, purpose);
  if (!listing) return listing.error();
  QueueRow* const queue = session.find_queue(request.filter.queue);
  if (queue == nullptr) return no_such_queue(request.filter.queue);
  std::vector<TaskRow> tasks = next_tasks(session, *queue, *listing, request.max + 1);
  BulkResult result;
  if (tasks.size() > request.max) {
    tasks.pop_back();
    result.next = cursor_behind(*listing, tasks.back());
  }
  for (TaskRow& task : tasks) {
    if (act_on(session, *queue, task, request.action) == ActionOutcome::kApplied) ++result.applied;
  }
  return result;
}

Status replace_payload(Session& session, const TaskRef& ref, const Payload& payload) {
  const QueueRow* const queue = session.find_queue(ref.queue);
  if (queue == nullptr) return no_such_queue(ref.queue);
  const std::optional<TaskRow> task = find_task(session, *queue, ref.id);
  if (!task) return no_such_task(ref);
  if (task->state != TaskState::kScheduled) {
    return Error(ErrorCode::kFailedPrecondition, "task '" + ref.id + "' is " + std::string(task_state_name(task->state)) +
                                                     "; only the payload of a scheduled task can be replaced");
  }
  const sqlite::Value value =
      payload.present() ? sqlite::Value(sqlite::Blob{payload.bytes()}) : sqlite::Value(nullptr);
  session.execute(Sql::kBodyPayload, task->seq, value);
  return {};
}

Status set_paused(Session& session, const std::string& name, bool paused) {
  QueueRow* const queue = session.find_queue(name);
  if (queue == nullptr) return no_such_queue(name);
  if (queue->paused == paused) {
    return Error(ErrorCode::kFailedPrecondition, "queue '" + name + "' is " + (paused ? "already" : "not") + " paused");
  }
  queue->paused = paused;
  session.execute(Sql::kQueuePause, queue->id, paused);
  if (!paused) session.ring_pending(*queue);
  return {};
}

Status detach_queue(Session& session, const std::string& name, bool force) {
  QueueRow* const queue = session.find_queue(name);
  if (queue == nullptr) return no_such_queue(name);
  std::int64_t size = 0;
  for (int state = 1; state <= kTaskStateCount; ++state) size += queue->counts[state];
  if (!force && size > 0) {
    return Error(ErrorCode::kQueueNotEmpty, "queue '" + name + "' has " + std::to_string(size) +
                                                " tasks; delete them first, or use force");
  }
  if (const std::int64_t active = queue->count(TaskState::kActive); active > 0) {
    return Error(ErrorCode::kFailedPrecondition,
                 "queue '" + name + "' has " + std::to_string(active) + " active tasks; cancel them first");
  }
  session.execute(Sql::kQueueDetach, queue->id);
  session.execute(Sql::kSampleDrop, name);
  session.forget_queue(name);
  return {};
}

}  // namespace windlass::broker
