#include <sched.h>

#include <algorithm>
#include <deque>
#include <thread>
#include <utility>

#include <windlass/dq.hpp>

#include "api/run_until_signal.hpp"
#include "core/ids.hpp"
#include "core/text.hpp"
#include "core/time_math.hpp"
#include "dq/node_reader.hpp"
#include "dq/nodes.hpp"
#include "dq/worker.hpp"
#include "runtime/settings.hpp"

namespace windlass::dq {
namespace {

constexpr Duration kLeaseMin = std::chrono::seconds(1);
constexpr Duration kRememberMin = std::chrono::milliseconds(3'600'500);  // what the original's lock lasts

Error bad_config(const std::string& why) { return Error(ErrorCode::kInvalidArgument, "consumer config: " + why); }

Status check(const ConsumerConfig& config) {
  if (config.concurrency < 0) return bad_config("concurrency must not be negative");
  if (config.max_retry < 0) return bad_config("max_retry must not be negative");
  if (config.in_hand_max < 1) return bad_config("in_hand_max must be at least 1");
  if (config.lease < kLeaseMin)
    return bad_config("lease must be at least 1s, not " + core::format_duration(config.lease));
  if (config.remember < kRememberMin) {
    return bad_config("remember must be at least 3600.5s, as long as the original's lock, not " +
                      core::format_duration(config.remember));
  }
  for (const Duration length : {config.timeout, config.shutdown_timeout, config.lateness.after()}) {
    if (length < Duration::zero()) return bad_config("timeout, shutdown_timeout and lateness must not be negative");
  }
  return {};
}

ServerConfig server_config(const ConsumerConfig& config) {
  ServerConfig server;
  server.concurrency = config.concurrency;
  server.retry_delay = config.retry_delay;
  return server;
}

// As for a server.
int concurrency_of(const ConsumerConfig& config) {
  const Result<ServerConfig> checked = runtime::checked_config(server_config(config));
  return checked ? checked->concurrency : 1;
}

Mux mux_of(const Nodes& nodes, const Handler& handler) {
  Mux mux;
  for (const Node& node : nodes) {
    if (mux.find_pattern(node.tube) != node.tube) mux.handle(node.tube, handler);
  }
  return mux;
}

}  // namespace

struct Consumer::Impl {
  Impl(Nodes n, LockStorePtr l, Handler h, ConsumerConfig c)
      : nodes(std::move(n)),
        locks(std::move(l)),
        handler(std::move(h)),
        config(std::move(c)),
        workers(static_cast<std::size_t>(concurrency_of(config))),
        hooks(server_config(config)),
        queue(clock, workers,
              [this] {
                for (NodeReader& reader : readers) reader.wake_if_starved();
              }),
        keeper(*locks, config.lease, clock),
        keeper_thread(keeper, clock),
        admission(config.runs_max),
        trouble(clock),
        tools{config,
              hooks,
              core::new_process_id(clock.now()),
              mux,
              *locks,
              queue,
              keeper,
              clock,
              done,
              admission,
              [this] { keeper_thread.wake(); },
              [this] { end(); },
              trouble} {
    const ReaderRules rules{config.in_hand_max, !config.compatible};
    for (const Node& node : nodes) readers.emplace_back(node, rules, queue, clock);
  }

  Status start();
  void stop();
  void end();
  void work();
  void drain();

  base::Clock& clock = base::real_clock();
  const Nodes nodes;
  const LockStorePtr locks;
  const Handler handler;
  const ConsumerConfig config;
  const std::size_t workers;
  const runtime::Hooks hooks;
  Mux mux;                         // constant once started
  std::deque<NodeReader> readers;  // constant
  DueQueue queue;
  RunKeeper keeper;
  runtime::RoleThread keeper_thread;
  DoneList done;
  Admission admission;
  LockTrouble trouble;
  WorkerTools tools;
  api::RunUntilSignal signals;

  base::Mutex lifecycle;  // held while starting and stopping
  enum class State { kNew, kRunning, kClosed };
  State state WINDLASS_GUARDED_BY(lifecycle) = State::kNew;
  std::vector<std::thread> threads WINDLASS_GUARDED_BY(lifecycle);

