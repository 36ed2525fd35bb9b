// Recoverer: puts the tasks of dead servers back, at the start and every second.
#pragma once

#include <string>
#include <vector>

#include "broker/broker.hpp"
#include "runtime/counters.hpp"
#include "runtime/role.hpp"
#include "runtime/trouble.hpp"

namespace windlass::runtime {

class Recoverer final : public Role {
 public:
  static constexpr Duration kEvery = std::chrono::seconds(1);

  Recoverer(broker::Broker& broker, std::vector<std::string> queues, int crash_limit, Trouble trouble, Counters& counters);

  std::string_view name() const override { return "recoverer"; }
  TimePoint step(TimePoint now) override;

 private:
  broker::Broker& broker_;
  broker::RecoverRequest request_;
  Trouble trouble_;
  Counters& counters_;
};

}  // namespace windlass::runtime
