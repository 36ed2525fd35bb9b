#include "runtime/server_runtime.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <windlass/log.hpp>

#include "base/alarm.hpp"
#include "base/mutex.hpp"
#include "core/ids.hpp"
#include "runtime/aggregator.hpp"
#include "runtime/canceller.hpp"
#include "runtime/executor_threads.hpp"
#include "runtime/fetcher.hpp"
#include "runtime/finisher.hpp"
#include "runtime/forwarder.hpp"
#include "runtime/health_check.hpp"
#include "runtime/heartbeat.hpp"
#include "runtime/hooks.hpp"
#include "runtime/janitor.hpp"
#include "runtime/recoverer.hpp"
#include "runtime/sampler.hpp"
#include "runtime/role_thread.hpp"
#include "runtime/run_metrics.hpp"
#include "runtime/settings.hpp"
#include "runtime/slots.hpp"
#include "runtime/watchdog.hpp"
#include "runtime/work_queue.hpp"

namespace windlass::runtime {
namespace {

// After the stop tokens of a stopping server were set, handlers have so long to return before their tasks are given back.
constexpr Duration kAbortGrace = std::chrono::milliseconds(500);
// What runs in another process is being killed by then; a busy machine takes its time for that.
constexpr Duration kKillGrace = std::chrono::seconds(10);
// How long a stopping server tries to write the last outcomes.
constexpr Duration kLastWrites = std::chrono::seconds(5);

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown-host";
}

std::vector<std::string> queue_names(const ServerConfig& config) {
  std::vector<std::string> names;
  for (const auto& [name, weight] : config.queues) names.push_back(name);
  return names;
}

// All that an executor's thread touches. A handler that never returns keeps its thread and this; the rest of the server, and the
// broker, can go.
struct Shared : std::enable_shared_from_this<Shared> {
  Shared(broker::Broker& broker, const ServerConfig& config, const Mux& m, base::Clock& clock, base::Random& random,
         std::shared_ptr<Counters> c, std::function<void()> became_empty)
      : mux(m),
        handlers(mux),
        hooks(config),
        counters(std::move(c)),
        run_metrics(counters->metrics, mux),
        table(std::move(became_empty)),
        queue(clock, static_cast<std::size_t>(config.concurrency), static_cast<std::size_t>(config.prefetch_max),
              [this](std::size_t worker) { return threads.start_worker(worker, tools, shared_from_this()); }),
        finisher(broker, clock, base::Random(random.next()), table, *counters),
        watchdog(slots, clock, *counters),
        watchdog_thread(watchdog, clock),
        tools{mux, handlers, hooks, run_metrics, queue, slots, finisher, table, clock, [this] { watchdog_thread.wake(); },
              config.expired, config.crash_limit},
        threads(base::Random(random.next())) {
    if (!mux.has_async()) return;
    threads.add_loops(static_cast<std::size_t>(config.loop_threads), tools);
    for (const auto& loop : threads.loops()) watchdog.watch(loop->pulse());
  }

  const Mux mux;
  Handlers handlers;
  const Hooks hooks;
  const std::shared_ptr<Counters> counters;
  const RunMetrics run_metrics;
  RunTable table;
  WorkQueue queue;
  Slots slots;
  Finisher finisher;
  Watchdog watchdog;
  RoleThread watchdog_thread;
  const ExecutorTools tools;
  ExecutorThreads threads;
};

}  // namespace

struct ServerRuntime::Impl {
  enum class State { kNew, kActive, kQuiet, kClosed };

  Impl(BrokerPtr b, ServerConfig g, base::Clock& c, base::Random r)
      : broker(g.metrics ? metered(std::move(b), g.metrics) : std::move(b)),
        given(std::move(g)),
        clock(c),
        random(r),
        id(core::new_process_id(c.now())),
        counters(std::make_shared<Counters>(given.metrics ? given.metrics : std::make_shared<Metrics>())),
        empty_alarm(std::make_shared<base::Alarm>(c)) {}

  Status start(const Mux& mux);
  void quiet();
  void stop();
  Status wait_until_empty();

  Status build(const Mux& mux);
  void start_threads();
  void drain();
  std::size_t give_up(const std::vector<broker::LeaseRef>& leases);
  void close();
  void add_role(std::unique_ptr<Role> role, std::unique_ptr<broker::Waiter> waiter = nullptr);
  Trouble trouble(std::string_view who) { return Trouble(who, clock, base::Random(random.next())); }
  Result<bool> queues_empty();
  HeartbeatPlan heartbeat_plan() const;
  void collect(MetricSamples& samples) const;

  BrokerPtr broker;
  const ServerConfig given;
  base::Clock& clock;
  base::Random random;
  const std::string id;
  const std::shared_ptr<Counters> counters;
  const std::shared_ptr<base::Alarm> empty_alarm;  // wait_until_empty() sleeps here

  base::Mutex mu;  // held through start, quiet and stop: they exclude each other
  State state WINDLASS_GUARDED_BY(mu) = State::kNew;
  std::atomic<bool> started = false;
  std::atomic<bool> stopping = false;

