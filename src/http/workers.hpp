// Workers: the threads that run handlers, which may block.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.hpp"

namespace windlass::http {

// Thread-safe.
class Workers {
 public:
  Workers(std::size_t threads, std::size_t waiting_max);
  ~Workers();  // as stop()

  // False if too many are waiting, or after stop(). The job must not throw.
  bool submit(std::function<void()> job);
  // Runs what is waiting, then ends the threads. May come twice.
  void stop();

 private:
  void run();

  const std::size_t waiting_max_;
  base::Mutex mu_;
  base::CondVar changed_;
  std::deque<std::function<void()>> jobs_ WINDLASS_GUARDED_BY(mu_);
  bool stopped_ WINDLASS_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace windlass::http
