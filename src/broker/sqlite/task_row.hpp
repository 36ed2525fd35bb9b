// TaskRow: the hot row of a task, and the moves it can make. Every change of a task's state goes through here, so that
// counters, groups, locks and side tables stay true.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <windlass/info.hpp>

#include "broker/broker.hpp"
#include "broker/sqlite/session.hpp"
#include "core/message.hpp"

namespace windlass::broker {

// Bits of windlass_task.flags: what the task has in other tables. Persisted: append, never renumber.
enum TaskFlag : std::int64_t {
  kPlain = 0,
  kHasLock = 1,
  kHasFailure = 2,
  kHasResult = 4,
  kHasProgress = 8,
  kGrouped = 16,  // its message names a group
};

struct TaskRow {
  std::int64_t seq = 0;
  std::string id;
  std::int64_t queue = 0;
  TaskState state = TaskState::kPending;
  std::int64_t ord = 0;      // order within (queue, state): due or end time, time of joining, or a number given out by the queue
  std::int64_t since = 0;    // when it came into this state
  std::int64_t type = 0;
  std::int64_t flags = 0;
  std::int64_t retried = 0;
  std::int64_t crashes = 0;
  std::optional<std::int64_t> fence;   // active: of the lease
  std::optional<std::int64_t> holder;  // active: its server; aggregating: its set
  std::optional<std::int64_t> ends;    // active: when the lease does, on the steady clock
  std::optional<std::int64_t> group;   // aggregating: windlass_group.id
};
inline constexpr int kTaskColumns = 14;

// Reads the columns of a task from the current row, which begin with its first.
TaskRow read_task(const sqlite::Cursor& row);
std::vector<TaskRow> read_tasks(sqlite::Cursor cursor);
std::optional<TaskRow> find_task(Session& session, const QueueRow& queue, std::string_view id);
std::optional<TaskRow> find_leased(Session& session, const QueueRow& queue, const LeaseToken& token);

// The whole message; `first` is where the columns of the body begin in `body`.
core::TaskMessage read_message(Session& session, const TaskRow& task, const std::string& queue, const sqlite::Cursor& body,
                               int first);

// Moves. `task` is the row as stored; it is brought up to date.
void move_to_pending(Session& session, QueueRow& queue, TaskRow& task);        // comes last
void move_to_front(Session& session, QueueRow& queue, TaskRow& task);          // comes next
void move_to_due(Session& session, QueueRow& queue, TaskRow& task, TaskState state, TimePoint at);
void move_to_archived(Session& session, QueueRow& queue, TaskRow& task);
void move_to_completed(Session& session, QueueRow& queue, TaskRow& task, Duration retention);
void move_to_group(Session& session, QueueRow& queue, TaskRow& task, const std::string& group);
// Into any state but active and aggregating, as it was in another store.
void move_as_it_was(Session& session, QueueRow& queue, TaskRow& task, TaskState state, std::int64_t ord, std::int64_t since);
void remove_task(Session& session, QueueRow& queue, const TaskRow& task);

void release_lock(Session& session, TaskRow& task);
void save_failure(Session& session, TaskRow& task, const Failure& failure, TimePoint failed_at);
void save_result(Session& session, TaskRow& task, const std::string& result);

// Lets a task that was just stored as aggregating join its group.
void put_into_group(Session& session, const QueueRow& queue, std::int64_t seq, const std::string& group);
// The first of those that wait has changed; drops the group if it has become empty.
void refresh_group(Session& session, std::int64_t group);

}  // namespace windlass::broker
