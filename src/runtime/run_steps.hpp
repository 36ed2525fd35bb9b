// RunSteps: what comes before and after a handler, whichever executor calls it.
#pragma once

#include <functional>
#include <optional>

#include <windlass/mux.hpp>
#include <windlass/server.hpp>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "runtime/finisher.hpp"
#include "runtime/handlers.hpp"
#include "runtime/hooks.hpp"
#include "runtime/run_metrics.hpp"
#include "runtime/slots.hpp"
#include "runtime/work_queue.hpp"

namespace windlass::runtime {

// What all executors of a server share.
struct ExecutorTools {
  const Mux& mux;
  Handlers& handlers;
  const Hooks& hooks;
  const RunMetrics& metrics;
  WorkQueue& queue;
  Slots& slots;
  Finisher& finisher;
  const RunTable& table;
  base::Clock& clock;
  std::function<void()> wake_watchdog;
  ExpiredPolicy expired = ExpiredPolicy::kArchive;
  int crash_limit = 0;
};

// The outcome of a run that was told to stop before its handler was called.
Outcome stopped_before_start();

// Confined to the executor's thread.
class RunSteps {
 public:
  RunSteps(const ExecutorTools& tools, base::Random random) : tools_(tools), random_(random), meter_(tools.metrics) {}

  // Puts the run into the slot and returns the time (steady); nothing if the task must not start any more: it is
  // finished then.
  std::optional<Duration> begin(Slot& slot, TaskRun& run);
  // Decides what becomes of the task, frees the slot and hands the outcome over. Returns how long the run has taken
  // since `began`; nothing if it was abandoned (see Slots::abandon_all()): it must not be touched any more then.
  std::optional<Duration> end(Slot& slot, TaskRun& run, exec::RunReport report, Duration began);

 private:
  bool refuse(TaskRun& run, TimePoint now, Duration steady);
  broker::Finish finish_of(TaskRun& run, exec::RunReport report);
  void submit(TaskRun& run, broker::Finish finish);

  const ExecutorTools& tools_;
  base::Random random_;
  RunMeter meter_;
};

}  // namespace windlass::runtime
