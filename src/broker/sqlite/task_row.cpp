#include "broker/sqlite/task_row.hpp"

#include <algorithm>

#include "broker/sqlite/row_codec.hpp"
#include "core/text.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {

namespace {

std::optional<std::int64_t> optional_integer(const sqlite::Cursor& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.integer(column);
}

// Takes the task out of what it belonged to in its old state.
void leave(Session& session, QueueRow& queue, const TaskRow& task) {
  --queue.count(task.state);
  queue.changed = true;
  if (task.state != TaskState::kAggregating || !task.group) return;
  const bool held = task.holder.has_value();
  session.execute(Sql::kGroupChange, *task.group, held ? 0 : -1, held ? -1 : 0);
}

void enter(Session& session, QueueRow& queue, TaskRow& task, TaskState state, std::int64_t ord, std::int64_t since) {
  const std::int64_t old_group = task.state == TaskState::kAggregating ? task.group.value_or(0) : 0;
  leave(session, queue, task);
  task.ends.reset();
  if (state != TaskState::kAggregating) task.group.reset();
  task.state = state;
  task.ord = ord;
  task.since = since;
  task.fence.reset();
  task.holder.reset();
  ++queue.count(state);
  session.execute(Sql::kTaskMove, task.seq, static_cast<int>(state), ord, task.since, task.flags, task.retried, task.crashes,
                  task.group);
  if (old_group != 0) refresh_group(session, old_group);
}

void enter(Session& session, QueueRow& queue, TaskRow& task, TaskState state, std::int64_t ord) {
  enter(session, queue, task, state, ord, session.now_ns());
}

// A task is about to join the group: registers the group and counts it. Returns windlass_group.id.
std::int64_t join_group(Session& session, const QueueRow& queue, const std::string& group) {
  std::optional<std::int64_t> id;
  {
    auto row = session.run(Sql::kGroupFind, queue.id, group);
    if (row.next()) id = row.integer(0);
  }
  if (!id) {
    session.execute(Sql::kGroupAdd, queue.id, group);
    id = session.last_row();
  }
  session.execute(Sql::kGroupChange, *id, 1, 0);
  return *id;
}

void read_failure(Session& session, const TaskRow& task, core::TaskMessage& message) {
  auto row = session.run(Sql::kFailureRead, task.seq);
  if (!row.next()) return;
  message.error_msg = row.text(1);
  message.last_failed_at = from_ns(row.integer(5));
}

}  // namespace

TaskRow read_task(const sqlite::Cursor& row) {
  TaskRow task;
  task.seq = row.integer(0);
  task.id = read_id(row, 1);
  task.queue = row.integer(2);
  task.state = static_cast<TaskState>(row.integer(3));
  task.ord = row.integer(4);
  task.since = row.integer(5);
  task.type = row.integer(6);
  task.flags = row.integer(7);
  task.retried = row.integer(8);
  task.crashes = row.integer(9);
  task.fence = optional_integer(row, 10);
  task.holder = optional_integer(row, 11);
  task.ends = optional_integer(row, 12);
  task.group = optional_integer(row, 13);
  return task;
}

std::vector<TaskRow> read_tasks(sqlite::Cursor cursor) {
  std::vector<TaskRow> tasks;
  while (cursor.next()) tasks.push_back(read_task(cursor));
  return tasks;
}

std::optional<TaskRow> find_task(Session& session, const QueueRow& queue, std::string_view id) {
  const StoredId stored(id);
  auto row = session.run(Sql::kTaskById, stored.value(), queue.id);
  if (!row.next()) return std::nullopt;
  return read_task(row);
}

std::optional<TaskRow> find_leased(Session& session, const QueueRow& queue, const LeaseToken& token) {
  auto row = session.run(Sql::kTaskUnderLease, static_cast<std::int64_t>(token.row), static_cast<std::int64_t>(token.attempt),
                         queue.id);
  if (!row.next()) return std::nullopt;
  return read_task(row);
}

