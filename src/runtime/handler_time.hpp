// HandlerTime: how long handlers take, and how many tasks that makes worth fetching ahead.
//
// Fetching ahead hides the time of a fetch, which is nothing to gain where a handler takes longer than that, and a loss where it
// keeps tasks from servers that have room. So the tasks fetched ahead are kept to about 5 ms of work for all slots together.
#pragma once

#include <algorithm>
#include <cstddef>

#include <windlass/time.hpp>

namespace windlass::runtime {

// Thread-compatible.
class HandlerTime {
 public:
  static constexpr Duration kAhead = std::chrono::milliseconds(5);

  // A moving mean that rises fast and falls slowly: to have fetched too few costs less than too many.
  void add(Duration took) {
    const Duration::rep ns = std::max<Duration::rep>(took.count(), 0);
    if (!known_) {
      mean_ns_ = ns;
      known_ = true;
    } else {
      const Duration::rep difference = ns - mean_ns_;
      mean_ns_ += difference / (difference > 0 ? 8 : 32);
    }
  }

  Duration mean() const { return Duration(mean_ns_); }
  // Handlers that have not returned yet have taken so long.
  void at_least(Duration so_far) { mean_ns_ = std::max<Duration::rep>(mean_ns_, so_far.count()); }

  // Tasks to fetch ahead for `slots` threads: 0 until the first handler has returned.
  std::size_t ahead(std::size_t slots, std::size_t max) const {
    if (!known_) return 0;
    const std::size_t mean = static_cast<std::size_t>(std::max<Duration::rep>(mean_ns_, 1));
    return std::min(max, static_cast<std::size_t>(kAhead.count()) * slots / mean);
  }

 private:
  Duration::rep mean_ns_ = 0;
  bool known_ = false;
};

}  // namespace windlass::runtime
