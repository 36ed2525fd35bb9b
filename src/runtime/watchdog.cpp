#include "runtime/watchdog.hpp"

#include <algorithm>

#include <windlass/log.hpp>

namespace windlass::runtime {
namespace {

// A wall clock that is stepped forward makes deadlines come sooner than the steady clock says.
constexpr Duration kLongestSleep = std::chrono::seconds(10);
// A handler that holds a loop thread has no limit of its own by which one would look.
constexpr Duration kLoopsEvery = std::chrono::seconds(1);

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
  counters_.overruns.add(scan.overruns.size());
  for (Loop& loop : loops_) look_at(loop, steady);
  return now + std::clamp<Duration>(scan.next - steady, Duration(1), loops_.empty() ? kLongestSleep : kLoopsEvery);
}

void Watchdog::look_at(Loop& loop, Duration steady) {
  const std::uint64_t count = loop.pulse->count();
  if (count != loop.seen) {
    loop.seen = count;
    loop.since = steady;
  }
  const bool held = count % 2 == 1;
  if (!held || steady - loop.since < Slots::kOverrunAfter) return;
  const auto task = Slots::mark_overrun(*loop.pulse->slot(), [&] { return loop.pulse->count() == count; });
  if (!task) return;
  log_warn("coroutine handler blocks its loop thread: the others there wait", {{"task", task->id}, {"queue", task->queue}});
  counters_.overruns.add(1);
}

}  // namespace windlass::runtime
