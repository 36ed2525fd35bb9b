// Store: the tasks of the memory broker and the moves between their states. Knows no lock, no clock and no waiters: the
// verbs in MemoryBroker bring these.
//
// Each task stands on exactly one shelf of its queue, the one of its state. A shelf is a map ordered by Position; the
// map's node travels with the task from shelf to shelf, so a move allocates nothing and costs O(log n). The score of a
// Position is, by state: a running number (pending, smaller than all others for requeued tasks), the attempt (active),
// or nanoseconds since 1970 of when it is due (scheduled, retry), was archived, will be deleted (completed), or joined
// its group.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/broker.hpp"
#include "broker/transfer.hpp"

namespace windlass::broker::memory {

struct Task;

struct Position {
  std::int64_t score = 0;
  std::uint64_t row = 0;  // the order in which tasks were stored: breaks ties
  friend auto operator<=>(const Position&, const Position&) = default;
};
using Shelf = std::map<Position, Task*>;

inline std::int64_t to_score(TimePoint t) { return t.time_since_epoch().count(); }
inline TimePoint to_time(std::int64_t score) { return TimePoint(Duration(score)); }

// A server that took tasks or said that it lives. Its tasks share it.
struct Owner {
  std::string id;
  std::optional<Duration> alive_until;  // steady; nothing: it never said so
};

struct Task {
  core::TaskMessage message;
  std::uint64_t row = 0;
  TaskState state = TaskState::kPending;
  Shelf::iterator place;  // on the shelf of its state
  bool held = false;      // in an aggregation set, hence in no group
  int crashes = 0;
  Failure failure;
  std::optional<std::string> result;
  std::optional<Progress> progress;
  TimePoint pending_since;  // while pending
  TimePoint started_at;     // while active, as all below
  Duration lease_until{};   // steady
  std::shared_ptr<Owner> owner;

  std::int64_t score() const { return place->first.score; }
};

struct Counts {
  std::uint64_t processed = 0, failed = 0, expired = 0;
};

struct HeldSet {
  std::string group;
  TimePoint deadline;
  std::vector<Task*> tasks;
};

struct Queue {
  explicit Queue(std::string n) : name(std::move(n)) {}

  Shelf& shelf(TaskState state) { return shelves[static_cast<std::size_t>(state)]; }
  const Shelf& shelf(TaskState state) const { return shelves[static_cast<std::size_t>(state)]; }

  std::string name;
  bool paused = false;
  std::unordered_map<std::string_view, std::unique_ptr<Task>> tasks;  // by id; the key is the task's own text
  std::array<Shelf, kTaskStateCount + 1> shelves;                     // by number of the state
  std::map<std::string, Shelf> groups;                                // waiting tasks; no empty ones
  std::map<std::string, HeldSet> sets;                                // by id
  std::int64_t front = 0, back = 0;                                   // scores given to pending tasks so far
  Counts total;
  std::map<std::int64_t, Counts> days;  // by days since 1970
};

struct UniqueLock {
  const Task* holder = nullptr;
  TimePoint until;
};

// What is remembered of a periodic entry.
struct TickLog {
  TimePoint last;                      // greatest nominal time
  std::vector<TickRun> runs;           // by `last`, which no two share
  std::vector<SchedulerEvent> events;  // oldest first
  TaskRef task;                        // stored last; may be gone
};

// Thread-compatible.
class Store {
 public:
  EnqueueOutcome add(const NewTask& task, TimePoint now);

  Queue* find_queue(std::string_view name);
  Queue& add_queue(const std::string& name);  // unless it is there
  Task* find(Queue& queue, std::string_view id);
  // The queue and task of a lease that is still good; nulls if it is lost.
  std::pair<Queue*, Task*> find_leased(const LeaseRef& lease);
  LeaseToken token_of(const Task& task) const { return {task.row, static_cast<std::uint64_t>(task.score())}; }

  // Moves. The task leaves its group if it waits in one.
  void to_pending(Queue& queue, Task& task, TimePoint now);
  void requeue(Queue& queue, Task& task, TimePoint now);
  void to_active(Queue& queue, Task& task);
  void to_group(Queue& queue, Task& task, TimePoint now);
  void to_timed(Queue& queue, Task& task, TaskState state, TimePoint time);  // scheduled, retry, archived, completed
  // Also releases its lock.
  void remove(Queue& queue, Task& task);
  // REQUIRES: no task is active.
  void remove_queue(Queue& queue);

  // How long the task holds its lock yet.
  Duration lock_left(const Task& task, TimePoint now) const;
  void release_lock(const Task& task);
  // Back into their group.
  void put_back(Queue& queue, const HeldSet& set);
  void put_back_ended(Queue& queue, TimePoint now);

  std::shared_ptr<Owner> owner(const std::string& id);
  // Its tasks keep it; the id starts anew.
  void forget_owner(const std::string& id) { owners_.erase(id); }
  void forget_dead_owners(Duration steady);

  const TickLog* find_ticks(const std::string& entry) const;
  std::vector<TickRecord> ticks() const;  // by entry
  void restore(const TickRecord& record);
  const std::map<std::string, std::unique_ptr<Queue>, std::less<>>& queues() const { return queues_; }

 private:
  bool tick_taken(const Tick& tick, TimePoint now) const;
  // Marks the tick as taken.
  TickLog& take_tick(const Tick& tick, TimePoint now);
  // Whether the task of the entry's last tick is still to do.
  bool tick_runs(const std::string& entry);
  const UniqueLock* held_lock(const NewTask& task, TimePoint now) const;
  void move(Queue& queue, Task& task, TaskState state, std::int64_t score);
  void leave_group(Queue& queue, Task& task);

  std::map<std::string, std::unique_ptr<Queue>, std::less<>> queues_;
  std::unordered_map<std::string, UniqueLock> locks_;
  std::unordered_map<std::string, TickLog> ticks_;
  std::unordered_map<std::string, std::shared_ptr<Owner>> owners_;
  std::uint64_t rows_ = 0;
  std::int64_t attempts_ = 0;
};

// The number of the UTC day.
std::int64_t day_of(TimePoint t);

}  // namespace windlass::broker::memory
