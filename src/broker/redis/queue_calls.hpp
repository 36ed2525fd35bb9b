// Calls with one command for each of several queues, where a queue in trouble (a key of a wrong type, say) must not keep
// the others waiting.
#pragma once

#include <span>
#include <string>

#include "broker/redis/store.hpp"

namespace windlass::broker {

// Runs the commands, the i-th for `queues[i]`. Error replies stay in the result, and are logged; only if there is nothing
// else the call has failed, with the first of them.
Result<redis::Replies> call_for_queues(Store& store, const redis::Pipeline& commands,
                                       std::span<const std::string* const> queues);

}  // namespace windlass::broker
