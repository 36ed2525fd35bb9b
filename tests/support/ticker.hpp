// Ticker: moves a FakeClock on while threads live by it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "support/fake_clock.hpp"

namespace windlass::testing {

// 100 ms at a time, as long as it lives. Between two moves the threads that were woken have a while of real time to
// run. How much they do in it is up to the machine: a test cannot say how much time passes until something happens.
class Ticker {
 public:
  explicit Ticker(FakeClock& clock)
      : thread_([this, &clock] {
          std::unique_lock lock(mu_);
          while (!ended_.wait_for(lock, std::chrono::microseconds(100), [this] { return done_; })) {
            lock.unlock();
            clock.advance(std::chrono::milliseconds(100));
            lock.lock();
          }
        }) {}
  ~Ticker() {
    {
      const std::lock_guard lock(mu_);
      done_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  std::mutex mu_;
  std::condition_variable ended_;
  bool done_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace windlass::testing
