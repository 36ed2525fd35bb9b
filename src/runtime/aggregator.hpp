// GroupAggregator: takes groups that are ready, has the user's aggregator make one task of each, and stores that in their place.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "runtime/hooks.hpp"
#include "runtime/role.hpp"
#include "runtime/trouble.hpp"

namespace windlass::runtime {

// The user's function runs in step(): one that is slow holds up other groups, and nothing else.
class GroupAggregator final : public Role {
 public:
  // How long a group may be worked on before its tasks go back to it.
  static constexpr Duration kHold = std::chrono::minutes(2);

  GroupAggregator(broker::Broker& broker, base::Clock& clock, std::vector<std::string> queues, broker::AggregationRules rules,
             const Hooks& hooks, Trouble trouble);

  std::string_view name() const override { return "aggregator"; }
  TimePoint step(TimePoint now) override;

 private:
  Status put_back();
  Status serve_queue(const std::string& queue);
  // False if the group could not be made into a task, and is to go back.
  Result<bool> make(const broker::AggregationSet& set);
  Result<bool> store(const broker::AggregationSet& set, const Task& made);

  broker::Broker& broker_;
  base::Clock& clock_;
  const std::vector<std::string> queues_;
  const broker::AggregationRules rules_;
  const Hooks& hooks_;
  // Confined to step().
  Trouble trouble_;
  std::vector<broker::AggregationSet> failed_;  // to be put back
};

}  // namespace windlass::runtime
