// Storing new tasks.
#include <algorithm>

#include "broker/sqlite/operations.hpp"
#include "broker/sqlite/row_codec.hpp"
#include "broker/sqlite/task_row.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {

namespace {

// Trimming an entry's history walks over all of it, so it is done about every 64th time; readers never see more than is kept.
// Spread by a hash: an entry's events may always come at the same place of a batch.
bool is_trim_turn(std::int64_t event) { return (static_cast<std::uint64_t>(event) * 0x9E3779B97F4A7C15) >> 58 == 0; }

std::string lock_holder(Session& session, const std::string& key) {
  auto row = session.run(Sql::kLockFind, key, session.now_ns());
  return row.next() ? read_id(row, 0) : std::string();
}

bool is_tick_taken(Session& session, const Tick& tick) {
  return session.run(Sql::kTickFind, tick.entry, to_ns(tick.nominal), session.now_ns()).next();
}

// Whether the task that was stored last for a tick of the entry is still to do.
bool is_last_running(Session& session, const std::string& entry) {
  std::string queue_name;
  std::string task_id;
  {
    auto row = session.run(Sql::kEntryLast, entry);
    if (!row.next()) return false;
    queue_name = row.text(1);
    task_id = row.text(2);
  }
  const QueueRow* const queue = session.find_queue(queue_name);
  const std::optional<TaskRow> task = queue != nullptr ? find_task(session, *queue, task_id) : std::nullopt;
  return task && task->state != TaskState::kArchived && task->state != TaskState::kCompleted;
}

void take_tick(Session& session, const Tick& tick) {
  const std::int64_t after = to_ns(tick.after());
  const std::int64_t nominal = to_ns(tick.nominal);
  const std::int64_t until = to_ns(core::saturated_sum(session.now(), tick.keep));
  if (session.execute(Sql::kTickContinue, tick.entry, after, nominal, until, session.now_ns()) > 0) return;
  session.execute(Sql::kTickTrim, tick.entry, session.now_ns());
  session.execute(Sql::kTickBegin, tick.entry, nominal, after, until);
  std::int64_t earliest = 0;
  {
    auto row = session.run(Sql::kTickRunCount, tick.entry);
    if (!row.next() || row.integer(0) <= static_cast<std::int64_t>(kTickRuns)) return;
    earliest = row.integer(1);
  }
  session.execute(Sql::kTickMerge, tick.entry, earliest);
  session.execute(Sql::kTickDrop, tick.entry, earliest);
}

// Its task was stored.
void note_tick(Session& session, const Tick& tick, const core::TaskMessage& message) {
  session.execute(Sql::kEntryStored, tick.entry, to_ns(tick.nominal), message.queue, message.id);
  session.execute(Sql::kEventAdd, tick.entry, to_ns(tick.nominal), message.id, session.now_ns());
  if (is_trim_turn(session.last_row())) session.execute(Sql::kEventTrim, tick.entry, kEventsKept);
}

sqlite::Value payload_value(const Payload& payload) {
  if (!payload.present()) return nullptr;
  return sqlite::Blob{payload.bytes()};
}

sqlite::Value null_if_empty(const std::string& text) {
  if (text.empty()) return nullptr;
  return text;
}

void add_body(Session& session, std::int64_t seq, const core::TaskMessage& message) {
  const std::string headers = encode_headers(message.headers);
  const sqlite::Value header_value = headers.empty() ? sqlite::Value(nullptr) : sqlite::Value(sqlite::Blob{headers});
  session.execute(Sql::kBodyAdd, seq, payload_value(message.payload), header_value, message.max_retry,
                  null_if_zero(message.timeout.count()), null_if_zero(to_ns(message.deadline)),
                  null_if_zero(message.retention.count()), null_if_empty(message.unique_key), null_if_empty(message.group),
                  null_if_zero(to_ns(message.expires_at)), null_if_zero(to_ns(message.scheduled_at)),
                  null_if_zero(to_ns(message.enqueued_at)));
}

TaskState first_state(const NewTask& task, TimePoint now) {
  if (task.process_at > now) return TaskState::kScheduled;
  return task.message.group.empty() ? TaskState::kPending : TaskState::kAggregating;
}

std::int64_t first_order(const NewTask& task, TaskState state, Session& session, QueueRow& queue) {
  if (state == TaskState::kPending) return queue.tail++;
  return state == TaskState::kScheduled ? to_ns(task.process_at) : session.now_ns();
}

// Nothing if the queue has a task with this id.
std::optional<std::int64_t> add_row(Session& session, QueueRow& queue, const NewTask& task, TaskState state) {
  const StoredId id(task.message.id);
  const std::int64_t flags = (task.unique_ttl > Duration::zero() ? kHasLock : kPlain) |
                             (task.message.group.empty() ? kPlain : kGrouped);
  const std::int64_t order = first_order(task, state, session, queue);
  const std::int64_t added = session.execute(Sql::kTaskAdd, id.value(), queue.id, static_cast<int>(state), order,
                                             session.now_ns(), session.type_id(task.message.type), flags,
                                             task.message.retried);
  if (added == 0) return std::nullopt;
  return session.last_row();
}

void note_arrival(Session& session, QueueRow& queue, const NewTask& task, TaskState state) {
  ++queue.count(state);
  queue.changed = true;
  if (state == TaskState::kPending) session.ring_pending(queue);
  if (state == TaskState::kScheduled) queue.earliest_due = std::min(queue.earliest_due, to_ns(task.process_at));
}

}  // namespace

EnqueueOutcome enqueue_task(Session& session, const NewTask& task) {
  const core::TaskMessage& message = task.message;
  if (task.tick && is_tick_taken(session, *task.tick)) return {EnqueueStatus::kTickTaken, {}, {}};
  if (task.tick && task.tick->skip_if_running && is_last_running(session, task.tick->entry)) {
    take_tick(session, *task.tick);
    session.execute(Sql::kEntryTicked, task.tick->entry, to_ns(task.tick->nominal));
    return {EnqueueStatus::kTickSkipped, {}, {}};
  }
  const bool unique = task.unique_ttl > Duration::zero();
  if (std::string holder = unique ? lock_holder(session, message.unique_key) : std::string(); !holder.empty()) {
    return {EnqueueStatus::kDuplicate, {}, std::move(holder)};
  }
  QueueRow& queue = session.add_queue(message.queue);
  const TaskState state = first_state(task, session.now());
  const std::optional<std::int64_t> seq = add_row(session, queue, task, state);
  if (!seq) return {EnqueueStatus::kIdConflict, {}, {}};
  add_body(session, *seq, message);
  if (state == TaskState::kAggregating) put_into_group(session, queue, *seq, message.group);
  if (unique) {
    const TimePoint until = core::saturated_sum(session.now(), task.unique_ttl);
    session.execute(Sql::kLockTake, message.unique_key, *seq, to_ns(until));
  }
  if (task.tick) {
    take_tick(session, *task.tick);
    note_tick(session, *task.tick, message);
  }
  note_arrival(session, queue, task, state);
  return {EnqueueStatus::kEnqueued, state, {}};
}

std::vector<EnqueueOutcome> enqueue_tasks(Session& session, std::span<const NewTask> tasks) {
  std::vector<EnqueueOutcome> outcomes;
  outcomes.reserve(tasks.size());
  for (const NewTask& task : tasks) outcomes.push_back(enqueue_task(session, task));
  return outcomes;
}

}  // namespace windlass::broker
