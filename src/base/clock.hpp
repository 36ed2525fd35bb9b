// Clock: where all time in windlass comes from, so that tests can move it.
//
// Two kinds of time. `now()` is the wall clock: when tasks are due, what people read. It may be stepped. `steady()` is
// the time since this machine booted (it runs on during suspend) and never jumps: leases and liveness of processes on
// one machine are measured with it.
#pragma once

#include <functional>
#include <memory>

#include <windlass/time.hpp>

namespace windlass::base {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual TimePoint now() const = 0;
  // Time since boot.
  virtual Duration steady() const = 0;

  // For how long a thread that wants to sleep until `until` may block before it must look at the clock again. A real
  // clock answers the time left, at most 1 s, so that a stepped wall clock is noticed; a fake one answers an hour,
  // because advancing it calls the listeners.
  virtual Duration sleep_slice(TimePoint until) const = 0;

  // `changed` is called (from any thread, with no lock held that it could need) whenever the clock jumped. A real clock
  // never calls it. The listener lives until the returned handle is destroyed.
  virtual std::shared_ptr<void> add_listener(std::function<void()> changed) = 0;
};

// The machine's clock. One object for the whole process, never destroyed.
Clock& real_clock();

}  // namespace windlass::base
