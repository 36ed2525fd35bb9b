// Sampler: looks at the sizes of all queues once a minute, for the charts of the dashboard. Of all servers of a store one does it.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "broker/samples.hpp"
#include "runtime/role.hpp"
#include "runtime/trouble.hpp"

namespace windlass::runtime {

class Sampler final : public Role {
 public:
  // REQUIRES: `store` is that of `broker`.
  Sampler(broker::Broker& broker, broker::SampleStore& store, Trouble trouble)
      : broker_(broker), store_(store), trouble_(std::move(trouble)) {}

  std::string_view name() const override { return "sampler"; }
  TimePoint step(TimePoint now) override;

 private:
  Status sample(TimePoint minute);

  broker::Broker& broker_;
  broker::SampleStore& store_;
  Trouble trouble_;
  // Totals of queues that were empty when they were last sampled here: as long as nothing happens in them nothing is written.
  std::map<std::string, std::uint64_t> idle_;
};

}  // namespace windlass::runtime
