#include "runtime/loop_run.hpp"

#include <utility>

#include "base/log_context.hpp"
#include "mux/guarded_run.hpp"
#include "runtime/run_steps.hpp"
#include "trace/thread_context.hpp"

namespace windlass::runtime {

using windlass::internal::AsyncAccess;
using State = windlass::internal::Operation::State;

// Runs a part of the coroutine, with its own log fields and trace.
template <class F>
std::optional<Outcome> LoopRun::step(F go_on) {
  base::swap_log_context(log_);
  trace::swap_context(trace_);
  std::optional<Outcome> outcome;
  try {
    go_on();
    if (AsyncAccess::done(*coroutine_)) outcome = AsyncAccess::take(*coroutine_);
  } catch (...) { outcome = internal::outcome_of_exception(); }
  if (outcome) {
    // Destructors of the handler may log.
    coroutine_.reset();
    on_stop_.reset();
  }
  base::swap_log_context(log_);
  trace::swap_context(trace_);
  if (outcome) {
    log_.clear();
    trace_.reset();
  }
  return outcome;
}

std::optional<Outcome> LoopRun::start(TaskRun& task, Duration began, const Mux& mux) {
  task_ = &task;
  began_ = began;
  if (task.stop_reason() != StopReason::kNone) return stopped_before_start();
  log_ = internal::run_log_fields(task);
  trace_ = task.trace();
  return step([&] {
    coroutine_ = mux.run_async(task);
    AsyncAccess::start(*coroutine_, *this);
  });
}

std::optional<Outcome> LoopRun::resume(Operation& op) {
  op.state = State::kIdle;
  return step([&] { op.coroutine().resume(); });
}

void LoopRun::stop() {
  // The notice may be of a run before this one.
  if (waiting_ == nullptr || task_->stop_reason() == StopReason::kNone) return;
  for (Operation* op = waiting_; op != nullptr;) {
    Operation* next = op->next;
    op->stop();
    op = next;
  }
}

void LoopRun::wait(Operation& op) {
  op.state = State::kWaiting;
  op.previous = nullptr;
  op.next = waiting_;
  if (waiting_ != nullptr) waiting_->previous = &op;
  waiting_ = &op;
  if (!on_stop_) on_stop_.emplace(task_->stop_token(), StopNotice{this});
}

void LoopRun::unlink(Operation& op) noexcept {
  if (op.previous != nullptr) op.previous->next = op.next;
  if (op.next != nullptr) op.next->previous = op.previous;
  if (waiting_ == &op) waiting_ = op.next;
}

void LoopRun::wait_for(Operation& op, Duration length) {
  wait(op);
  events_.wait_for(op, length);
}

void LoopRun::wait_until(Operation& op, TimePoint time) {
  wait(op);
  events_.wait_until(op, time);
}

Status LoopRun::wait_fd(Operation& op, int fd, windlass::internal::FdEvent event) {
  Status status = events_.wait_fd(op, fd, event);
  if (status) wait(op);
  return status;
}

void LoopRun::ready(Operation& op) {
  if (op.state != State::kWaiting) return;
  unlink(op);
  op.state = State::kReady;
  events_.ready(op);
}

void LoopRun::forget(Operation& op) noexcept {
  if (op.state == State::kWaiting) unlink(op);
  events_.forget(op);
}

}  // namespace windlass::runtime
