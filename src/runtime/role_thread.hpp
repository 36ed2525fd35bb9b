// RoleThread: the thread of one role.
//
// It steps the role, sleeps until the time the role gave, and so on. The sleep is measured on the steady clock, so a wall clock
// that is stepped back does not stop a heartbeat. With a broker's Waiter instead of the alarm, the sleep also ends when the
// store says that there may be something to do, and its end is a time on the wall clock (as due times are).
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "base/alarm.hpp"
#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "runtime/role.hpp"

namespace windlass::runtime {

// wake() is thread-safe; start() and stop() belong to one thread.
class RoleThread {
 public:
  // The role must outlive this object.
  RoleThread(Role& role, base::Clock& clock, std::unique_ptr<broker::Waiter> waiter = nullptr);
  ~RoleThread();  // as stop()

  void start();
  // The role is stepped soon, whatever time it gave.
  void wake();
  // Returns when the last step has ended. May be called twice, or before start().
  void stop();

 private:
  void loop();
  // `now` and `started` (steady) are when the last step began.
  void sleep(TimePoint now, TimePoint next, Duration started);

  Role& role_;
  base::Clock& clock_;
  const std::unique_ptr<broker::Waiter> waiter_;
  base::Alarm alarm_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace windlass::runtime
