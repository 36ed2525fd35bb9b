// Interfaces beside Broker that a store may have, found through the brokers that stand in front of it.
#pragma once

#include "broker/broker.hpp"

namespace windlass::broker {

// A broker in front of another.
class Front {
 public:
  virtual ~Front() = default;
  virtual Broker& behind() = 0;
};

// The side `T` of the store; nullptr if it has none. Lives as long as the broker.
template <class T>
T* find_side(Broker& broker) {
  if (auto* const side = dynamic_cast<T*>(&broker)) return side;
  auto* const front = dynamic_cast<Front*>(&broker);
  return front ? find_side<T>(front->behind()) : nullptr;
}

}  // namespace windlass::broker
