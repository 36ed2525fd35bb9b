// Alarm: one thread sleeps on it until a time, any other may wake it early. A wake-up that comes while nobody sleeps is
// remembered for the next sleep, so none is lost between "nothing to do" and "go to sleep".
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace windlass::base {

// wake() is thread-safe; the sleeps are for one thread at a time.
class Alarm {
 public:
  explicit Alarm(Clock& clock);
  ~Alarm();

  // Returns true when woken by wake(), false when `until` has come.
  bool sleep_until(TimePoint until);
  // The same on the steady clock: a wall clock that is stepped does not change it.
  bool sleep_until_steady(Duration until);
  // The same for a length of time from now.
  bool sleep_for(Duration length) { return sleep_until_steady(clock_.steady() + length); }
  void wake();

 private:
  Clock& clock_;
  Mutex mu_;
  CondVar changed_;
  bool woken_ WINDLASS_GUARDED_BY(mu_) = false;
  bool clock_jumped_ WINDLASS_GUARDED_BY(mu_) = false;
  std::shared_ptr<void> listener_;  // last: must be gone before the members it touches
};

}  // namespace windlass::base
