// Samples of queues on Redis: a string a queue, of which single slots are written.
#pragma once

#include <span>
#include <string>

#include "broker/redis/store.hpp"
#include "broker/samples.hpp"

namespace windlass::broker {

Result<bool> take_minute(Store& store, TimePoint minute);
Status write_samples(Store& store, std::span<const SampleWrite> writes);
Result<std::string> read_sample_ring(Store& store, const std::string& queue);

}  // namespace windlass::broker
