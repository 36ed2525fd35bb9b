// SchedulerRuntime: a whole scheduler: its two roles, their threads, and how they start and stop. windlass::Scheduler
// is this with the machine's clock.
#pragma once

#include <string>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/scheduler.hpp>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/random.hpp"
#include "runtime/role_thread.hpp"
#include "runtime/scheduler_publisher.hpp"
#include "runtime/scheduler_role.hpp"

namespace windlass::runtime {

// Thread-safe. For the contract of its functions see windlass::Scheduler.
class SchedulerRuntime {
 public:
  SchedulerRuntime(BrokerPtr broker, const SchedulerConfig& config, base::Clock& clock, base::Random random);
  ~SchedulerRuntime();  // as stop()

  Status add(EntryPlan plan);
  void replace(EntryPlan plan);
  Status remove(const std::string& id);
  std::vector<SchedulerEntry> entries() const { return scheduler_.entries(); }

  Status start();
  void stop();

  broker::Broker& broker() { return *broker_; }
  // Of entries that name none.
  const std::string& zone() const { return zone_; }

 private:
  enum class State { kNew, kRunning, kClosed };

  void wake();

  const BrokerPtr broker_;
  const std::string zone_;
  SchedulerRole scheduler_;
  SchedulerPublisher publisher_;
  RoleThread scheduler_thread_;
  RoleThread publisher_thread_;
  base::Mutex mu_;  // held while starting and stopping
  State state_ WINDLASS_GUARDED_BY(mu_) = State::kNew;
};

}  // namespace windlass::runtime
