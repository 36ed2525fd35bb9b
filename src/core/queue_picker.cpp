#include "core/queue_picker.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <numeric>

namespace windlass::core {

namespace {

__extension__ using Wide = unsigned __int128;  // a product of two 64-bit numbers

}  // namespace

QueuePicker::QueuePicker(const std::map<std::string, int>& queues, bool strict, base::Random random)
    : strict_(strict), random_(random) {
  assert(!queues.empty());
  for (const auto& [queue, weight] : queues) {
    assert(weight >= 1);
    queues_.push_back({queue, weight, 0});
  }
  std::sort(queues_.begin(), queues_.end(), [](const Weighted& a, const Weighted& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.queue < b.queue;
  });
  int divisor = 0;
  for (const Weighted& queue : queues_) divisor = std::gcd(divisor, queue.weight);
  std::size_t name_max = 0;
  for (Weighted& queue : queues_) {
    queue.weight /= divisor;
    weight_sum_ += static_cast<std::uint64_t>(queue.weight);
    name_max = std::max(name_max, queue.queue.size());
  }
  drawn_.resize(queues_.size());
  order_.resize(queues_.size());
  for (Share& share : order_) share.queue.reserve(name_max);
}

const std::vector<QueuePicker::Share>& QueuePicker::pick(std::size_t max) {
  std::iota(drawn_.begin(), drawn_.end(), std::size_t{0});
  if (strict_) {
    for (Weighted& queue : queues_) queue.share = max;
  } else {
    set_shares(max, draw_order());
  }
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const Weighted& queue = queues_[drawn_[i]];
    order_[i].queue = queue.queue;
    order_[i].share = queue.share;
  }
  return order_;
}

std::uint64_t QueuePicker::draw_order() {
  std::uint64_t left = weight_sum_, first = 0;
  for (std::size_t i = 0; i + 1 < drawn_.size(); ++i) {
    const std::uint64_t point = random_.below(left);
    if (i == 0) first = point;
    std::uint64_t passed = 0;
    std::size_t k = i;
    while (passed + weight(drawn_[k]) <= point) passed += weight(drawn_[k++]);
    left -= weight(drawn_[k]);
    // Those not drawn yet keep their order.
    std::rotate(drawn_.begin() + static_cast<std::ptrdiff_t>(i), drawn_.begin() + static_cast<std::ptrdiff_t>(k),
                drawn_.begin() + static_cast<std::ptrdiff_t>(k + 1));
  }
  return first;
}

// What does not divide is laid out on a line, a stretch for each queue; every weight_sum_, beginning at `point`, a mark
// gives one more to the queue on whose stretch it falls. No stretch is as long as the distance of the marks, so a queue
// gets at most one more, and each with the probability of just what it lacks.
void QueuePicker::set_shares(std::size_t max, std::uint64_t point) {
  std::uint64_t mark = point, line = 0;
  for (Weighted& queue : queues_) {
    const Wide exact = Wide{max} * static_cast<std::uint64_t>(queue.weight);
    queue.share = static_cast<std::size_t>(exact / weight_sum_);
    line += static_cast<std::uint64_t>(exact % weight_sum_);
    if (mark < line) {
      ++queue.share;
      mark += weight_sum_;
    }
  }
}

}  // namespace windlass::core