  ServerConfig config;
  std::shared_ptr<Shared> shared;
  std::unique_ptr<Heartbeat> heartbeat;
  std::unique_ptr<RoleThread> heartbeat_thread;
  std::unique_ptr<Fetcher> fetcher;
  std::unique_ptr<Canceller> canceller;
  struct RoleAndThread {
    std::unique_ptr<Role> role;
    std::unique_ptr<RoleThread> thread;
  };
  std::vector<RoleAndThread> roles;
  std::shared_ptr<void> gauges;  // while it runs
};

// ------------------------------------------------------------------------------------------------------------- start

Status ServerRuntime::Impl::start(const Mux& mux) {
  base::Lock lock(mu);
  if (state != State::kNew) return Error(ErrorCode::kFailedPrecondition, "server: it was started before; make a new one");
  auto checked = checked_config(given);
  if (!checked) return checked.error();
  config = std::move(*checked);
  if (Status reached = broker->ping(); !reached) return reached.error().at("server: reaching the broker");
  if (Status built = build(mux); !built) return built.error().at("server");
  if (Status announced = heartbeat->announce(); !announced) return announced.error().at("server: first sign of life");
  start_threads();
  gauges = counters->metrics->add_collector([this](MetricSamples& samples) { collect(samples); });
  state = State::kActive;
  started = true;
  log_info("server started", {{"server", id}, {"concurrency", std::to_string(config.concurrency)}});
  return {};
}

HeartbeatPlan ServerRuntime::Impl::heartbeat_plan() const {
  HeartbeatPlan plan;
  plan.info.id = id;
  plan.info.host = host_name();
  plan.info.pid = ::getpid();
  plan.info.concurrency = config.concurrency;
  plan.info.queues = config.queues;
  plan.info.strict_priority = config.strict_priority;
  plan.info.started_at = clock.now();
  plan.lease = config.lease;
  plan.liveness = config.liveness;
  return plan;
}

Status ServerRuntime::Impl::build(const Mux& mux) {
  shared = std::make_shared<Shared>(*broker, config, mux, clock, random, counters,
                                    [alarm = empty_alarm] { alarm->wake(); });
  if (Status ready = shared->handlers.start(config.isolation); !ready) return ready;
  heartbeat = std::make_unique<Heartbeat>(*broker, clock, heartbeat_plan(), shared->table, shared->slots, trouble("heartbeat"),
                                          *counters);
  heartbeat_thread = std::make_unique<RoleThread>(*heartbeat, clock);
  fetcher = std::make_unique<Fetcher>(*broker, clock, base::Random(random.next()),
                                      FetchPlan{id, config.lease, config.queues, config.strict_priority}, shared->mux, shared->queue,
                                      shared->table, shared->finisher, *counters);
  canceller = std::make_unique<Canceller>(*broker, clock, shared->table, shared->tools.wake_watchdog,
                                          trouble("cancel feed"), *counters);
  const std::vector<std::string> queues = queue_names(config);
  add_role(std::make_unique<Recoverer>(*broker, queues, config.crash_limit, trouble("recoverer"), *counters));
  add_role(std::make_unique<Forwarder>(*broker, queues, trouble("forwarder")),
           broker->make_waiter(queues, broker::WaitFor::kDue));
  broker::CleanRequest clean{.queues = queues,
                             .max = static_cast<std::size_t>(config.janitor_batch),
                             .archive_max = static_cast<std::size_t>(config.archive_max),
                             .archive_age = config.archive_age};
  add_role(std::make_unique<Janitor>(*broker, std::move(clean), config.janitor_interval, trouble("janitor")));
  if (broker::SampleStore* samples = broker::find_sample_store(*broker)) {
    add_role(std::make_unique<Sampler>(*broker, *samples, trouble("sampler")));
  }
  if (config.aggregator) {
    const broker::AggregationRules rules{config.group_grace_period, config.group_max_delay,
                                         static_cast<std::size_t>(config.group_max_size)};
    add_role(std::make_unique<GroupAggregator>(*broker, clock, queues, rules, shared->hooks, trouble("aggregator")));
  }
  if (config.on_health_check) {
    add_role(std::make_unique<HealthCheck>(*broker, shared->hooks, config.health_check_interval));
  }
  return {};
}

void ServerRuntime::Impl::add_role(std::unique_ptr<Role> role, std::unique_ptr<broker::Waiter> waiter) {
  auto thread = std::make_unique<RoleThread>(*role, clock, std::move(waiter));
  roles.push_back({std::move(role), std::move(thread)});
}

void ServerRuntime::Impl::start_threads() {
  shared->finisher.start();
  shared->watchdog_thread.start();
  heartbeat_thread->start();
  canceller->start();
  for (RoleAndThread& r : roles) r.thread->start();
  shared->threads.start_loops(shared);
  fetcher->start();
}

