// What the inspector shows of a task and a queue, made from what is stored.
#pragma once

#include "broker/memory/store.hpp"

namespace windlass::broker::memory {

struct Clocks {
  TimePoint now;
  Duration steady{};
};

// Payload and result cut to payload_max bytes.
TaskInfo show_task(const Task& task, const Clocks& clocks, std::size_t payload_max);
QueueInfo show_queue(const Queue& queue, TimePoint now);

}  // namespace windlass::broker::memory
