// All queues at once, and the table that shows them: for `queue ls` and `stats`.
#pragma once

#include <vector>

#include <windlass/inspector.hpp>

#include "output.hpp"

namespace windlass::app {

// By name. A queue that is removed meanwhile is left out.
Result<std::vector<QueueInfo>> read_queues(const Inspector& inspector);
Table queue_table(const std::vector<QueueInfo>& queues);

}  // namespace windlass::app
