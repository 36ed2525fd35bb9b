// The tasks of the demo: what is put in, what each must come to, and what the handlers saw.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <windlass/client.hpp>
#include <windlass/mux.hpp>
#include <windlass/server.hpp>

#include "base/mutex.hpp"

namespace windlass::app {

inline constexpr const char* kDemoQueues[] = {"demo-critical", "demo-default", "demo-low"};

// What must be found of a task in the end.
struct Expected {
  TaskState state = TaskState::kCompleted;
  FailureKind failure = FailureKind::kNone;
  int retried = 0;
  std::string path;   // of a digest task: the file
};

// Filled by the thread that enqueues.
struct DemoPlan {
  std::map<std::string, Expected> tasks;   // by id
  int grouped = 0;                         // tasks that waited in the group, and are gone into aggregates
  int duplicates_refused = 0;
  int ticks = 0;                           // of the periodic entry
  int tick_tasks = 0;                      // tasks enqueued for them
  int ticks_refused = 0;                   // attempts of the scheduler that came second
  int delayed = 0;
  std::size_t total() const { return tasks.size() + static_cast<std::size_t>(grouped); }
};

// A run of the periodic entry's task.
struct TickRun {
  TimePoint nominal, started;
};

// Filled by handlers. Thread-safe.
struct DemoSeen {
  std::atomic<int> expired_runs{0};     // must stay 0
  std::atomic<int> grouped{0};          // sum over the aggregates
  base::Mutex mu;
  base::CondVar changed;
  std::vector<std::string> aggregates WINDLASS_GUARDED_BY(mu);        // ids
  std::map<std::string, TimePoint> pings WINDLASS_GUARDED_BY(mu);     // when they started

  std::optional<TickRun> last_tick WINDLASS_GUARDED_BY(mu);

  std::optional<TickRun> tick() {
    base::Lock lock(mu);
    return last_tick;
  }
  std::vector<std::string> aggregate_ids() {
    base::Lock lock(mu);
    return aggregates;
  }
};

// The queue of the n-th task (six, three and one of ten, as the queues' weights), and how long its record is kept.
EnqueueOptions demo_options(std::size_t n);
Mux demo_mux(DemoSeen& seen);
ServerConfig demo_config();

// Enqueues the special ones (flaky, unique twice, expiring, a group, a crash) and then a task for each file, in
// batches. `progress` is called after each batch. Errors: those of the client.
Status enqueue_specials(const BrokerPtr& broker, DemoPlan& plan);
Status enqueue_files(const BrokerPtr& broker, const std::vector<std::string>& files, DemoPlan& plan,
                     const std::function<void()>& progress);

// Seconds from the call of enqueue to the start of the handler, one task after the other on idle queues.
Result<std::vector<double>> measure_pickup(const BrokerPtr& broker, DemoSeen& seen, DemoPlan& plan, int count);

}  // namespace windlass::app