core::TaskMessage read_message(Session& session, const TaskRow& task, const std::string& queue, const sqlite::Cursor& body,
                               int first) {
  core::TaskMessage message;
  message.id = task.id;
  message.queue = queue;
  message.type = session.type_name(task.type);
  if (!body.is_null(first)) message.payload = Payload(body.text(first));
  message.headers = decode_headers(body.bytes(first + 1));
  message.max_retry = static_cast<std::int32_t>(body.integer(first + 2));
  message.retried = static_cast<std::int32_t>(task.retried);
  message.timeout = Duration(body.integer(first + 3));
  message.deadline = from_ns(body.integer(first + 4));
  message.retention = Duration(body.integer(first + 5));
  message.unique_key = body.text(first + 6);
  message.group = body.text(first + 7);
  message.expires_at = from_ns(body.integer(first + 8));
  message.scheduled_at = from_ns(body.integer(first + 9));
  message.enqueued_at = from_ns(body.integer(first + 10));
  if (task.state == TaskState::kCompleted) message.completed_at = from_ns(task.since);
  if ((task.flags & kHasFailure) != 0) read_failure(session, task, message);
  return message;
}

void move_to_pending(Session& session, QueueRow& queue, TaskRow& task) {
  enter(session, queue, task, TaskState::kPending, queue.tail++);
  session.ring_pending(queue);
}

void move_to_front(Session& session, QueueRow& queue, TaskRow& task) {
  enter(session, queue, task, TaskState::kPending, --queue.head);
  session.ring_pending(queue);
}

void move_to_due(Session& session, QueueRow& queue, TaskRow& task, TaskState state, TimePoint at) {
  enter(session, queue, task, state, to_ns(at));
  queue.earliest_due = std::min(queue.earliest_due, to_ns(at));
}

void move_to_archived(Session& session, QueueRow& queue, TaskRow& task) {
  enter(session, queue, task, TaskState::kArchived, session.now_ns());
}

void move_to_completed(Session& session, QueueRow& queue, TaskRow& task, Duration retention) {
  enter(session, queue, task, TaskState::kCompleted, to_ns(core::saturated_sum(session.now(), retention)));
}

void move_to_group(Session& session, QueueRow& queue, TaskRow& task, const std::string& group) {
  task.group = join_group(session, queue, group);
  enter(session, queue, task, TaskState::kAggregating, session.now_ns());
  refresh_group(session, *task.group);
}

void move_as_it_was(Session& session, QueueRow& queue, TaskRow& task, TaskState state, std::int64_t ord, std::int64_t since) {
  enter(session, queue, task, state, ord, since);
  if (state == TaskState::kScheduled || state == TaskState::kRetry) queue.earliest_due = std::min(queue.earliest_due, ord);
}

void remove_task(Session& session, QueueRow& queue, const TaskRow& task) {
  leave(session, queue, task);
  session.execute(Sql::kTaskDelete, task.seq);
  session.execute(Sql::kBodyDelete, task.seq);
  if ((task.flags & kHasLock) != 0) session.execute(Sql::kLockRelease, task.seq);
  if ((task.flags & kHasFailure) != 0) session.execute(Sql::kFailureDrop, task.seq);
  if ((task.flags & kHasResult) != 0) session.execute(Sql::kResultDrop, task.seq);
  if ((task.flags & kHasProgress) != 0) session.execute(Sql::kProgressDrop, task.seq);
  if (task.state == TaskState::kAggregating && task.group) refresh_group(session, *task.group);
}

void release_lock(Session& session, TaskRow& task) {
  if ((task.flags & kHasLock) == 0) return;
  session.execute(Sql::kLockRelease, task.seq);
  task.flags &= ~kHasLock;
}

void save_failure(Session& session, TaskRow& task, const Failure& failure, TimePoint failed_at) {
  session.execute(Sql::kFailureSave, task.seq, static_cast<int>(failure.kind), core::to_valid_utf8(failure.message),
                  failure.exit_code, failure.signal, core::to_valid_utf8(failure.detail), to_ns(failed_at));
  task.flags |= kHasFailure;
}

void save_result(Session& session, TaskRow& task, const std::string& result) {
  session.execute(Sql::kResultSave, task.seq, sqlite::Blob{result});
  task.flags |= kHasResult;
}

void put_into_group(Session& session, const QueueRow& queue, std::int64_t seq, const std::string& group) {
  const std::int64_t id = join_group(session, queue, group);
  session.execute(Sql::kGroupPut, seq, id);
  refresh_group(session, id);
}

void refresh_group(Session& session, std::int64_t group) {
  if (session.execute(Sql::kGroupDrop, group) == 0) session.execute(Sql::kGroupFirst, group);
}

}  // namespace windlass::broker
