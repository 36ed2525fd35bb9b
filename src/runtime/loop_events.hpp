// LoopEvents: what wakes the coroutines of one loop thread: times, descriptors, mail from other threads, stops.
//
// Whatever has come goes into one list of operations that are ready, in the order in which it came; the loop resumes
// them one by one. So nothing is resumed from within something else, and an operation that has come cannot be stopped
// any more.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include <windlass/coroutine.hpp>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "net/reactor.hpp"

namespace windlass::runtime {

class LoopRun;

// Confined to the loop's thread, except where it says otherwise.
class LoopEvents {
 public:
  using Operation = windlass::internal::Operation;

  explicit LoopEvents(base::Clock& clock) : clock_(clock), reactor_(clock) {}

  void wait_for(Operation& op, Duration length);
  void wait_until(Operation& op, TimePoint time);
  Status wait_fd(Operation& op, int fd, windlass::internal::FdEvent event);
  void ready(Operation& op);
  // Takes it out of the timers, descriptors and what is ready.
  void forget(Operation& op) noexcept;

  // Thread-safe. Calls mail->open() on the loop thread.
  void post(std::shared_ptr<windlass::internal::Mailbox> mail);
  // Thread-safe. Calls run.stop() on the loop thread. REQUIRES: the run object lives as long as this.
  void post_stop(LoopRun& run);
  // Thread-safe. Ends collect().
  void wake();

  // Looks what has come; blocks until there is something, or wake(), if `block`.
  void collect(bool block);
  // nullptr if none is ready.
  Operation* take_ready();

 private:
  void end_waits(Operation& op) noexcept;
  void open_inbox();
  void wake_if_asleep();

  base::Clock& clock_;
  net::Reactor reactor_;
  std::deque<Operation*> ready_;
  std::vector<net::Reactor::Tag> come_;

  // Set by the loop before it looks at what others have left for the last time before it sleeps.
  std::atomic<bool> asleep_ = false;
  std::atomic<bool> woken_ = false;
  base::Mutex mu_;
  std::vector<std::shared_ptr<windlass::internal::Mailbox>> mail_ WINDLASS_GUARDED_BY(mu_);
  std::vector<LoopRun*> stops_ WINDLASS_GUARDED_BY(mu_);
};

}  // namespace windlass::runtime
