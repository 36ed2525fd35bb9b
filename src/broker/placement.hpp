// Placement: the side of a store that is spread over several servers: on which of them its queues are.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "broker/side.hpp"

namespace windlass::broker {

struct QueuePlace {
  std::string queue;
  int slot = 0;                    // hash slot of its keys
  std::vector<std::string> nodes;  // HOST:PORT; the one that is written to first, then its replicas. Empty: nobody has the slot
};

// Thread-safe. Errors: those of the broker; kFailedPrecondition where there is one server.
class Placement {
 public:
  virtual ~Placement() = default;
  // In the order of `queues`, which need not be there.
  virtual Result<std::vector<QueuePlace>> places(std::span<const std::string> queues) = 0;
};

// Of this broker. Errors: kFailedPrecondition: the store is in one place.
inline Result<Placement*> placement_of(Broker& broker) {
  if (auto* const placement = find_side<Placement>(broker)) return placement;
  return Error(ErrorCode::kFailedPrecondition, "this store is no Redis cluster: all queues are in one place");
}

}  // namespace windlass::broker
