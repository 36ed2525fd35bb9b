// Broker: the one seam between windlass and a store of tasks.
//
// Everything above (client, server roles, scheduler, inspector, CLI) speaks to a store through this interface only, and
// nothing outside src/broker/ knows a key or a table name. Three stores stand behind it: memory (the model of the
// others), SQLite, Redis. One conformance suite (tests/conformance) holds them all to the contract written here.
//
// Batch-first. Every verb that moves tasks takes and returns many; a single task is a batch of one. One call is one
// transaction (SQLite) or one script per queue (Redis), so callers should pass all they have. The items of a batch
// behave as if they came one after the other, in order.
//
// Errors. An Error returned for a whole call means that nothing of it was stored, unless its code is kUnknownOutcome.
// What can differ from task to task (a duplicate, a lost lease) is not an Error but an outcome in the returned vector,
// which always has as many elements as the request, in its order.
//
// Time. A broker is opened with a Clock and uses nothing else. Leases and liveness are given as lengths ("for 30 s from
// now"), because a broker on one machine measures them on the clock that never jumps.
//
// Leases, liveness and the records of servers and schedulers end on Clock::steady(); all the rest (due times,
// retention, unique locks, taken ticks, holds of groups) on Clock::now(). What lasts until T has ended at T; whether a
// wall clock that is stepped back brings it to life again is not defined.
//
// States. docs/internals/states.md draws them; a task is in exactly one state, and moves only as the verbs here say.
//
// Order. Pending tasks wait in the order in which they became pending, whatever the clock did meanwhile; a requeued one
// becomes the next to run, before all others, so of several that are requeued the last runs first. Of tasks with equal
// times, those stored first come first (a store that cannot do that says so in its conformance row).
//
// Locks. A unique lock belongs to the task (queue and id) that took it; its key begins with "asynq:{QUEUE}:". It ends with its ttl, or when the task that
// holds it completes or is removed by whichever verb, and never outlives the task. A lock that has ended is as if it
// had never been. Nothing takes it again: a task that is retried or run later keeps what is left of it.
//
// Thread-safe: every verb may be called from any thread at any time. Calls may block for one round trip or one commit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <windlass/error.hpp>
#include <windlass/info.hpp>

#include "core/message.hpp"

namespace windlass::broker {

// ---------------------------------------------------------------------------------------------------------- enqueue

// One tick of a periodic entry. The first enqueue that carries a given (entry, nominal) takes the tick, atomically with
// storing its task; all others are told kTickTaken and store nothing. What was taken outlives the task: it is remembered for
// `keep` at least, which must be longer than clocks of schedulers differ. A taken tick is also recorded in the entry's history.
//
// Stores remember runs of ticks, (after, last], so that an entry which ticks every second needs no more room than one that ticks once
// a day. A tick continues the run that ends at its after(), or begins one. All times of a run count as taken until `keep` has passed since
// its last tick. Of more than kTickRuns runs of an entry the two earliest become one, with all between them: rather a tick too few
// than one twice.
inline constexpr std::size_t kTickRuns = 100;

struct Tick {
  std::string entry;
  TimePoint nominal;
  Duration keep = std::chrono::hours(24);
  // While the task (queue and id) stored last for a tick of this entry exists and is neither archived nor completed,
  // this tick is taken but stores nothing (kTickSkipped), and is not in the history.
  bool skip_if_running = false;
  // The entry's tick before this one, if that is known; kNoTime: not. Earlier than `nominal`, and no tick lies between them.
  TimePoint previous;

