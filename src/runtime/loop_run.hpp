// LoopRun: one coroutine handler on a loop thread, from its first step to its last. Used again for the next one: a loop
// keeps as many as it ever had at once.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include <windlass/coroutine.hpp>
#include <windlass/log.hpp>
#include <windlass/mux.hpp>

#include "runtime/call_threads.hpp"
#include "runtime/loop_events.hpp"
#include "runtime/slots.hpp"
#include "runtime/task_run.hpp"

namespace windlass::runtime {

// Confined to its loop's thread, except what CoroutineRun says.
class LoopRun final : public windlass::internal::CoroutineRun {
 public:
  using Operation = windlass::internal::Operation;

  LoopRun(LoopEvents& events, CallThreads& threads, Slot& slot) : events_(events), threads_(threads), slot_(slot) {}

  Slot& slot() const { return slot_; }
  TaskRun& task() const { return *task_; }
  Duration began() const { return began_; }

  // Calls the handler and runs the coroutine that it returns up to its first wait. Returns the outcome if it has ended.
  std::optional<Outcome> start(TaskRun& task, Duration began, const Mux& mux);
  // Goes on where `op` waited.
  std::optional<Outcome> resume(Operation& op);
  // Ends what it waits for, if it was told to stop.
  void stop();

  StopReason stop_reason() const override { return task_->stop_reason(); }
  void wait(Operation& op) override;
  void wait_for(Operation& op, Duration length) override;
  void wait_until(Operation& op, TimePoint time) override;
  Status wait_fd(Operation& op, int fd, windlass::internal::FdEvent event) override;
  void ready(Operation& op) override;
  void forget(Operation& op) noexcept override;
  void post(std::shared_ptr<windlass::internal::Mailbox> mail) override { events_.post(std::move(mail)); }
  void call_on_thread(std::function<void()> call) override { threads_.call(std::move(call)); }

 private:
  struct StopNotice {
    LoopRun* run;
    void operator()() const { run->events_.post_stop(*run); }
  };

  template <class F>
  std::optional<Outcome> step(F go_on);
  void unlink(Operation& op) noexcept;

  LoopEvents& events_;
  CallThreads& threads_;
  Slot& slot_;
  TaskRun* task_ = nullptr;
  Duration began_{};
  std::optional<Async<Outcome>> coroutine_;
  Operation* waiting_ = nullptr;                           // list of all that it waits for
  std::vector<LogField> log_;                              // while it does not run
  std::optional<TraceContext> trace_;                      // likewise
  std::optional<std::stop_callback<StopNotice>> on_stop_;  // from its first wait on
};

}  // namespace windlass::runtime
