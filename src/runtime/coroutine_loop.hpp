// CoroutineLoop: one thread that runs the coroutine handlers of a server, many at once, each from one co_await to the
// next.
//
// What comes before and after a handler is the same as on a worker thread (RunSteps); each run has a slot of its own,
// so watchdog, heartbeat, cancel and shutdown see no difference.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/random.hpp"
#include "runtime/call_threads.hpp"
#include "runtime/loop_events.hpp"
#include "runtime/loop_pulse.hpp"
#include "runtime/loop_run.hpp"
#include "runtime/run_steps.hpp"

namespace windlass::runtime {

class CoroutineLoop {
 public:
  CoroutineLoop(const ExecutorTools& tools, CallThreads& threads, base::Random random);
  ~CoroutineLoop();

  // On its thread. Returns when the queue is closed and no run is left, be it abandoned.
  void loop();
  // Whether runs are left. Thread-safe.
  bool busy() const { return active_.load() > 0; }
  // Whether a handler holds the thread.
  const LoopPulse& pulse() const { return pulse_; }

 private:
  // Tasks that are taken from the queue at once.
  static constexpr std::size_t kBatch = 64;
  // Steps of runs between two looks at what has come.
  static constexpr std::size_t kStepsMax = 256;

  bool take_tasks();
  void begin(TaskRun& task);
  void resume_some();
  void end(LoopRun& run, Outcome outcome);
  LoopRun& take_run();

  const ExecutorTools& tools_;
  CallThreads& threads_;
  LoopPulse pulse_;
  LoopEvents events_;
  std::size_t number_;             // in the queue
  std::atomic<bool> work_ = true;  // the queue may have tasks for this loop
  std::atomic<std::size_t> active_ = 0;

  // Confined to the thread.
  RunSteps steps_;
  std::vector<std::unique_ptr<LoopRun>> runs_;
  std::vector<LoopRun*> free_;
  std::vector<TaskRun*> tasks_;
  std::vector<Duration> took_;  // of the runs that have ended since the last take
};

}  // namespace windlass::runtime