  // Where the run begins or ends that this tick begins or continues.
  TimePoint after() const { return previous != kNoTime ? previous : nominal - Duration(1); }
};

struct NewTask {
  core::TaskMessage message;      // id, queue and type not empty
  TimePoint process_at;           // later than now: scheduled. Else, with message.group: aggregating. Else pending
  Duration unique_ttl{};          // > 0: take the lock message.unique_key (not empty then) for so long from now
  std::optional<Tick> tick;
  EnqueueDurability durability;   // a broker that has it not refuses the whole call
};

enum class EnqueueStatus : std::uint8_t {
  kEnqueued,
  kDuplicate,    // the unique lock is held; nothing stored
  kIdConflict,   // the queue has a task with this id, in whatever state; nothing stored, no lock left behind
  kTickTaken,    // another scheduler was first; nothing stored
  kNotDurable,   // stored, but not yet as durable as asked: `unmet` says how far it came
  kTickSkipped,  // the task of an earlier tick runs or waits (Tick::skip_if_running); the tick is taken, nothing stored
};

struct EnqueueOutcome {
  EnqueueStatus status = EnqueueStatus::kEnqueued;
  TaskState state = TaskState::kPending;  // of the stored task
  std::string holder;                     // kDuplicate: id of the task that holds the lock
  std::string unmet;                      // kNotDurable
};

// What every broker asks of a task before it stores anything. Errors: kInvalidArgument, kResourceExhausted.
inline Status check_new_task(const NewTask& task, std::size_t payload_max) {
  const core::TaskMessage& message = task.message;
  if (message.id.empty() || message.queue.empty() || message.type.empty()) {
    return Error(ErrorCode::kInvalidArgument, "a task needs an id, a queue and a type; nothing was stored");
  }
  if (task.unique_ttl > Duration::zero() && message.unique_key.empty()) {
    return Error(ErrorCode::kInvalidArgument, "task '" + message.id + "' is to be unique but has no unique key");
  }
  if (message.payload.size() > payload_max) {
    return Error(ErrorCode::kResourceExhausted,
                 "the payload of task '" + message.id + "' has " + std::to_string(message.payload.size()) +
                     " bytes, more than the " + std::to_string(payload_max) + " this broker takes; nothing was stored");
  }
  return {};
}

// For brokers whose tasks are `fsynced` or not, and that know no replicas. Errors: kUnsupported.
inline Status check_durability(const NewTask& task, bool fsynced, const std::string& why_not) {
  if (task.durability.replicas > 0) return Error(ErrorCode::kUnsupported, "this broker has no replicas; nothing was stored");
  if (task.durability.fsynced && !fsynced) return Error(ErrorCode::kUnsupported, why_not + "; nothing was stored");
  return {};
}

// What the one who enqueued a task that was not stored, or not as asked, is told. REQUIRES: the status is not kEnqueued.
inline Error refusal(const NewTask& task, const EnqueueOutcome& outcome) {
  switch (outcome.status) {
    case EnqueueStatus::kEnqueued: break;
    case EnqueueStatus::kDuplicate:
      return Error(ErrorCode::kDuplicateTask, "task " + outcome.holder + " holds the unique lock");
    case EnqueueStatus::kIdConflict:
      return Error(ErrorCode::kTaskIdConflict, "the queue has a task with id " + task.message.id);
    case EnqueueStatus::kTickTaken:
      return Error(ErrorCode::kTickTaken, "another scheduler was first with this tick");
    case EnqueueStatus::kNotDurable:
      return Error(ErrorCode::kNotDurable, "task " + task.message.id + " is stored, but " + outcome.unmet);
    case EnqueueStatus::kTickSkipped:
      return Error(ErrorCode::kFailedPrecondition, "skipped, as the task of an earlier tick is not done yet");
  }
  return Error(ErrorCode::kInternal, "the store gave an unknown answer");
}

// ------------------------------------------------------------------------------------------------- fetch and finish

// What the owner of a fetched task shows when it finishes or extends it. Only the broker that gave it reads it. A token
// of an earlier fetch of the same task is refused (the fence), also when the task was removed and stored anew under its
// id. A lease that has run out is still good until somebody recovers the task: it can be finished and extended.
struct LeaseToken {
  std::uint64_t row = 0;
  std::uint64_t attempt = 0;
  friend bool operator==(const LeaseToken&, const LeaseToken&) = default;
};

struct TaskRef {
  std::string queue;
  std::string id;
  friend bool operator==(const TaskRef&, const TaskRef&) = default;
};

inline Error no_such_queue(const std::string& queue) {
  return Error(ErrorCode::kQueueNotFound, "there is no queue '" + queue + "'");
}
inline Error no_such_task(const TaskRef& ref) {
  return Error(ErrorCode::kTaskNotFound, "queue '" + ref.queue + "' has no task '" + ref.id + "'");
}

struct LeaseRef {
  TaskRef task;
  LeaseToken token;
};

// How much of a fetch a queue may have before the others had their turn.
struct QueueShare {
  std::string queue;
  std::size_t share = 0;
};

// Takes up to `max` pending tasks: first from each queue in order up to its share, then, while there is room, the rest
// from the queues in order again. In a queue: oldest first, requeued ones before the others. Paused ones are left out.
struct FetchRequest {
  std::vector<QueueShare> queues;
  std::size_t max = 1;
  std::string owner;      // id of the server
  Duration lease{};       // how long the tasks are its own unless extended
};

// The result is in the order of taking. A fetch sets started_at to now and drops the progress of an earlier run.
struct FetchedTask {
  core::TaskMessage message;
  LeaseToken token;
  int crashes = 0;        // earlier runs that ended with the death of their server or handler process
};

enum class FinishKind : std::uint8_t {
  kDone,      // remove the task, release its unique lock; processed + 1
  // keep it as completed until now + message.retention (0: until the next clean), completed_at = now, release its lock;
  // processed + 1
  kComplete,
  kRetry,     // to retry at `at` (past: due at once), with the failure; charged: retried + 1, processed + 1, failed + 1
  kArchive,   // to archived, with the failure; processed + 1, failed + 1. For a failure of kind kExpired: expired + 1
  kSnooze,    // to scheduled at `at` (past: due at once); retried, counters and nominal time stay as they are
  kRequeue,   // back to pending, as the next to run; retried and counters stay as they are
  kDiscard,   // remove a task that expired, release its unique lock; expired + 1
};

// "With the failure": it is stored, its message is what message.error_msg says from now on, and last_failed_at = now. A
// failure, a result and a count of crashes stay with the task until they are replaced, whatever becomes of it.
struct Finish {
  LeaseRef lease;
  FinishKind kind = FinishKind::kDone;
  TimePoint at;                        // kRetry, kSnooze
  bool charged = true;                 // kRetry
  bool crashed = false;                // kRetry, kArchive, kRequeue: the run ended its process; crashes + 1
  Failure failure;                     // kRetry, kArchive. Its message is made valid UTF-8 by the broker
  std::optional<std::string> result;   // kComplete, kRetry, kArchive: replaces the stored result
};

enum class FinishOutcome : std::uint8_t {
  kApplied,
  kLeaseLost,  // the task is not active under this token (recovered, finished by others, deleted): nothing changed
};

// Written while the task runs; both fields optional. Lost leases are ignored.
struct TaskUpdate {
  LeaseRef lease;
  std::optional<std::string> result;
  std::optional<Progress> progress;
};

// --------------------------------------------------------------------------------------------------- housekeeping

struct ForwardResult {
  std::size_t moved = 0;
  // When the next task of these queues is due, as far as the broker knows: nothing = none waits. In the past if more is
  // due now than `max` allowed to move.
  std::optional<TimePoint> next_due;
};

struct RecoverRequest {
  std::vector<std::string> queues;
  std::size_t max = 250;
  // A task that crashed so often is archived with crash_failure() (and processed + 1, failed + 1) instead of being
  // requeued; 0 = no limit.
  int crash_limit = 3;
};

// The failure of a task that is archived because its servers died too often.
inline Failure crash_failure(int n) {
  return {FailureKind::kCrashed, "its server died while it ran, " + std::to_string(n) + (n == 1 ? " time" : " times")};
}

struct RecoveredTask {
  TaskRef task;
  std::string owner;     // the server that lost it
  int crashes = 0;       // including this one
  bool archived = false;
};

struct CleanRequest {
  std::vector<std::string> queues;
  std::size_t max = 250;                                // per queue and kind, at least 1; the oldest go first
  std::size_t archive_max = 10000;                      // oldest archived tasks above this number are deleted
  Duration archive_age = std::chrono::hours(24 * 90);   // those archived so long ago or longer too
  Duration stats_age = std::chrono::hours(24 * 90);     // statistics of days that ended so long ago or longer go, too
};

struct CleanResult {
  std::size_t completed = 0;   // records deleted because their retention ended
  std::size_t archived = 0;    // archived tasks trimmed
  bool more = false;           // `max` was reached somewhere (more may be left): call again
};

// --------------------------------------------------------------------------------------------------------- groups

// When a group is handed out: max_size waiting (0 = no limit), or max_delay since its first (0 = no limit), or grace
// since its last task. A task's time in the group counts from when it joined, also after it was taken out and put back.
struct AggregationRules {
  Duration grace = std::chrono::minutes(1);
  Duration max_delay{};
  std::size_t max_size = 0;
};

// Tasks taken out of a group to be made into one. Whoever holds it must finish or release it before `deadline`, or its
// tasks go back to the group (with the next take_group or recover of the queue). Until then they count and are listed
// as aggregating, but are not part of the group, and actions on them are refused.
struct AggregationSet {
  std::string queue;
  std::string group;
  std::string id;
  TimePoint deadline;
  std::vector<core::TaskMessage> tasks;  // oldest first, at most max_size
};

// ------------------------------------------------------------------------------------------------------- inspector

enum class TaskAction : std::uint8_t {
  kRun,      // scheduled, retry, archived, completed, aggregating -> pending, behind all others
  kArchive,  // pending, scheduled, retry, aggregating -> archived. Counters, failure and unique lock stay as they are
  kDelete,   // any state but active (and an aggregation set): removed; its unique lock is released if it holds it
};

enum class ActionOutcome : std::uint8_t {
  kApplied,
  kNotFound,
  kAlready,     // already pending (kRun) or archived (kArchive)
  kActive,      // a server runs it: cancel it instead
  kWrongState,  // in a state from which this is not possible (in an aggregation set, say)
};

struct TaskFilter {
  std::string queue;
  TaskState state = TaskState::kPending;
  std::string group;      // kAggregating: only this group (and what is taken out of it); empty = all groups
  std::string id_prefix;  // empty = any
  std::string type;       // exact; empty = any
};

// Order: pending, next to run first; active, in the order of the fetches; scheduled and retry, soonest first; archived,
// latest first; completed, latest delete_at first; aggregating, first joined first over all groups. "Latest first"
// turns the order of ties round as well. A page may be shorter than `limit` before the end.
// Errors: kInvalidArgument for a cursor that is not of this listing (same filter), limit out of range, filter.group
// with a state other than kAggregating.
struct ListRequest {
  TaskFilter filter;
  std::string cursor;              // TaskPage::next of the page before; empty = from the start
  std::size_t limit = 30;          // 1..1000
  std::size_t payload_max = SIZE_MAX;  // longer payloads and results are cut to so many bytes
};

// Goes through the tasks in the order of ListRequest. Tasks for which the action is not possible are passed over.
// Errors: as ListRequest, a cursor of another filter or action, max = 0, and kActive: kInvalidArgument.
struct BulkRequest {
  TaskFilter filter;               // kActive is not allowed
  TaskAction action = TaskAction::kDelete;
  std::string cursor;              // BulkResult::next of the chunk before
  std::size_t max = 250;           // tasks looked at in one call
};

struct BulkResult {
  std::size_t applied = 0;
  std::string next;                // empty: done. Tasks that come during a bulk operation may or may not be seen
};

// --------------------------------------------------------------------------------------------- servers, schedulers

struct RunningTask {
  LeaseRef lease;
  TimePoint started_at;
  TimePoint deadline;              // of this run; kNoTime = none
  bool overrun = false;
};

struct ServerRecord {
  ServerInfo info;                 // its workers are ignored: `running` says it
  std::vector<RunningTask> running;
};

struct SchedulerRecord {
  std::string id;                  // of the scheduler process
  std::vector<SchedulerEntry> entries;
};

struct CancelRequest {
  TaskRef task;                    // an empty queue means any queue (requests made by Asynq carry none)
  bool for_good = false;           // archive the task instead of retrying it
};

// -------------------------------------------------------------------------------------------------------- waiting

enum class WaitFor : std::uint8_t {
  kPending,  // one of the queues may have a pending task, or was resumed
  kDue,      // the earliest due time of the queues may have become earlier
};

// Sleeps until there may be something to do. Signals are remembered: one that comes after the waiter was made, or after
// the last wait() returned, makes the next wait() return at once. So look (fetch, forward) after each wait and wait
// only after a look that found nothing. May return early without cause. Belongs to one thread, but for wake().
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual void wait(TimePoint until) = 0;
  virtual void wake() = 0;  // thread-safe
};

