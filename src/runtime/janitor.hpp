// Janitor: deletes completed tasks after their retention, and trims archives and old statistics.
#pragma once

#include "broker/broker.hpp"
#include "runtime/role.hpp"
#include "runtime/trouble.hpp"

namespace windlass::runtime {

class Janitor final : public Role {
 public:
  Janitor(broker::Broker& broker, broker::CleanRequest request, Duration every, Trouble trouble);

  std::string_view name() const override { return "janitor"; }
  TimePoint step(TimePoint now) override;

 private:
  broker::Broker& broker_;
  const broker::CleanRequest request_;
  const Duration every_;
  Trouble trouble_;
};

}  // namespace windlass::runtime
