// SampleStore: the side of a broker that remembers samples of queues, for charts. An interface of its own: what it keeps belongs to no
// task, nobody waits for it, and a broker may do without.
//
// It stores slots of core's SampleRing as they are. Samples of a queue go with the queue, and where nobody has sampled it for
// kSamplesKept.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <windlass/error.hpp>
#include <windlass/time.hpp>

#include "broker/side.hpp"

namespace windlass::broker {

inline constexpr Duration kSamplesKept = std::chrono::hours(24 * 8);

// Under this name, which no queue has, stands the sum of all of them.
inline constexpr std::string_view kAllQueues = "";

struct SampleWrite {
  std::string queue;
  std::size_t slot = 0;
  std::string bytes;  // core::kSampleBytes of them
};

// Thread-safe. Errors: those of the broker.
class SampleStore {
 public:
  virtual ~SampleStore() = default;
  // True for one of all who ask for this minute, in whatever process: who is to sample it.
  virtual Result<bool> take_minute(TimePoint minute) = 0;
  virtual Status write_samples(std::span<const SampleWrite> writes) = 0;
  // The slots side by side, from the first one on; those never written are zeros, or missing at the end.
  virtual Result<std::string> read_sample_ring(const std::string& queue) = 0;
};

// Of this broker; nullptr if it keeps no samples.
inline SampleStore* find_sample_store(Broker& broker) { return find_side<SampleStore>(broker); }

}  // namespace windlass::broker
