// Carrying what a store remembers besides tasks. Each may be done again: what is there already is left.
#pragma once

#include <string>

#include "broker/broker.hpp"

namespace windlass::app {

// What the queue has counted, ever and day by day. Makes the queue.
Status copy_counts(broker::Broker& from, broker::Broker& to, const QueueInfo& queue);

// Its sizes over time, for charts; broker::kAllQueues: their sum. What is there and later stays.
Status copy_samples(broker::Broker& from, broker::Broker& to, const std::string& queue);

// Which ticks of periodic entries were taken, with their histories.
Status copy_ticks(broker::Broker& from, broker::Broker& to);

}  // namespace windlass::app