  mutable base::Mutex mu;
  base::CondVar changed;
  bool ended WINDLASS_GUARDED_BY(mu) = false;
  std::size_t working WINDLASS_GUARDED_BY(mu) = 0;
};

Status Consumer::Impl::start() {
  if (Status good = check_nodes(nodes); !good) return good;
  if (Status good = check(config); !good) return good;
  if (!handler) return bad_config("the handler is empty");
  base::Lock lock(lifecycle);
  if (state != State::kNew)
    return Error(ErrorCode::kFailedPrecondition, "the consumer was started or stopped before; make a new one");
  state = State::kRunning;
  mux = mux_of(nodes, handler);
  keeper_thread.start();
  {
    base::Lock count(mu);
    working = workers;
  }
  for (std::size_t i = 0; i < workers; ++i) threads.emplace_back([this] { work(); });
  for (NodeReader& reader : readers) reader.start();
  return {};
}

void Consumer::Impl::work() {
  Worker(tools).loop();
  base::Lock lock(mu);
  --working;
  changed.notify_all();
}

void Consumer::Impl::end() {
  {
    base::Lock lock(mu);
    ended = true;
    changed.notify_all();
  }
  signals.end();
}

void Consumer::Impl::stop() {
  base::Lock lock(lifecycle);
  if (state == State::kRunning) {
    for (NodeReader& reader : readers) reader.quiet();
    queue.close();
    drain();
    for (std::thread& thread : threads) thread.join();
    keeper_thread.stop();
    // Copies of what was done here go now; the rest goes back to the nodes, with the end of the connections.
    for (CopyPtr& copy : queue.take_all()) {
      if (done.contains(copy->key)) copy->reader->settle(copy, {Settlement::Kind::kDelete, {}});
    }
    for (NodeReader& reader : readers) reader.stop();
  }
  state = State::kClosed;
}

// Waits for the workers; tells them to hurry when the time is over.
void Consumer::Impl::drain() {
  const Duration until = core::saturated_sum(clock.steady(), config.shutdown_timeout);
  base::Lock lock(mu);
  while (working > 0) {
    const Duration left = until - clock.steady();
    if (left <= Duration::zero()) break;
    changed.wait_for(mu, left);
  }
  lock.unlock();
  tools.stopping = true;
  keeper.tell_all_to_stop(StopReason::kShutdown);
}

Consumer::Consumer(Nodes nodes, LockStorePtr locks, Handler handler, ConsumerConfig config)
    : impl_(std::make_unique<Impl>(std::move(nodes), std::move(locks), std::move(handler), std::move(config))) {}
Consumer::~Consumer() { stop(); }

Status Consumer::start() { return impl_->start(); }

void Consumer::stop() {
  impl_->end();
  impl_->stop();
}

Status Consumer::run() { return impl_->signals.run(*this); }

void Consumer::wait() {
  base::Lock lock(impl_->mu);
  while (!impl_->ended) impl_->changed.wait(impl_->mu);
}

std::vector<ConsumerStats> Consumer::stats() const {
  std::vector<ConsumerStats> stats;
  for (const NodeReader& reader : impl_->readers) {
    const ReaderCounts& counts = reader.counts();
    ConsumerStats& s = stats.emplace_back();
    s.node = reader.node();
    s.connected = counts.connected;
    s.reserved = counts.reserved;
    s.in_hand = counts.in_hand;
    s.done = counts.done;
    s.failed = counts.failed;
    s.retried = counts.retried;
    s.buried = counts.buried;
    s.late_dropped = counts.late_dropped;
    s.duplicates = counts.duplicates;
    s.taken_over = counts.taken_over;
    s.leases_lost = counts.leases_lost;
    s.reservations_lost = counts.reservations_lost;
    s.malformed = counts.malformed;
    s.lateness_total = Duration(counts.lateness_total);
    s.lateness_max = Duration(counts.lateness_max);
  }
  return stats;
}

}  // namespace windlass::dq
