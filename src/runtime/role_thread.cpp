#include "runtime/role_thread.hpp"

#include <utility>

namespace windlass::runtime {

RoleThread::RoleThread(Role& role, base::Clock& clock, std::unique_ptr<broker::Waiter> waiter)
    : role_(role), clock_(clock), waiter_(std::move(waiter)), alarm_(clock) {}

RoleThread::~RoleThread() { stop(); }

void RoleThread::start() {
  thread_ = std::thread([this] { loop(); });
}

void RoleThread::wake() { waiter_ ? waiter_->wake() : alarm_.wake(); }

void RoleThread::stop() {
  stopping_ = true;
  wake();
  if (thread_.joinable()) thread_.join();
}

void RoleThread::loop() {
  while (!stopping_) {
    const TimePoint now = clock_.now();
    const Duration started = clock_.steady();
    const TimePoint next = role_.step(now);
    sleep(now, next, started);
  }
}

void RoleThread::sleep(TimePoint now, TimePoint next, Duration started) {
  if (stopping_) return;
  if (next <= now) {
    std::this_thread::yield();
  } else if (waiter_) {
    waiter_->wait(next);
  } else {
    // Counted from the start of the step, which took a part of the time.
    alarm_.sleep_until_steady(started + (next - now));
  }
}

}  // namespace windlass::runtime
