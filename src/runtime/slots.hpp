// Slots: what each executor is running right now: where watchdog, heartbeat and shutdown look.
//
// A worker thread has one slot, a loop thread as many as it has coroutines. A slot is taken from begin() until end(), for as
// long as the handler's code runs, whatever happened to the task.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/mutex.hpp"
#include "broker/broker.hpp"
#include "runtime/task_run.hpp"

namespace windlass::runtime {

// When a run is told to stop. The timeout is a length, so it ends on the steady clock; the deadline is a time on the wall.
struct RunLimits {
  static constexpr Duration kNever = Duration::max();
  Duration timeout_at = kNever;    // steady
  TimePoint deadline = kNoTime;    // wall
  // So long after it was told to stop its process is killed, so it is no overrun before. Nothing: nobody can end it.
  std::optional<Duration> stop_time;
};

// What a look at the slots for runs that are over their limits found.
struct LimitScan {
  std::vector<std::stop_source> to_stop;  // for the caller to request_stop()
  std::vector<broker::TaskRef> overruns;  // became overruns now
  Duration next = RunLimits::kNever;      // steady time of the next look
};

// One place for a run. Thread-safe, through Slots.
class alignas(64) Slot {
 private:
  friend class Slots;
  mutable base::Mutex mu;
  TaskRun* run WINDLASS_GUARDED_BY(mu) = nullptr;
  RunLimits limits WINDLASS_GUARDED_BY(mu);
  TimePoint started_at WINDLASS_GUARDED_BY(mu);
  bool overrun WINDLASS_GUARDED_BY(mu) = false;
  bool abandoned WINDLASS_GUARDED_BY(mu) = false;
};

// Thread-safe; begin() and end() of a slot belong to its executor.
class Slots {
 public:
  // A run that is still there so long after it was told to stop, or should have been killed, is an overrun.
  static constexpr Duration kOverrunAfter = std::chrono::seconds(1);

  // A slot for an executor, for as long as this lives.
  Slot& add();

  // Returns true if the run's limit comes before the next look of the watchdog, which must then be woken.
  [[nodiscard]] bool begin(Slot& slot, TaskRun& run, const RunLimits& limits, TimePoint now, Duration steady);
  // False if the run was abandoned meanwhile: then the caller must not finish it.
  [[nodiscard]] static bool end(Slot& slot);

  LimitScan scan(TimePoint now, Duration steady);
  // Marks the run in the slot as an overrun, if `still` holds while nobody can change what runs there. Nothing if it is one already.
  template <class F>
  static std::optional<broker::TaskRef> mark_overrun(Slot& slot, F still) {
    base::Lock lock(slot.mu);
    if (slot.run == nullptr || slot.overrun || slot.abandoned || !still()) return std::nullopt;
    slot.overrun = true;
    return broker::TaskRef{slot.run->queue(), slot.run->task_id()};
  }
  std::vector<broker::RunningTask> running() const;

  // Tells all runs to stop, and those that begin later, too.
  std::vector<std::stop_source> tell_all(StopReason reason, Duration steady);
  // Gives up all runs that are still there, see end(), and returns their leases: their tasks are to be given back.
  std::vector<broker::LeaseRef> abandon_all();
  // The same for those that nobody can end: the others' processes are about to be killed.
  std::vector<broker::LeaseRef> abandon_unkillable();
  // Whether any is left whose process is about to be killed.
  bool any_killable() const;
  static bool abandoned(const Slot& slot);

 private:
  std::vector<broker::LeaseRef> abandon(bool killable);
  static void scan_slot(Slot& slot, TimePoint now, Duration steady, LimitScan& scan) WINDLASS_REQUIRES(slot.mu);

  mutable base::Mutex mu_;
  std::vector<std::unique_ptr<Slot>> slots_ WINDLASS_GUARDED_BY(mu_);
  // Steady time of the watchdog's next look. kNever while it looks: then everyone who begins with a limit wakes it again.
  std::atomic<Duration::rep> next_look_ = RunLimits::kNever.count();
  std::atomic<StopReason> all_told_ = StopReason::kNone;
};

}  // namespace windlass::runtime
