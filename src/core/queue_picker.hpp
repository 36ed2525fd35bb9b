// QueuePicker: in which order, and in what shares, a fetch looks at the queues.
//
// Strict: by weight, greatest first; a queue has the whole fetch before the next one is asked. Weighted: the first queue is
// drawn with probability weight / sum of weights, and so on without replacement; each queue's share of a batch is in
// proportion to its weight, so that weights hold for batches as they do for single fetches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"

namespace windlass::core {

// Thread-compatible.
class QueuePicker {
 public:
  struct Share {
    std::string queue;
    std::size_t share = 0;
  };

  // REQUIRES: queues not empty, weights >= 1.
  QueuePicker(const std::map<std::string, int>& queues, bool strict, base::Random random);

  // All queues, in the order to ask them for a batch of `max`; valid until the next call. The shares of the weighted order
  // sum up to max; what does not divide is drawn, so that on average each share is exactly max * weight / sum of weights
  // (with max = 1 the first queue has the 1). Every share of the strict order is max.
  const std::vector<Share>& pick(std::size_t max);

 private:
  struct Weighted {
    std::string queue;
    int weight = 1;         // divided by the greatest common divisor of all
    std::size_t share = 0;  // of the current pick
  };

  std::uint64_t weight(std::size_t i) const { return static_cast<std::uint64_t>(queues_[i].weight); }
  // Fills drawn_ with the order of this pick. Returns the point in [0, weight_sum_) that decided on the first queue.
  std::uint64_t draw_order();
  void set_shares(std::size_t max, std::uint64_t point);

  std::vector<Weighted> queues_;  // by weight, greatest first, then by name
  std::uint64_t weight_sum_ = 0;
  bool strict_;
  base::Random random_;
  std::vector<std::size_t> drawn_;  // indices into queues_, and
  std::vector<Share> order_;        // the order itself: both reused from pick to pick, so that pick() does not allocate
};

}  // namespace windlass::core