// Cancel requests made while the feed exists (in any process), each once. Belongs to one thread, but for wake().
class CancelFeed {
 public:
  virtual ~CancelFeed() = default;
  // Waits until there is a request, `until` has come, or wake() was called. An Error means that requests may have been
  // missed since the last call; the feed mends itself, call again later.
  virtual Result<std::vector<CancelRequest>> wait(TimePoint until) = 0;
  virtual void wake() = 0;  // thread-safe
};

// ---------------------------------------------------------------------------------------------------------- Broker

class Broker {
 public:
  virtual ~Broker() = default;

  // -- for clients

  // Stores the tasks durably (as durably as the broker was opened for). Registers queues that are new. For the first
  // failing check of a task in the order tick, unique lock, id the outcome tells which; such a task leaves no trace, no
  // tick mark (but for kTickSkipped) and no lock either.
  // Errors: kResourceExhausted (a payload over payload_max(); disk full), kInvalidArgument (id, queue or type empty; a
  // unique_ttl without a unique_key), kUnsupported (a durability), kUnavailable, kUnknownOutcome.
  virtual Result<std::vector<EnqueueOutcome>> enqueue(std::span<const NewTask> tasks) = 0;

  // Largest payload that this broker takes, in bytes.
  virtual std::size_t payload_max() const = 0;

