// What the inspector shows: plain values that describe tasks, queues, servers and schedulers as stored.
// All are thread-compatible values; times are wall-clock UTC, kNoTime where they do not apply.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/task.hpp>
#include <windlass/time.hpp>

namespace windlass {

// Numbers as in Asynq's API; stored as integers in SQLite, by name in Redis: append, never renumber.
enum class TaskState : std::uint8_t {
  kActive = 1,       // a server owns it under a lease
  kPending = 2,      // ready to run
  kScheduled = 3,    // to run later
  kRetry = 4,        // failed, to run again later
  kArchived = 5,     // will not run again by itself
  kCompleted = 6,    // done, record kept for its retention
  kAggregating = 7,  // waiting in a group
};
inline constexpr int kTaskStateCount = 7;

// Lower-case name as stored in Redis: "active", "pending", ...
std::string_view task_state_name(TaskState state);
// The state of that name; nothing if there is none.
std::optional<TaskState> find_task_state(std::string_view name);

// Why the last run of a task did not succeed. Stored as integers: append, never renumber.
enum class FailureKind : std::uint8_t {
  kNone = 0,
  kError = 1,        // the handler returned a failure
  kException = 2,    // the handler threw
  kExitCode = 3,     // a handler process ended with a code other than 0
  kSignal = 4,       // a handler process was ended by a signal
  kTimeout = 5,      // the run took longer than its timeout
  kDeadline = 6,     // the task's deadline passed
  kExpired = 7,      // never started before expires_at
  kCancelled = 8,    // cancelled through the inspector
  kCrashed = 9,      // its server or its handler process died too often while it ran (poison)
  kBadPayload = 10,  // the payload did not decode into what the handler takes
  kNoHandler = 11,   // no handler is registered for its type
  kMemory = 12,      // a handler process went over its memory limit
};
// Lower-case name, as in JSON: "exit_code".
std::string_view failure_kind_name(FailureKind kind);

// Why a run did not succeed.
struct Failure {
  FailureKind kind = FailureKind::kNone;
  std::string message;      // valid UTF-8; what Asynq shows as error_msg
  int exit_code = 0;        // for kExitCode
  int signal = 0;           // for kSignal; also kMemory and kCrashed, if a signal was the end
  std::string detail;       // last log lines, a backtrace: free text, may be empty

  Failure() {}  // NOLINT(modernize-use-equals-default)
  Failure(FailureKind k, std::string text) : kind(k), message(std::move(text)) {}
  friend bool operator==(const Failure&, const Failure&) = default;
};

// What a handler said last about how far it is.
struct Progress {
  double percent = 0;  // 0..100
  std::string text;
  friend bool operator==(const Progress&, const Progress&) = default;
};

// A task as stored. Whether a field applies follows from the state; what does not apply has its default value.
struct TaskInfo {
  std::string id;
  std::string queue;
  std::string type;
  Payload payload;
  Headers headers;
  TaskState state = TaskState::kPending;
  int max_retry = 0;
  int retried = 0;                 // retries charged so far
  int crashes = 0;                 // runs that ended with the death of their server or handler process
  Failure failure;                 // of the last failed run
  TimePoint last_failed_at;
  Duration timeout{};              // 0 = none
  TimePoint deadline;
  TimePoint expires_at;
  Duration retention{};
  std::string group;
  std::string unique_key;
  TimePoint enqueued_at;
  TimePoint scheduled_at;          // nominal time of a delayed or periodic task; kNoTime if it was to run at once
  TimePoint next_process_at;       // scheduled and retry: when; pending: now
  TimePoint started_at;            // of the current run
  TimePoint completed_at;
  TimePoint archived_at;
  TimePoint delete_at;             // completed: when its retention ends
  std::optional<Progress> progress;
  std::optional<std::string> result;
  std::string owner;               // active: id of the server that runs it
  bool orphaned = false;           // active, but its lease has run out

  TaskInfo() {}  // NOLINT(modernize-use-equals-default)
};

// One page of tasks. `next` resumes behind the last task of this page, also when tasks come and go meanwhile: nothing
// that stays is shown twice or left out. Empty at the end.
struct TaskPage {
  std::vector<TaskInfo> tasks;
  std::string next;
};

// A queue at one moment: its tasks by state, and what it did.
struct QueueInfo {
  std::string queue;
  bool paused = false;
  std::uint64_t size = 0;          // sum of all states
  std::uint64_t pending = 0, active = 0, scheduled = 0, retry = 0, archived = 0, completed = 0, aggregating = 0;
  std::uint64_t groups = 0;
  Duration latency{};              // age of the oldest pending task
  std::uint64_t processed = 0;     // today (UTC): runs that ended, failed or not
  std::uint64_t failed = 0;        // today: runs that failed
  std::uint64_t expired = 0;       // today: tasks that never started in time
  std::uint64_t processed_total = 0, failed_total = 0, expired_total = 0;
  std::uint64_t memory_bytes = 0;  // estimate of what the queue takes in the store
  TimePoint timestamp;             // when this was read
};

// What a queue did on one day.
struct DailyStats {
  std::string queue;
  std::string date;                // YYYY-MM-DD, UTC
  std::uint64_t processed = 0, failed = 0, expired = 0;
};

// A group of a queue, and how many tasks wait in it.
struct GroupInfo {
  std::string group;
  std::uint64_t size = 0;
};

// A run that is under way.
struct WorkerInfo {
  std::string task_id;
  std::string task_type;
  std::string queue;
  Payload payload;
  TimePoint started_at;
  TimePoint deadline;              // kNoTime: none
  bool overrun = false;            // told to stop, and still running; or a coroutine that blocks its loop thread
  std::optional<Progress> progress;
};

// A server that lives.
struct ServerInfo {
  std::string id;                  // HOST:PID:UUID
  std::string host;
  int pid = 0;
  int concurrency = 0;
  std::map<std::string, int> queues;
  bool strict_priority = false;
  std::string status;              // "active", "stopped" (quiet), "closed" (draining)
  TimePoint started_at;
  std::vector<WorkerInfo> workers;
};

// An entry of a scheduler that lives.
struct SchedulerEntry {
  std::string id;                  // stable across restarts
  std::string spec;
  std::string task_type;
  Payload payload;
  std::vector<std::string> options;  // as Asynq prints them: Queue("low")
  TimePoint next_at;
  TimePoint prev_at;               // kNoTime: never
};

// A tick that was served.
struct SchedulerEvent {
  std::string task_id;
  TimePoint enqueued_at;
  TimePoint tick;                  // nominal
};

}  // namespace windlass
