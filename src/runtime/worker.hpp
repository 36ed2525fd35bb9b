// Worker: one thread that takes tasks from the queue and runs their handlers, one after the other.
#pragma once

#include <cstddef>
#include <functional>

#include <windlass/mux.hpp>
#include <windlass/server.hpp>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "runtime/counters.hpp"
#include "runtime/finisher.hpp"
#include "runtime/hooks.hpp"
#include "runtime/slots.hpp"
#include "runtime/work_queue.hpp"

namespace windlass::runtime {

// What all workers of a server share.
struct WorkerTools {
  const Mux& mux;
  const Hooks& hooks;
  WorkQueue& queue;
  Slots& slots;
  Finisher& finisher;
  base::Clock& clock;
  std::function<void()> wake_watchdog;
  ExpiredPolicy expired = ExpiredPolicy::kArchive;
};

// Confined to its thread.
class Worker {
 public:
  Worker(std::size_t slot, const WorkerTools& tools, base::Random random);

  // Returns when the queue is closed, or when the run of this worker was abandoned; see Slots::abandon_all().
  void loop();

 private:
  // Returns false when the run was abandoned.
  bool serve(TaskRun& run);
  bool refuse(TaskRun& run, TimePoint now);
  broker::Finish finish_of(TaskRun& run, Outcome outcome);
  void submit(TaskRun& run, broker::Finish finish);

  const std::size_t slot_;
  const WorkerTools& tools_;
  base::Random random_;
  Duration took_{};  // of the last handler
};

}  // namespace windlass::runtime
