// HealthCheck: pings the store at intervals, and tells the user's hook how that went.
#pragma once

#include "broker/broker.hpp"
#include "runtime/hooks.hpp"
#include "runtime/role.hpp"

namespace windlass::runtime {

class HealthCheck final : public Role {
 public:
  HealthCheck(broker::Broker& broker, const Hooks& hooks, Duration every) : broker_(broker), hooks_(hooks), every_(every) {}

  std::string_view name() const override { return "health check"; }
  TimePoint step(TimePoint now) override {
    hooks_.on_health_check(broker_.ping());
    return now + every_;
  }

 private:
  broker::Broker& broker_;
  const Hooks& hooks_;
  const Duration every_;
};

}  // namespace windlass::runtime
