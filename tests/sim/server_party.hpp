// ServerParty: a server made of the real roles, each on a fiber where ServerRuntime gives it a thread. Only the
// executor is not real: handlers take simulated time, and what comes of them is drawn by lot.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include <windlass/mux.hpp>
#include <windlass/server.hpp>

#include "runtime/canceller.hpp"
#include "runtime/counters.hpp"
#include "runtime/fetcher.hpp"
#include "runtime/finisher.hpp"
#include "runtime/heartbeat.hpp"
#include "runtime/role.hpp"
#include "runtime/run_steps.hpp"
#include "runtime/run_table.hpp"
#include "runtime/watchdog.hpp"
#include "sim/history.hpp"
#include "sim/link.hpp"
#include "sim/party.hpp"

namespace windlass::sim {

// How handlers behave; the simulation changes it as it goes.
struct HandlerHabits {
  bool quick_and_good = false;  // else: some are slow, some fail, some do not hear when they are told to stop
};

// Confined to one thread.
class ServerParty final : public Party {
 public:
  ServerParty(World& world, std::string name, testing::FakeClock& clock, std::shared_ptr<broker::Broker> store,
              const Network& network, const HandlerHabits& habits, History& history, ServerConfig config);

  // The roles begin. Once.
  void start();
  // As Server::stop(): lets handlers end, gives back what is left, signs off.
  void stop() { stop_asked_ = true; }
  // There is news in the store.
  void ring();
  void cancel(const broker::CancelRequest& request);

 private:
  struct Running {
    runtime::TaskRun* run;
    runtime::Slot* slot;
    Duration began;
    Duration until;
    Outcome outcome;
    bool deaf;  // goes on when it is told to stop
  };

  base::Random random() { return base::Random(world_.random().next()); }
  runtime::Trouble trouble(std::string_view who) { return runtime::Trouble(who, clock_, random()); }
  void add_roles();
  void announce();
  void run_role(runtime::Role& role, Bell& bell);
  void run_fetcher();
  void run_finisher();
  void run_executor();
  void begin(runtime::TaskRun& run);
  void end_due();
  Duration until_next_end() const;
  Outcome draw_outcome();
  Duration draw_length();
  void wait_for_stop();
  bool wait_until_outstanding(std::size_t count, Duration at_most);

  History& history_;
  const HandlerHabits& habits_;
  const ServerConfig config_;
  const std::shared_ptr<Link> link_;
  Mux mux_;
  runtime::Counters counters_{std::make_shared<Metrics>()};
  const runtime::RunMetrics run_metrics_{counters_.metrics, mux_};
  runtime::Handlers handlers_;
  const runtime::Hooks hooks_;
  runtime::RunTable table_;
  runtime::WorkQueue queue_;
  runtime::Slots slots_;
  runtime::Finisher finisher_;
  runtime::Watchdog watchdog_;
  const runtime::ExecutorTools tools_;
  runtime::RunSteps steps_;
  runtime::Heartbeat heartbeat_;
  runtime::Fetcher fetcher_;
  runtime::Canceller canceller_;
  std::list<std::pair<std::unique_ptr<runtime::Role>, Bell>> roles_;

  Bell news_, finisher_bell_, executor_bell_, watchdog_bell_, heartbeat_bell_;
  std::vector<Running> running_;
  std::vector<runtime::Slot*> free_slots_;
  std::vector<Duration> took_;
  std::size_t loop_ = 0;
  bool stop_asked_ = false;
  bool roles_stop_ = false;
  bool fetcher_done_ = false;
  bool finisher_done_ = false;
};

}  // namespace windlass::sim
