// Several watches as one, a thread for each: for what one connection cannot do, like queues on different nodes.
#pragma once

#include <memory>
#include <vector>

#include "broker/redis/watch.hpp"

namespace windlass::broker {

std::unique_ptr<Watch> make_fan_watch(std::vector<std::unique_ptr<Watch>> watches);

}  // namespace windlass::broker