  // -- for servers

  // Queues that do not exist are empty ones. An empty result means: nothing to do now.
  virtual Result<std::vector<FetchedTask>> fetch(const FetchRequest& request) = 0;

  // An Error means that none was applied, or (kUnknownOutcome) that it is unknown; calling again with the same items is
  // always safe: what was applied is then reported as kLeaseLost.
  virtual Result<std::vector<FinishOutcome>> finish(std::span<const Finish> items) = 0;

  // Lets the leases end `lease` from now. False for those that are lost.
  virtual Result<std::vector<bool>> extend(std::span<const LeaseRef> leases, Duration lease) = 0;

  virtual Status update(std::span<const TaskUpdate> updates) = 0;

  // Moves up to `max` tasks that are due, soonest first, from scheduled and retry to pending, or (with message.group)
  // into their group, which they join now. The queues come one after the other. max = 0 just asks for next_due.
  virtual Result<ForwardResult> forward(std::span<const std::string> queues, std::size_t max) = 0;

  // Takes tasks away from servers that are dead (see keep_alive) or whose lease has run out: requeues them as the next
  // to run, without charging a retry, and counts a crash. Up to `max` in all; the queues in order, in each queue in the
  // order of the fetches, which is also the order of the result and that in which the requeued ones of a queue will
  // run. Also puts back groups whose hold ended, and removes what belongs to nobody.
  virtual Result<std::vector<RecoveredTask>> recover(const RecoverRequest& request) = 0;

