#include "runtime/loop_events.hpp"

#include <algorithm>
#include <utility>

#include "core/time_math.hpp"
#include "runtime/loop_run.hpp"

namespace windlass::runtime {

using windlass::internal::FdEvent;
using windlass::internal::Mailbox;
using State = windlass::internal::Operation::State;

namespace {

net::Direction direction_of(FdEvent event) {
  return event == FdEvent::kReadable ? net::Direction::kRead : net::Direction::kWrite;
}

}  // namespace

void LoopEvents::wait_for(Operation& op, Duration length) {
  op.due = core::saturated_sum(clock_.steady(), std::max(length, Duration::zero()));
  reactor_.add_timer(op.due, &op);
}

void LoopEvents::wait_until(Operation& op, TimePoint time) { wait_for(op, time - clock_.now()); }

Status LoopEvents::wait_fd(Operation& op, int fd, FdEvent event) {
  if (Status added = reactor_.add_fd(fd, direction_of(event), &op); !added) return added;
  op.fd = fd;
  op.event = event;
  return {};
}

void LoopEvents::end_waits(Operation& op) noexcept {
  if (op.due > Duration::zero()) reactor_.remove_timer(op.due, &op);
  if (op.fd >= 0) reactor_.remove_fd(op.fd, direction_of(op.event));
  op.due = Duration::zero();
  op.fd = -1;
}

void LoopEvents::ready(Operation& op) {
  end_waits(op);
  ready_.push_back(&op);
}

void LoopEvents::forget(Operation& op) noexcept {
  end_waits(op);
  ready_.erase(std::remove(ready_.begin(), ready_.end(), &op), ready_.end());
}

LoopEvents::Operation* LoopEvents::take_ready() {
  if (ready_.empty()) return nullptr;
  Operation* op = ready_.front();
  ready_.pop_front();
  return op;
}

// The lock is held until all is done: with the last thing that a run waits for, this object may go.
void LoopEvents::post(std::shared_ptr<Mailbox> mail) {
  base::Lock lock(mu_);
  mail_.push_back(std::move(mail));
  wake();
}

void LoopEvents::post_stop(LoopRun& run) {
  base::Lock lock(mu_);
  stops_.push_back(&run);
  wake();
}

void LoopEvents::wake() {
  woken_ = true;
  if (asleep_.exchange(false)) reactor_.wake();
}

void LoopEvents::collect(bool block) {
  asleep_ = block && ready_.empty();
  // A wake() from here on ends the wait; one that came before does so, too.
  reactor_.wait(come_, !woken_.exchange(false) && asleep_);
  asleep_ = false;
  for (net::Reactor::Tag tag : come_) {
    auto& op = *static_cast<Operation*>(tag);
    // The reactor does not wait for it any more.
    op.due = Duration::zero();
    op.fd = -1;
    op.run().ready(op);
  }
  come_.clear();
  open_inbox();
}

void LoopEvents::open_inbox() {
  std::vector<std::shared_ptr<Mailbox>> mail;
  std::vector<LoopRun*> stops;
  {
    base::Lock lock(mu_);
    mail.swap(mail_);
    stops.swap(stops_);
  }
  for (const std::shared_ptr<Mailbox>& box : mail) box->open();
  for (LoopRun* run : stops) run->stop();
}

}  // namespace windlass::runtime
