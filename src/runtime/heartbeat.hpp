// Heartbeat: says that this server is alive, extends the leases of its tasks, and publishes what it is doing.
//
// It goes by the steady clock: a wall clock that is stepped must not make a living server look dead.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "broker/broker.hpp"
#include "runtime/counters.hpp"
#include "runtime/role.hpp"
#include "runtime/run_table.hpp"
#include "runtime/slots.hpp"
#include "runtime/trouble.hpp"

namespace windlass::runtime {

struct HeartbeatPlan {
  ServerInfo info;
  Duration lease{};
  Duration liveness{};
};

// set_status() is thread-safe.
class Heartbeat final : public Role {
 public:
  static constexpr Duration kPublishEvery = std::chrono::seconds(5);
  static constexpr Duration kPublishTtl = std::chrono::seconds(10);
  // Changes are published at most so often.
  static constexpr Duration kPublishSpacing = std::chrono::seconds(1);

  Heartbeat(broker::Broker& broker, base::Clock& clock, HeartbeatPlan plan, RunTable& table, Slots& slots, Trouble trouble,
            Counters& counters);

  std::string_view name() const override { return "heartbeat"; }
  TimePoint step(TimePoint now) override;

  // "active", "stopped", "closed". Wake the role's thread to have it published soon.
  void set_status(std::string status);

  // The first sign of life, before any task is fetched.
  Status announce();
  // The server is gone.
  Status sign_off();

 private:
  Status beat(Duration steady);
  Status extend_leases(Duration steady);
  Status publish(Duration steady);
  std::string status() const;

  broker::Broker& broker_;
  base::Clock& clock_;
  const HeartbeatPlan plan_;
  RunTable& table_;
  Slots& slots_;
  Trouble trouble_;
  Counters& counters_;

  mutable base::Mutex mu_;
  std::string status_ WINDLASS_GUARDED_BY(mu_) = "active";

  // Steady times.
  Duration next_alive_{};
  Duration next_publish_{};
  Duration published_at_{};
  std::vector<broker::LeaseToken> published_running_;
  std::string published_status_;
};

}  // namespace windlass::runtime