  virtual Result<CleanResult> clean(const CleanRequest& request) = 0;

  // Groups: the first group of the queue (by name) that is ready by the rules; its tasks leave the group and stay
  // aggregating. `hold` is how long the caller has. Groups whose hold ended go back first. Pause does not matter.
  virtual Result<std::optional<AggregationSet>> take_group(const std::string& queue, const AggregationRules& rules,
                                                           Duration hold) = 0;
  // Atomically stores `aggregate` (if there is one, and only if the outcome is kEnqueued) and removes the tasks of the
  // set, releasing their unique locks. Without `aggregate` they are just removed. With another outcome nothing changes,
  // and the set is still held; the checks are made while the tasks of the set and their locks are still there.
  // REQUIRES: the aggregate goes to the queue of the set. Errors: kLeaseLost when the hold ended: nothing is stored;
  // those of enqueue.
  virtual Result<EnqueueOutcome> finish_group(const AggregationSet& set, const NewTask* aggregate) = 0;
  // Puts the tasks back into the group. A set that is not held any more is none of its business: no error.
  virtual Status release_group(const AggregationSet& set) = 0;

  virtual std::unique_ptr<Waiter> make_waiter(std::vector<std::string> queues, WaitFor what) = 0;
  virtual std::unique_ptr<CancelFeed> make_cancel_feed() = 0;

