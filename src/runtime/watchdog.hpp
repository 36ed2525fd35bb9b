// Watchdog: tells runs that are over their timeout or deadline to stop, and marks those that go on all the same.
#pragma once

#include "base/clock.hpp"
#include "runtime/counters.hpp"
#include "runtime/role.hpp"
#include "runtime/slots.hpp"

namespace windlass::runtime {

// It must be woken when Slots::begin() says so, and after a cancel request was carried out. The callbacks that a handler
// has put on its stop token run here.
class Watchdog final : public Role {
 public:
  Watchdog(Slots& slots, base::Clock& clock, Counters& counters);

  std::string_view name() const override { return "watchdog"; }
  TimePoint step(TimePoint now) override;

 private:
  Slots& slots_;
  base::Clock& clock_;
  Counters& counters_;
};

}  // namespace windlass::runtime
