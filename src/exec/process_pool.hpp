// ProcessPool: handlers in child processes. From the caller's view a run is a call that blocks, as a handler on a
// thread is.
//
// Children are this program, started again (child_main.hpp), when a run finds none free; they stay for the next run. A
// thread of the pool, the supervisor, starts them, reads their output, reaps them, and sends the signals of runs that
// were told to stop and did not. It lives as long as the pool, and children end with it: the kernel sees to that.
//
//   told to stop         at once        a Stop frame: the handler's stop token is set
//                        after grace    SIGTERM to the child's process group
//                        1 s later      SIGKILL
//   for a shutdown or a lost lease the task may soon run elsewhere: SIGTERM after 200 ms, SIGKILL 100 ms later
//
// A child that has met a signal takes no more runs; neither does one that is over its tasks_per_child or rss_max.
#pragma once

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <windlass/context.hpp>
#include <windlass/isolation.hpp>

#include "base/mutex.hpp"
#include "exec/child_end.hpp"
#include "exec/fd.hpp"
#include "exec/handler_child.hpp"

namespace windlass::exec {

// Thread-safe.
class ProcessPool {
 public:
  // `options`: all defaults filled in. Errors: as ChildPlan::make(), kResourceExhausted.
  static Result<std::unique_ptr<ProcessPool>> start(const HandlerOptions& options);
  ~ProcessPool();  // as close(). REQUIRES: no run() is under way

  // Kills all children; runs that are in them, or come later, fail. May be called twice, by one thread.
  void close();

  // Runs the handler of ctx.type() in a child. Blocks until it is over, or its child is gone.
  RunReport run(Context& ctx);

  // Runs that were told to stop before have no more time than those that are told at a shutdown.
  void hurry();

  // Process ids of the children that live.
  std::vector<pid_t> children() const;

 private:
  ProcessPool(ChildPlan plan, Fd wake);

  // The caller's side.
  Result<std::shared_ptr<HandlerChild>> acquire(Lane*& lane);
  // So many children at most may end before they have taken a task: then it fails with how the last of them ended.
  static constexpr int kAttempts = 3;
  struct Attempt {
    RunReport report;
    bool unseen = false;  // the child ended without having taken the task
  };
  Attempt run_in(HandlerChild& child, Lane& lane, Context& ctx);
  RunReport finish(Lane& lane, FinishedFrame frame);
  RunReport conclude(HandlerChild& child, Lane& lane, std::string broken);
  void tell_to_stop(Lane& lane, std::uint64_t serial, StopReason reason);
  void retire(HandlerChild& child) WINDLASS_REQUIRES(mu_);

  // The supervisor's.
  void supervise();
  void start_wanted();
  void watch();
  void hear(HandlerChild& child);
  void escalate() WINDLASS_REQUIRES(mu_);
  void kill_all() WINDLASS_REQUIRES(mu_);
  void bury(HandlerChild& child);
  Duration next_signal_at() const WINDLASS_REQUIRES(mu_);
  void wake_supervisor() const;

  const ChildPlan plan_;
  const Fd wake_;

  mutable base::Mutex mu_;
  base::CondVar changed_;  // a lane became free, a child ended or could not be started, no more will be
  std::vector<std::shared_ptr<HandlerChild>> children_ WINDLASS_GUARDED_BY(mu_);
  std::vector<Lane*> free_ WINDLASS_GUARDED_BY(mu_);  // last = used last
  std::uint64_t serials_ WINDLASS_GUARDED_BY(mu_) = 0;
  int waiting_ WINDLASS_GUARDED_BY(mu_) = 0;  // runs that wait for a lane
  std::uint64_t failed_starts_ WINDLASS_GUARDED_BY(mu_) = 0;
  std::optional<Error> start_error_ WINDLASS_GUARDED_BY(mu_);  // of the last failed start
  bool closing_ WINDLASS_GUARDED_BY(mu_) = false;

  std::thread supervisor_;
};

}  // namespace windlass::exec
