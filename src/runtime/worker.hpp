// Worker: one thread that takes tasks from the queue and runs their handlers, one after the other.
#pragma once

#include <cstddef>

#include "base/random.hpp"
#include "runtime/run_steps.hpp"

namespace windlass::runtime {

// Confined to its thread.
class Worker {
 public:
  // `index` is its number in the queue.
  Worker(std::size_t index, Slot& slot, const ExecutorTools& tools, base::Random random);

  // Returns when the queue is closed, or when the run of this worker was abandoned; see Slots::abandon_all().
  void loop();

 private:
  // Returns false when the run was abandoned.
  bool serve(TaskRun& run);

  const std::size_t index_;
  Slot& slot_;
  const ExecutorTools& tools_;
  RunSteps steps_;
  Duration took_{};  // of the last handler
};

}  // namespace windlass::runtime
