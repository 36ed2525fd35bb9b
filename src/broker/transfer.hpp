// Transfer: carrying tasks, and what is remembered besides them, to another queue or another store as they are. Only tools of operators
// need it, so it stands beside Broker; all three stores have it.
//
// Thread-safe, blocking and batch-first as Broker, whose words it uses.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "broker/side.hpp"

namespace windlass::broker {

struct StoredTask {
  TaskInfo info;           // as Broker::list() shows it; in any state but active
  Duration unique_left{};  // how long it holds its unique lock, info.unique_key, from now on; 0: it holds none
};

struct DayCounts {
  TimePoint day;  // its beginning, UTC
  std::uint64_t processed = 0, failed = 0, expired = 0;
};

// What a queue has counted.
struct QueueCounts {
  std::string queue;
  std::uint64_t processed = 0, failed = 0, expired = 0;  // ever
  std::vector<DayCounts> days;                           // those that are known
};

// Ticks taken one after the other: all times in (after, last] count as taken.
struct TickRun {
  TimePoint after;
  TimePoint last;
  TimePoint until;  // when it is forgotten
  friend bool operator==(const TickRun&, const TickRun&) = default;
};

// What is remembered of the ticks of a periodic entry.
struct TickRecord {
  std::string entry;
  TimePoint last;                      // greatest nominal time
  std::vector<TickRun> runs;           // by `last`
  TaskRef task;                        // stored last; may be gone
  std::vector<SchedulerEvent> events;  // oldest first
};

class Transfer {
 public:
  virtual ~Transfer() = default;

  // Stores the tasks in the states that they say, with all that `info` says but progress and what is of a run. They are counted in no
  // statistics. Pending ones come last; aggregating ones join their group now. kEnqueued, kIdConflict or kDuplicate for each; one
  // that was not stored leaves no trace.
  // Errors: those of Broker::enqueue; kInvalidArgument also for an active task.
  virtual Result<std::vector<EnqueueOutcome>> restore(std::span<const StoredTask> tasks) = 0;

  // How long each of the tasks holds its unique lock from now on; 0: it holds none, or is not there.
  virtual Result<std::vector<Duration>> unique_left(std::span<const TaskInfo> tasks) = 0;

  // Each counter becomes what is given, unless it is greater already. The queue is made if it is not there.
  virtual Status restore_counts(const QueueCounts& counts) = 0;

  // Of all entries of which a tick was taken, by name. Where tasks of several queues took ticks of an entry, it may be there several times.
  virtual Result<std::vector<TickRecord>> ticks() = 0;
  // Remembers them as if they had been taken here; an entry that took the same ticks or later ones here stays as it is. Events that are
  // not there are added to the histories.
  virtual Status restore_ticks(std::span<const TickRecord> records) = 0;
};

// Of one entry: whether they are of the same tick.
inline bool is_same_event(const SchedulerEvent& a, const SchedulerEvent& b) { return a.task_id == b.task_id && a.tick == b.tick; }

// Of the same store as `broker`, which must outlive it. Errors: kUnsupported.
inline Result<Transfer*> transfer_of(Broker& broker) {
  if (auto* const transfer = find_side<Transfer>(broker)) return transfer;
  return Error(ErrorCode::kUnsupported, "this store cannot take tasks over as they are");
}

// A run of it has failed: it has a failure to keep, of whatever kind.
inline bool has_failed(const TaskInfo& info) { return info.last_failed_at != kNoTime || info.failure.kind != FailureKind::kNone; }

// What every store asks of such a task before it stores anything.
inline Status check_stored_task(const NewTask& task, TaskState state, std::size_t payload_max) {
  if (state == TaskState::kActive) {
    return Error(ErrorCode::kInvalidArgument, "task '" + task.message.id + "' is active: a server runs it; nothing was stored");
  }
  return check_new_task(task, payload_max);
}

}  // namespace windlass::broker
