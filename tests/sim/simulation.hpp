// Simulation: a fleet of clients, servers and schedulers on one store, and the misfortunes that befall it, drawn from a
// seed. First all kinds of trouble; then quiet, in which everything must come to an end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conformance/rows.hpp"
#include "sim/history.hpp"
#include "sim/link.hpp"
#include "sim/scheduler_party.hpp"
#include "sim/server_party.hpp"
#include "sim/world.hpp"

namespace windlass::sim {

struct Setup {
  // The whole store is looked at after so many calls that changed it.
  std::size_t audit_every = 1;
  // All processes have one clock. Else each machine has its own, and the store one that nobody steps.
  bool one_machine = false;
};

// Confined to one thread.
class Simulation {
 public:
  Simulation(const conformance::Row& row, std::uint64_t seed, Setup setup);
  ~Simulation();

  // To the end, or to the first thing that is wrong. Empty if nothing is; else what, and what led to it.
  std::string run();

  const World& world() const { return world_; }
  const History& history() const { return history_; }

 private:
  struct ClientParty;

  testing::FakeClock& machine();
  std::shared_ptr<broker::Broker> open(testing::FakeClock& clock);
  void changed(bool news);
  void add_client();
  void add_server();
  void add_scheduler();
  void bring_trouble();
  void one_trouble();
  void client_work(ClientParty& client);
  void run_until(Duration steady);
  void keep_fleet();
  void look();
  void check_ticks();

  World world_;
  History history_;
  const conformance::Row& row_;
  const Setup setup_;
  std::unique_ptr<conformance::TestStore> store_;
  std::shared_ptr<broker::Broker> own_;  // for looking, and of all parties where the store is for one process
  std::vector<testing::FakeClock*> machines_;
  Network network_;
  HandlerHabits habits_;
  bool quiet_ = false;
  std::shared_ptr<Party> operator_;
  std::shared_ptr<broker::Broker> operator_link_;
  std::vector<std::weak_ptr<ServerParty>> servers_;
  std::vector<std::weak_ptr<SchedulerParty>> schedulers_;
  std::vector<std::weak_ptr<ClientParty>> clients_;
  std::size_t dirty_ = 0;
  int named_ = 0;
  int tasks_ = 0;
};

}  // namespace windlass::sim