  // The server `owner` is alive for `ttl` more. When that ends without another call, anyone may recover its tasks at
  // once; a call that comes late but before anyone did revives it. A server that fetched without calling this is judged
  // by its leases alone. (Ids of servers are not used again: a broker may forget a dead one that holds nothing.)
  virtual Status keep_alive(const std::string& owner, Duration ttl) = 0;
  // What the inspector shows of a server, for `ttl`. Running tasks no more active under their lease may be left out.
  virtual Status publish_server(const ServerRecord& record, Duration ttl) = 0;
  // The server is gone, and alive no more: tasks it still holds can be recovered at once. Its record is removed.
  virtual Status clear_server(const std::string& owner) = 0;

  // -- for schedulers

  virtual Status publish_scheduler(const SchedulerRecord& record, Duration ttl) = 0;
  virtual Status clear_scheduler(const std::string& id) = 0;
  // Greatest nominal time of all ticks taken of each entry, however long ago. It outlives the runs.
  virtual Result<std::vector<std::optional<TimePoint>>> last_ticks(std::span<const std::string> entries) = 0;

  // -- for the inspector

  virtual Result<std::vector<std::string>> queues() = 0;  // sorted
  // Errors of the verbs below that name a queue: kQueueNotFound (act has kNotFound for it; cancel does not look).
  //
  // Latency is the time since the task that is next to run became pending (a requeue counts), never negative. `groups`
  // counts those with waiting tasks; `aggregating` also counts tasks in aggregation sets.
  virtual Result<QueueInfo> queue_info(const std::string& queue) = 0;
  // Today (UTC) first, one element a day, zeros where nothing is known. Errors: kInvalidArgument (days not in 1..3660).
  virtual Result<std::vector<DailyStats>> history(const std::string& queue, int days) = 0;
  // Groups with waiting tasks, by name.
  virtual Result<std::vector<GroupInfo>> groups(const std::string& queue) = 0;
  // What belongs to one state is shown in that state only: next_process_at (scheduled, retry; pending: now),
  // started_at, owner and orphaned (active), completed_at and delete_at (completed), archived_at (archived).
  // Errors: kTaskNotFound.
  virtual Result<TaskInfo> task(const TaskRef& ref) = 0;
  virtual Result<TaskPage> list(const ListRequest& request) = 0;
  virtual Result<std::vector<ActionOutcome>> act(std::span<const TaskRef> tasks, TaskAction action) = 0;
  virtual Result<BulkResult> bulk(const BulkRequest& request) = 0;
  // Scheduled tasks only; the unique key stays. Errors: kTaskNotFound, kFailedPrecondition, kResourceExhausted.
  virtual Status update_payload(const TaskRef& task, const Payload& payload) = 0;
  // Passed to whichever server runs it; best effort, no answer.
  virtual Status cancel(std::span<const CancelRequest> requests) = 0;
  // Errors: kFailedPrecondition when it is already so.
  virtual Status pause(const std::string& queue) = 0;
  virtual Status resume(const std::string& queue) = 0;
  // Removes the queue with all that belongs to it: tasks and their locks, groups, statistics, pause.
  // Errors: kQueueNotEmpty (any task in any state, unless `force`), kFailedPrecondition (active tasks, even with
  // `force`).
  virtual Status remove_queue(const std::string& queue, bool force) = 0;
  virtual Result<std::vector<ServerInfo>> servers() = 0;                         // by start time, then id
  virtual Result<std::vector<SchedulerEntry>> scheduler_entries() = 0;           // by id; each once, as published last
  // Ticks taken, newest taken first; the last 1000 of an entry are kept.
  virtual Result<std::vector<SchedulerEvent>> scheduler_events(const std::string& entry, std::size_t limit) = 0;

  // Reaches the store and comes back.
  virtual Status ping() = 0;
  // Connections opened to the store since this was: the first ones, and one for each that was lost. 0: it needs none.
  virtual std::uint64_t connections_opened() const { return 0; }
  // Facts for people, in order: ("broker", "sqlite"), ("path", ...), ("journal_mode", "wal"), ...
  virtual Result<std::vector<std::pair<std::string, std::string>>> describe() = 0;
};

}  // namespace windlass::broker
