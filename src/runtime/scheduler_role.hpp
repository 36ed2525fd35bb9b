// SchedulerRole: enqueues the tasks of ticks that are due.
//
// Each entry knows up to when its ticks are settled: stored, refused for good, or dropped by the policy for missed
// ticks. Whatever holds the scheduler up (it was not running, it was stopped, the store was away, a factory threw), the
// same rule then says which of the ticks since are served: core::due_ticks. So there is one way through, for the tick
// on time as for the outage.
//
// What other schedulers did is not watched: every tick is sent, and the store refuses it if it was taken. Only where
// ticks were missed is the store asked first which was the last one taken, since it remembers single ticks for a day
// only.
//
// All entries that are due in one step go out in one call.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <windlass/scheduler.hpp>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "core/due_ticks.hpp"
#include "runtime/role.hpp"
#include "runtime/schedule_entry.hpp"
#include "runtime/scheduler_metrics.hpp"
#include "runtime/trouble.hpp"

namespace windlass::runtime {

// step() is confined to one thread, the others are thread-safe. The user's functions are called by step(), under no
// lock.
class SchedulerRole final : public Role {
 public:
  SchedulerRole(broker::Broker& broker, base::Clock& clock, SchedulerConfig config, Trouble trouble);

  // The step that comes next looks at it. Errors: kFailedPrecondition (there is one with this id).
  Status add(EntryPlan plan);
  // In the place of the entry with its id, whose ticks all those until now were; but where that has not served a tick that was due, the
  // ticks from that one on are those of the new one. The store refuses it should it be under way.
  void replace(EntryPlan plan);
  // False if there is none.
  bool remove(const std::string& id);
  // By id.
  std::vector<SchedulerEntry> entries() const;

  std::string_view name() const override { return "scheduler"; }
  TimePoint step(TimePoint now) override;

 private:
  // The task of a tick that is to be enqueued.
  struct Attempt {
    std::optional<broker::NewTask> task;  // nothing until it could be made
    bool settled = false;
    std::optional<Error> error;  // of the last attempt
  };
  struct Entry {
    explicit Entry(EntryPlan p) : plan(std::move(p)), shown(show(plan)) {}

    const EntryPlan plan;
    const SchedulerEntry shown;
    std::uint64_t order = 0;  // of adding: entries that are due together go in it
    // Guarded by the role's mutex. Only step() changes prev, done and known, and reads them without it.
    TimePoint wake;  // its place in the queue
    TimePoint prev;  // last tick that is known to be taken
    bool live = true;
    TimePoint done;      // settled so far; kNoTime: not seen yet
    bool known = false;  // the store was asked for its last tick
    // Confined to step().
    bool dropped = false;
    std::map<TimePoint, Attempt> attempts;  // by nominal time
    std::optional<broker::NewTask> ready;   // made in the quiet time before its tick
    int failures = 0;                       // of its own, in a row
  };
  using EntryPtr = std::shared_ptr<Entry>;
  struct Item {
    Entry* entry;
    TimePoint nominal;
    Attempt* attempt;
  };

  std::vector<EntryPtr> find_due(TimePoint now);
  void turn_back(TimePoint now) WINDLASS_REQUIRES(mu_);
  void serve(const std::vector<EntryPtr>& due, TimePoint now);
  Status ask_last_ticks(const std::vector<EntryPtr>& due, TimePoint now);
  static core::DueTicks ticks_of(const Entry& entry, TimePoint now);
  void prepare(Entry& entry, TimePoint now, std::vector<Item>& items);
  void give_up(Entry& entry, const std::vector<TimePoint>& due);
  void prepare_next(TimePoint now);
  void make_task(Entry& entry, TimePoint nominal, TimePoint now, Attempt& attempt);
  Result<broker::NewTask> plan(Entry& entry, const Task& task, TimePoint nominal, TimePoint now) const;
  void send(std::span<Item> items, TimePoint now);
  bool send_batch(std::span<Item> items, TimePoint now);
  void refused(std::span<Item> items, const Error& error, TimePoint now);
  void ask_failed(Entry& entry, TimePoint now, const Error& error);
  void store_failed(const Error& error);
  void settle(const EntryPtr& entry, TimePoint now);
  void enter(const EntryPtr& entry, TimePoint wake) WINDLASS_REQUIRES(mu_);
  TimePoint next_step(TimePoint now);

  void entry_failed(Entry& entry, TimePoint nominal, Attempt& attempt, const Error& error);
  void tell_failed(const Entry& entry, TimePoint nominal, const Error& error);
  void tell_settled(const Entry& entry, TimePoint nominal, const Result<TaskInfo>& stored);

  broker::Broker& broker_;
  base::Clock& clock_;
  const SchedulerConfig config_;
  SchedulerMetrics metrics_;

  // Confined to step().
  Trouble trouble_;
  Duration store_wait_{};  // steady: no call before
  TimePoint last_step_;    // latest; starts anew when the clock is set back

  mutable base::Mutex mu_;
  std::map<std::string, EntryPtr> entries_ WINDLASS_GUARDED_BY(mu_);
  // Entries by when they are to be looked at; those without further ticks are not in it.
  std::map<std::pair<TimePoint, std::uint64_t>, EntryPtr> queue_ WINDLASS_GUARDED_BY(mu_);
  std::uint64_t added_ WINDLASS_GUARDED_BY(mu_) = 0;
};

}  // namespace windlass::runtime
