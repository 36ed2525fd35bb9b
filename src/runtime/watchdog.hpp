// Watchdog: tells runs that are over their timeout or deadline to stop, and marks as overruns those that go on all the same, and
// coroutine handlers that hold their loop thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "runtime/counters.hpp"
#include "runtime/loop_pulse.hpp"
#include "runtime/role.hpp"
#include "runtime/slots.hpp"

namespace windlass::runtime {

// It must be woken when Slots::begin() says so, and after a cancel request was carried out. The callbacks that a handler
// has put on its stop token run here.
class Watchdog final : public Role {
 public:
  Watchdog(Slots& slots, base::Clock& clock, Counters& counters);

  // REQUIRES: before the first step.
  void watch(const LoopPulse& pulse) { loops_.push_back({&pulse, 0, Duration::zero()}); }

  std::string_view name() const override { return "watchdog"; }
  TimePoint step(TimePoint now) override;

 private:
  struct Loop {
    const LoopPulse* pulse;
    std::uint64_t seen;  // its count, and since when (steady) it is so
    Duration since;
  };
  void look_at(Loop& loop, Duration steady);

  Slots& slots_;
  base::Clock& clock_;
  Counters& counters_;
  std::vector<Loop> loops_;
};

}  // namespace windlass::runtime
