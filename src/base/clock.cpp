#include "base/clock.hpp"

#include <time.h>

#include <algorithm>

namespace windlass::base {
namespace {

Duration read_clock(clockid_t id) {
  timespec ts{};
  ::clock_gettime(id, &ts);
  return std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec);
}

class RealClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(read_clock(CLOCK_REALTIME)); }
  Duration steady() const override { return read_clock(CLOCK_BOOTTIME); }
  Duration sleep_slice(TimePoint until) const override {
    return std::clamp<Duration>(until - now(), Duration::zero(), std::chrono::seconds(1));
  }
  std::shared_ptr<void> add_listener(std::function<void()>) override { return nullptr; }
};

}  // namespace

Clock& real_clock() {
  static RealClock* const clock = new RealClock;
  return *clock;
}

}  // namespace windlass::base
