// ProcessPool: handlers in child processes.
//
// Children are this program, started again (child_main.hpp), when a run finds none free; they stay for the next run. A
// thread of the pool, the supervisor, starts them, reads their output, reaps them, and sends the signals of runs that
// were told to stop and did not. It lives as long as the pool, and children end with it: the kernel sees to that.
//
//   told to stop         at once        a Stop frame: the handler's stop token is set
//                        after grace    SIGTERM to the child's process group
//                        1 s later      SIGKILL
//   where it is urgent: see escalation.hpp
//
// A child that has met a signal takes no more runs; neither does one that is over its tasks_per_child or rss_max.
//
// Where no process can be started for lack of something that may come back, runs wait for it, or for a child that becomes free; a
// run that has waited in vain is given back (ChildLoss::kNotStarted).
#pragma once

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <windlass/context.hpp>
#include <windlass/isolation.hpp>

#include "base/mutex.hpp"
#include "exec/executor.hpp"
#include "exec/fd.hpp"
#include "exec/handler_child.hpp"
#include "exec/start_retries.hpp"

namespace windlass::exec {

// Thread-safe.
class ProcessPool final : public windlass::internal::Executor {
 public:
  // `options`: all defaults filled in. Errors: as ChildPlan::make(), kResourceExhausted.
  static Result<std::unique_ptr<ProcessPool>> start(const HandlerOptions& options);
  ~ProcessPool() override;  // as close(). REQUIRES: no run() is under way

  RunReport run(Context& ctx) override;
  void hurry() override;
  // Kills all children.
  void close() override;
  Duration stop_time() const override;

  // Process ids of the children that live.
  std::vector<pid_t> children() const;

 private:
  ProcessPool(ChildPlan plan, Fd wake);

  // The caller's side.
  Result<std::shared_ptr<HandlerChild>> acquire(Lane*& lane, const Context& ctx);
  Status wait_for_lane(const Context& ctx);
  // So many children at most may end before they have taken a task: then it fails with how the last of them ended.
  static constexpr int kAttempts = 3;
  struct Attempt {
    RunReport report;
    bool unseen = false;  // the child ended without having taken the task
  };
  Attempt run_in(HandlerChild& child, Lane& lane, Context& ctx);
  RunReport finish(Lane& lane, FinishedFrame frame);
  RunReport conclude(HandlerChild& child, Lane& lane, const std::string& broken);
  void tell_to_stop(Lane& lane, std::uint64_t serial, StopReason reason);
  void retire(HandlerChild& child) WINDLASS_REQUIRES(mu_);

  // The supervisor's.
  void supervise();
  void start_wanted();
  bool may_start();
  void start_failed(const Error& error);
  void watch();
  void hear(HandlerChild& child);
  void escalate() WINDLASS_REQUIRES(mu_);
  void kill_all() WINDLASS_REQUIRES(mu_);
  void bury(HandlerChild& child);
  Duration next_look() const WINDLASS_REQUIRES(mu_);
  void wake_supervisor() const;

  const ChildPlan plan_;
  const Fd wake_;

  mutable base::Mutex mu_;
  base::CondVar changed_;  // a lane became free, a child ended or could not be started, no more will be
  std::vector<std::shared_ptr<HandlerChild>> children_ WINDLASS_GUARDED_BY(mu_);
  std::vector<Lane*> free_ WINDLASS_GUARDED_BY(mu_);  // last = used last
  std::uint64_t serials_ WINDLASS_GUARDED_BY(mu_) = 0;
  int waiting_ WINDLASS_GUARDED_BY(mu_) = 0;  // runs that wait for a lane
  std::uint64_t refused_starts_ WINDLASS_GUARDED_BY(mu_) = 0;  // that will never go well
  std::optional<Error> start_error_ WINDLASS_GUARDED_BY(mu_);  // of the last start, if it failed
  StartRetries start_retries_ WINDLASS_GUARDED_BY(mu_);
  Duration start_after_ WINDLASS_GUARDED_BY(mu_){};            // steady: no start before
  bool closing_ WINDLASS_GUARDED_BY(mu_) = false;

  std::thread supervisor_;
};

}  // namespace windlass::exec
