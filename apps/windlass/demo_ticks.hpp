// The demo's periodic entry, with two schedulers on it, as two machines would have.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <windlass/scheduler.hpp>

#include "base/mutex.hpp"
#include "demo_load.hpp"

namespace windlass::app {

// Thread-safe, but for start() and finish().
class DemoTicks {
 public:
  explicit DemoTicks(const BrokerPtr& broker);

  // Errors: those of Scheduler::add and Scheduler::start.
  Status start();
  // Waits until both schedulers have come to the same tick, ends them, and puts what they enqueued into the plan.
  // Errors: kUnavailable (there was no such tick for 30 s).
  Status finish(DemoPlan& plan);

 private:
  struct Served {
    std::vector<std::string> tasks;  // ids; one, if all is well
    int refused = 0;                 // schedulers that were told that another one was first
  };

  SchedulerConfig config();
  void note(const Tick& tick, const Result<TaskInfo>& stored);
  bool wait_for_both();

  base::Mutex mu_;
  base::CondVar changed_;
  std::map<TimePoint, Served> served_ WINDLASS_GUARDED_BY(mu_);
  bool both_came_ WINDLASS_GUARDED_BY(mu_) = false;
  // Last: their threads use the members above.
  Scheduler first_, second_;
};

}  // namespace windlass::app
