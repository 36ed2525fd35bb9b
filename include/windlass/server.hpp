// Server takes tasks from queues and runs their handlers.
//
//   windlass::ServerConfig config;
//   config.concurrency = 10;
//   config.queues = {{"critical", 6}, {"default", 3}, {"low", 1}};
//   windlass::Server server(broker, config);
//   return server.run(mux) ? 0 : 1;      // until SIGTERM or SIGINT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/context.hpp>
#include <windlass/error.hpp>
#include <windlass/isolation.hpp>
#include <windlass/metrics.hpp>
#include <windlass/mux.hpp>
#include <windlass/outcome.hpp>
#include <windlass/service.hpp>
#include <windlass/task.hpp>
#include <windlass/time.hpp>

namespace windlass {

// Makes one task of the tasks of a group. May throw: the tasks then stay in their group.
using Aggregator = std::function<Task(const std::string& group, const std::vector<Task>& tasks)>;

// What happens to a task that did not start before its expires_at.
enum class ExpiredPolicy : std::uint8_t { kArchive, kDiscard };

// How a server runs. Functions in it are called by threads of the server, many at once. Thread-compatible value.
struct ServerConfig {
  ServerConfig() {}  // NOLINT(modernize-use-equals-default)

  // Tasks in flight at most, on threads and as coroutines together. A thread is started only where a task needs one that no
  // other is free for; coroutine handlers need none. Default: the CPUs that this process may use.
  int concurrency = 0;
  // Threads on which coroutine handlers run, if the mux has any. Default: 1, enough for handlers that wait rather than compute.
  int loop_threads = 1;
  // Queue -> weight. Default: {"default": 1}. Weights are shares of the fetched tasks while all queues have some; blank names
  // and weights under 1 are an error at start.
  std::map<std::string, int> queues;
  // Serve a queue only while all of greater weight are empty.
  bool strict_priority = false;
  // How many tasks may be fetched ahead of free slots, whatever the handlers' speed; 0 = none. Default: enough for about 5 ms
  // of work, at most 500.
  int prefetch_max = 500;
  // Where handlers run whose pattern says nothing else, and the limits that theirs are put over. Default: on threads.
  HandlerOptions isolation;

  // Delay before retry n+1, where n counts the retries charged so far. Default: n^4 + 15 + rand(0..29) * (n + 1) seconds.
  std::function<Duration(int n, const Failure& failure, const Context& task)> retry_delay;
  // Whether a failure is charged: counts as a retry and in the statistics. Default: all are.
  std::function<bool(const Failure& failure)> is_failure;
  // Called after every failed run, with the task's context, before the decision about retry is carried out.
  std::function<void(const Context& task, const Outcome& outcome)> on_error;
  // Called with the result of a ping every health_check_interval.
  std::function<void(const Status& status)> on_health_check;
  Duration health_check_interval = std::chrono::seconds(15);

  // How long a stopping server waits for running handlers before it gives their tasks back. Default: 8 s.
  Duration shutdown_timeout = std::chrono::seconds(8);
  // Length of a lease; extended long before it ends. Default: 30 s. At least 3 s.
  Duration lease = std::chrono::seconds(30);
  // A server that has not been heard of for so long is dead, and its tasks are run elsewhere. Default: 3 s. At least 1 s.
  Duration liveness = std::chrono::seconds(3);
  // A task during which its server, or the process that its handler ran in, died so many times is archived. 0 = never. Default: 3.
  int crash_limit = 3;
  ExpiredPolicy expired = ExpiredPolicy::kArchive;

  // Where this server counts, and measures its calls of the broker. Servers, schedulers and consumers of a process may share one.
  // Default: nowhere that could be read.
  MetricsPtr metrics;

  // Makes one task of a group that is ready, as the three below say. Default: none, and this server leaves groups alone.
  Aggregator aggregator;
  Duration group_grace_period = std::chrono::minutes(1);  // ready so long after the last task came; at least 1 s
  Duration group_max_delay{};                             // ready so long after the first one came; 0 = no limit
  int group_max_size = 0;                                 // ready with so many tasks; 0 = no limit

  // Every so often completed tasks go whose retention is over, and archived ones above these two bounds of each queue.
  Duration janitor_interval = std::chrono::seconds(8);
  int janitor_batch = 250;  // tasks that one step deletes
  int archive_max = 10000;
  Duration archive_age = std::chrono::hours(24 * 90);
};

// For programs whose handlers run in child processes (isolation.hpp). Such a child is the same program, started again with the same
// arguments; this call makes a handler child of it, which runs the handlers of `mux` and does not return. In any other process
// nothing happens. Server::start and run begin with it, so it is needed only where main() does something before that a child
// must not do, too: enqueue tasks, open ports, print. Call it there first, before threads are started.
void serve_if_child(const Mux& mux);

// Thread-safe. States: new -> active -> (quiet) -> closed.
class Server {
 public:
  // Does nothing until it is started; then the config is checked.
  Server(BrokerPtr broker, ServerConfig config = {});
  ~Server();  // as stop()
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;

  // Lets a scheduler (or another service) start with this server, when it serves, and stop with it, before it drains. It must
  // outlive the server. REQUIRES: called before start.
  void attach(Service& service);

  // Starts serving with a copy of `mux`, and returns. Errors: those of an attached service (nothing runs then),
  // kInvalidArgument (a config value, named), kFailedPrecondition (started before), kUnavailable (broker not reached).
  Status start(const Mux& mux);

  // Takes no new tasks; those that were fetched but not started go back. Running ones go on, leases are kept.
  void quiet();

  // quiet, then waits for running handlers up to shutdown_timeout, then tells them to stop, gives their tasks back and
  // returns without them. A handler that does not return keeps its thread; the process should end soon. May be called twice.
  void stop();

  // start, then waits for signals: SIGTSTP = quiet, SIGTERM and SIGINT = stop; a second of these = exit at once with
  // 128 + signal. Installs signal handlers for its duration. Also returns after stop() from another thread.
  Status run(const Mux& mux);

  // Blocks until the queues served hold nothing pending, scheduled, in retry or active, or the server was stopped.
  Status wait_until_empty();

  // Reaches the store and comes back. Errors: kUnavailable.
  Status ping();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass
