// The broker that keeps everything in this process and loses it with it.
//
// It is deterministic (no threads, no randomness, time only from the Clock), so it serves as the model that the other
// brokers are compared with; and it is what the URL "memory:" opens.
#pragma once

#include <cstddef>
#include <memory>

#include "base/clock.hpp"
#include "broker/broker.hpp"

namespace windlass::broker {

inline constexpr std::size_t kMemoryPayloadMax = std::size_t{64} << 20;

// `clock` must outlive the broker and its waiters and feeds.
std::shared_ptr<Broker> make_memory_broker(base::Clock& clock, std::size_t payload_max = kMemoryPayloadMax);

}  // namespace windlass::broker
