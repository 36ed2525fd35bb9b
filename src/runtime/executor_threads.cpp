#include "runtime/executor_threads.hpp"

#include <system_error>
#include <utility>

#include <windlass/log.hpp>

#include "runtime/worker.hpp"

namespace windlass::runtime {

void ExecutorThreads::add_loops(std::size_t count, const ExecutorTools& tools) {
  base::Lock lock(mu_);
  for (std::size_t i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<CoroutineLoop>(tools, call_threads_, base::Random(random_.next())));
  }
}

bool ExecutorThreads::start_worker(std::size_t index, const ExecutorTools& tools, std::shared_ptr<void> keep) {
  base::Lock lock(mu_);
  if (spare_slot_ == nullptr) spare_slot_ = &tools.slots.add();
  Slot& slot = *spare_slot_;
  try {
    workers_.push_back({&slot, std::thread([index, &slot, &tools, seed = random_.next(), kept = std::move(keep)] {
                          Worker(index, slot, tools, base::Random(seed)).loop();
                        })});
    spare_slot_ = nullptr;
    return true;
  } catch (const std::system_error& e) {
    log_error("a worker thread cannot be started: tasks wait", {{"error", e.what()}});
    return false;
  }
}

void ExecutorThreads::start_loops(const std::shared_ptr<void>& keep) {
  for (const auto& loop : loops_) {
    loop_threads_.emplace_back([&loop = *loop, keep] { loop.loop(); });
  }
}

void ExecutorThreads::join() {
  std::vector<WorkerThread> workers;
  {
    base::Lock lock(mu_);
    workers.swap(workers_);
  }
  for (WorkerThread& worker : workers) Slots::abandoned(*worker.slot) ? worker.thread.detach() : worker.thread.join();
  for (std::size_t i = 0; i < loop_threads_.size(); ++i) {
    loops_[i]->busy() ? loop_threads_[i].detach() : loop_threads_[i].join();
  }
  loop_threads_.clear();
  call_threads_.close();
}

}  // namespace windlass::runtime
