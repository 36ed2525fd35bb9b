#include "runtime/watchdog.hpp"

#include <algorithm>

#include <windlass/log.hpp>

namespace windlass::runtime {
namespace {

// A wall clock that is stepped forward makes deadlines come sooner than the steady clock says.
constexpr Duration kLongestSleep = std::chrono::seconds(10);

}  // namespace

Watchdog::Watchdog(Slots& slots, base::Clock& clock, Counters& counters)
    : slots_(slots), clock_(clock), counters_(counters) {}

TimePoint Watchdog::step(TimePoint now) {
  const Duration steady = clock_.steady();
  LimitScan scan = slots_.scan(now, steady);
  for (std::stop_source& source : scan.to_stop) source.request_stop();
  for (const broker::TaskRef& task : scan.overruns) {
    log_warn("handler was told to stop and goes on: its slot stays taken", {{"task", task.id}, {"queue", task.queue}});
  }
  add(counters_.overruns, scan.overruns.size());
  return now + std::clamp<Duration>(scan.next - steady, Duration(1), kLongestSleep);
}

}  // namespace windlass::runtime
