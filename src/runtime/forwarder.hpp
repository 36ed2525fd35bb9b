// Forwarder: moves tasks that are due from scheduled and retry to pending. It sleeps until the next one is due, or until the
// store tells of an earlier one; RoleThread must have a Waiter for WaitFor::kDue.
#pragma once

#include <string>
#include <vector>

#include "broker/broker.hpp"
#include "runtime/role.hpp"
#include "runtime/trouble.hpp"

namespace windlass::runtime {

class Forwarder final : public Role {
 public:
  // At most so many a call: the store is free for others in between, however many are due.
  static constexpr std::size_t kBatchMax = 250;

  Forwarder(broker::Broker& broker, std::vector<std::string> queues, Trouble trouble);

  std::string_view name() const override { return "forwarder"; }
  TimePoint step(TimePoint now) override;

 private:
  broker::Broker& broker_;
  const std::vector<std::string> queues_;
  Trouble trouble_;
};

}  // namespace windlass::runtime