void ServerRuntime::Impl::collect(MetricSamples& samples) const {
  const auto gauge = [&](std::string_view name, std::string_view help, std::size_t value) {
    samples.gauge(name, help, {}, static_cast<double>(value));
  };
  gauge("windlass_tasks_running", "Tasks whose handler runs.", shared->slots.running().size());
  gauge("windlass_tasks_held", "Tasks that were fetched and whose outcome is not written yet.", shared->table.size());
  gauge("windlass_concurrency", "Tasks that may run at once.", static_cast<std::size_t>(config.concurrency));
}

// -------------------------------------------------------------------------------------------------------------- stop

void ServerRuntime::Impl::quiet() {
  base::Lock lock(mu);
  if (state != State::kActive) return;
  state = State::kQuiet;
  log_info("server takes no more tasks", {{"server", id}});
  fetcher->stop();
  heartbeat->set_status("stopped");
  heartbeat_thread->wake();
}

void ServerRuntime::Impl::stop() {
  stopping = true;
  empty_alarm->wake();
  base::Lock lock(mu);
  if (state == State::kActive || state == State::kQuiet) {
    log_info("server is stopping", {{"server", id}});
    fetcher->stop();
    heartbeat->set_status("closed");
    heartbeat_thread->wake();
    drain();
    close();
    log_info("server stopped", {{"server", id}});
  }
  state = State::kClosed;
}

// Waits for the handlers; those that do not return in time lose their tasks.
void ServerRuntime::Impl::drain() {
  WorkQueue& queue = shared->queue;
  if (queue.wait_until_outstanding(0, config.shutdown_timeout)) return;
  for (std::stop_source& source : shared->slots.tell_all(StopReason::kShutdown, clock.steady())) source.request_stop();
  shared->handlers.hurry();
  if (queue.wait_until_outstanding(0, kAbortGrace)) return;
  std::size_t given_up = give_up(shared->slots.abandon_unkillable());
  fetcher->give_back(queue.take_all());
  // Nobody else may have a task before its process is gone.
  if (shared->slots.any_killable() && queue.wait_until_outstanding(given_up, kKillGrace)) return;
  given_up += give_up(shared->slots.abandon_all());
  // The others are past their handler, and about to hand over their outcome.
  queue.wait_until_outstanding(given_up, kAbortGrace);
}

std::size_t ServerRuntime::Impl::give_up(const std::vector<broker::LeaseRef>& leases) {
  for (const broker::LeaseRef& lease : leases) {
    log_warn("handler did not return in time: its task is given back", {{"task", lease.task.id}, {"queue", lease.task.queue}});
    broker::Finish finish;
    finish.lease = lease;
    finish.kind = broker::FinishKind::kRequeue;
    shared->finisher.submit({std::move(finish), nullptr});
  }
  return leases.size();
}

void ServerRuntime::Impl::close() {
  gauges.reset();
  shared->queue.close();
  shared->finisher.close(kLastWrites);
  for (RoleAndThread& r : roles) r.thread->stop();
  canceller->stop();
  shared->watchdog_thread.stop();
  heartbeat_thread->stop();
  if (Status gone = heartbeat->sign_off(); !gone) {
    log_warn("server could not sign off", {{"server", id}, {"error", gone.error().message()}});
  }
  shared->threads.join();
  shared->handlers.stop();
  roles.clear();
  fetcher.reset();
  canceller.reset();
}

// --------------------------------------------------------------------------------------------------------- emptiness

Result<bool> ServerRuntime::Impl::queues_empty() {
  for (const auto& [queue, weight] : config.queues) {
    const auto info = broker->queue_info(queue);
    if (!info && info.error().code() == ErrorCode::kQueueNotFound) continue;
    if (!info) return info.error();
    if (info->pending + info->scheduled + info->retry + info->active > 0) return false;
  }
  return true;
}

Status ServerRuntime::Impl::wait_until_empty() {
  if (!started) return Error(ErrorCode::kFailedPrecondition, "server: it has not been started");
  while (!stopping) {
    if (shared->table.size() == 0) {
      auto empty = queues_empty();
      // Once more: a task may have put another one into a queue that was looked at before, and ended before its own was.
      if (empty && *empty) empty = queues_empty();
      if (!empty) return empty.error();
      if (*empty) return {};
    }
    // Woken when this server has nothing left; other servers may hold the last ones.
    empty_alarm->sleep_for(std::chrono::milliseconds(50));
  }
  return {};
}

// -------------------------------------------------------------------------------------------------------------- public

ServerRuntime::ServerRuntime(BrokerPtr broker, ServerConfig config, base::Clock& clock, base::Random random)
    : impl_(std::make_unique<Impl>(std::move(broker), std::move(config), clock, random)) {}

ServerRuntime::~ServerRuntime() { stop(); }

Status ServerRuntime::start(const Mux& mux) { return impl_->start(mux); }
void ServerRuntime::quiet() { impl_->quiet(); }
void ServerRuntime::stop() { impl_->stop(); }
Status ServerRuntime::wait_until_empty() { return impl_->wait_until_empty(); }
Status ServerRuntime::ping() { return impl_->broker->ping(); }
const std::string& ServerRuntime::id() const { return impl_->id; }
const Counters& ServerRuntime::counters() const { return *impl_->counters; }

}  // namespace windlass::runtime
