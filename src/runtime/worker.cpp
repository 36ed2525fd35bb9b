#include "runtime/worker.hpp"

#include <utility>

namespace windlass::runtime {

Worker::Worker(std::size_t index, Slot& slot, const ExecutorTools& tools, base::Random random)
    : index_(index), slot_(slot), tools_(tools), steps_(tools, random) {}

void Worker::loop() {
  TaskRun* run = tools_.queue.take(index_);
  while (run != nullptr) {
    if (!serve(*run)) return;
    run = tools_.queue.finish_and_take(index_, took_);
  }
}

bool Worker::serve(TaskRun& run) {
  took_ = Duration::zero();
  const std::optional<Duration> began = steps_.begin(slot_, run);
  if (!began) return true;
  exec::RunReport report = run.stop_reason() == StopReason::kNone ? tools_.handlers.run(run) : exec::RunReport{stopped_before_start()};
  const std::optional<Duration> took = steps_.end(slot_, run, std::move(report), *began);
  if (took) took_ = *took;
  return took.has_value();
}

}  // namespace windlass::runtime
