// ExecutorThreads: the threads that run handlers: workers, which the queue starts when it needs them, and loops.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.hpp"
#include "base/random.hpp"
#include "runtime/coroutine_loop.hpp"
#include "runtime/run_steps.hpp"

namespace windlass::runtime {

// Thread-safe.
class ExecutorThreads {
 public:
  explicit ExecutorThreads(base::Random random) : random_(random) {}

  // Makes the loops. REQUIRES: before start_loops(), once.
  void add_loops(std::size_t count, const ExecutorTools& tools);
  const std::vector<std::unique_ptr<CoroutineLoop>>& loops() const { return loops_; }

  // The threads hold `keep`, in which this and `tools` live. False if the thread cannot be started; logged.
  bool start_worker(std::size_t index, const ExecutorTools& tools, std::shared_ptr<void> keep);
  // Throws std::system_error.
  void start_loops(const std::shared_ptr<void>& keep);

  // Waits for all threads but those whose handlers may never return, which keep `keep`, and nothing else. REQUIRES: the
  // queue is closed.
  void join();

 private:
  struct WorkerThread {
    Slot* slot;
    std::thread thread;
  };

  CallThreads call_threads_;
  std::vector<std::unique_ptr<CoroutineLoop>> loops_;
  std::vector<std::thread> loop_threads_;
  base::Mutex mu_;
  base::Random random_ WINDLASS_GUARDED_BY(mu_);
  std::vector<WorkerThread> workers_ WINDLASS_GUARDED_BY(mu_);
  Slot* spare_slot_ WINDLASS_GUARDED_BY(mu_) = nullptr;  // of a thread that could not be started
};

}  // namespace windlass::runtime
