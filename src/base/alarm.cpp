#include "base/alarm.hpp"

#include <algorithm>

namespace windlass::base {

Alarm::Alarm(Clock& clock) : clock_(clock) {
  listener_ = clock.add_listener([this] {
    Lock lock(mu_);
    clock_jumped_ = true;
    changed_.notify_all();
  });
}

Alarm::~Alarm() = default;

bool Alarm::sleep_until(TimePoint until) {
  Lock lock(mu_);
  while (!woken_) {
    if (clock_.now() >= until) return false;
    if (!clock_jumped_) changed_.wait_for(mu_, clock_.sleep_slice(until));
    clock_jumped_ = false;
  }
  woken_ = false;
  return true;
}

bool Alarm::sleep_until_steady(Duration until) {
  Lock lock(mu_);
  while (!woken_) {
    const Duration left = until - clock_.steady();
    if (left <= Duration::zero()) return false;
    if (!clock_jumped_) changed_.wait_for(mu_, clock_.sleep_slice(clock_.now() + std::min<Duration>(left, std::chrono::hours(24))));
    clock_jumped_ = false;
  }
  woken_ = false;
  return true;
}

void Alarm::wake() {
  Lock lock(mu_);
  woken_ = true;
  changed_.notify_all();
}

}  // namespace windlass::base
