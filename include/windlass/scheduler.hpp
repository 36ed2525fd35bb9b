// Scheduler enqueues tasks on the ticks of cron specs.
//
//   windlass::Scheduler scheduler(broker);
//   scheduler.add("30 9 * * 1-5", windlass::Task("report:daily"), windlass::EntryOptions("daily-report").zone("Europe/Berlin"));
//   scheduler.add("@every 1m", [](const windlass::Tick& tick) { return windlass::Task("sample", payload_for(tick.nominal)); },
//                 windlass::EntryOptions("sample"));
//   return scheduler.run() ? 0 : 1;        // until SIGTERM or SIGINT; or server.attach(scheduler)
//
// One tick is one task, with any number of schedulers: run the same program on as many machines as you like. The store lets
// the first enqueue of a tick win and refuses the others; there is no leader.
//
// The handler learns from ctx.scheduled_at() which tick it serves; handlers in other languages from the header
// "windlass-scheduled-at" (RFC 3339, UTC). docs/guide/periodic-tasks.md tells the rest, docs/reference/cron.md the specs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/error.hpp>
#include <windlass/info.hpp>
#include <windlass/metrics.hpp>
#include <windlass/service.hpp>
#include <windlass/task.hpp>
#include <windlass/time.hpp>

namespace windlass {

// Header of a periodic task: its nominal time.
inline constexpr std::string_view kScheduledAtHeader = "windlass-scheduled-at";

// Type that the record of an entry shows where a factory makes its tasks.
inline constexpr std::string_view kFactoryTaskType = "(factory)";

// One tick of an entry. Thread-compatible value.
struct Tick {
  std::string entry;   // id
  TimePoint nominal;   // when it is meant to be; a whole second

  Tick() {}  // NOLINT(modernize-use-equals-default): g++ 12 destroys aggregates twice around co_await
  Tick(std::string id, TimePoint at) : entry(std::move(id)), nominal(at) {}
  friend bool operator==(const Tick&, const Tick&) = default;
};

// Makes the task of a tick. Called once for each tick in each scheduler, by a thread of the scheduler. One that throws is
// called again, as a failed enqueue is tried again.
using TaskFactory = std::function<Task(const Tick& tick)>;

// What becomes of ticks that no scheduler served in time, because none ran, the machine slept or the store was away. Ticks that
// are less than 10 s late are always served.
enum class MissedTicks : std::uint8_t {
  kSkip,    // none is served
  kLatest,  // the last one is, if none came since
  kAll,     // all are, the newest ones up to a limit
};

// Whether tasks of one entry may exist side by side.
enum class Overlap : std::uint8_t {
  kAllow,
  // No task for a tick while the task of an earlier tick of this entry still exists and is neither archived nor completed.
  kSkipIfRunning,
};

// How one entry is scheduled. Setters return *this, so that they chain. Thread-compatible value.
class EntryOptions {
 public:
  EntryOptions() {}  // NOLINT(modernize-use-equals-default): as Tick
  explicit EntryOptions(std::string name) : name_(std::move(name)) {}

  // Its identity, the same in all schedulers and after restarts. Two programs that use one store must not use one name for
  // different things. Default: a hash of spec, zone, type, queue and payload.
  EntryOptions& name(std::string name) { name_ = std::move(name); return *this; }
  // Time zone of the spec, a name of the tz database. Default: that of the scheduler. A prefix in the spec goes over it.
  EntryOptions& zone(std::string zone) { zone_ = std::move(zone); return *this; }
  // The spec may have a sixth field, seconds, in first place.
  EntryOptions& seconds(bool on = true) { seconds_ = on; return *this; }
  // Default: kLatest. `limit` is for kAll.
  EntryOptions& missed(MissedTicks policy, int limit = 100) { missed_ = policy; missed_limit_ = limit; return *this; }
  // Default: kAllow.
  EntryOptions& overlap(Overlap policy) { overlap_ = policy; return *this; }
  // Lets tasks run later than their tick by up to so much, always the same for the same tick. The nominal time stays. Default: 0.
  EntryOptions& jitter(Duration up_to) { jitter_ = up_to; return *this; }

  const std::string& name() const { return name_; }
  const std::string& zone() const { return zone_; }
  bool seconds_field() const { return seconds_; }
  MissedTicks missed() const { return missed_; }
  int missed_limit() const { return missed_limit_; }
  Overlap overlap() const { return overlap_; }
  Duration jitter() const { return jitter_; }

  friend bool operator==(const EntryOptions&, const EntryOptions&) = default;

 private:
  std::string name_;
  std::string zone_;
  bool seconds_ = false;
  MissedTicks missed_ = MissedTicks::kLatest;
  int missed_limit_ = 100;
  Overlap overlap_ = Overlap::kAllow;
  Duration jitter_{};
};

// The functions are called by a thread of the scheduler, one at a time, and hold it up; what they throw is logged.
struct SchedulerConfig {
  SchedulerConfig() {}  // NOLINT(modernize-use-equals-default)

  // Time zone of entries that name none.
  std::string zone = "UTC";
  // Where this scheduler counts, and measures its calls of the broker; see ServerConfig::metrics.
  MetricsPtr metrics;
  // Before the first attempt to enqueue the task of a tick.
  std::function<void(const Tick& tick, const Task& task)> pre_enqueue;
  // What became of a tick, once for each tick: the stored task, or an error: kTickTaken (another scheduler was first),
  // kFailedPrecondition (skipped, as Overlap says), kDuplicateTask, kTaskIdConflict, or, given up, that of the last attempt.
  std::function<void(const Tick& tick, const Result<TaskInfo>& stored)> post_enqueue;
  // After every attempt that failed and will be made again: until the next tick of the entry, and for at least 10 s.
  std::function<void(const Tick& tick, const Error& error)> on_error;
};

// Thread-safe. States: new -> running -> closed.
class Scheduler final : public Service {
 public:
  // Does nothing until it is started.
  explicit Scheduler(BrokerPtr broker, SchedulerConfig config = {});
  ~Scheduler() override;  // as stop()
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Adds an entry, before start or while it runs, and returns its id. The options of the task are those of every enqueue.
  // Errors: kInvalidArgument (the spec: with field and place; zone, options or task: with what is wrong; a factory without
  //         a name), kFailedPrecondition (there is an entry with this identity).
  Result<std::string> add(std::string_view spec, Task task, EntryOptions options = {});
  Result<std::string> add(std::string_view spec, TaskFactory factory, EntryOptions options);

  // No ticks of this entry from now on; one that is under way may still be enqueued. Errors: kInvalidArgument (no such entry).
  Status remove(const std::string& id);

  // By id, with next and last tick.
  std::vector<SchedulerEntry> entries() const;

  // Begins, and returns at once. The store need not be reachable. Errors: kFailedPrecondition (started or stopped before).
  Status start() override;
  // Returns when the enqueue under way has ended. The records of this scheduler are removed, history and last ticks stay.
  void stop() override;
  // start, then waits for SIGTERM or SIGINT, then stop. Also returns after stop() from another thread.
  Status run();

  // Reaches the store and comes back. Errors: kUnavailable.
  Status ping();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass
