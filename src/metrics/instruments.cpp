#include <windlass/metrics.hpp>

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace windlass {
namespace {

// The cells of a shard fill whole cache lines.
constexpr std::size_t kCellsPerLine = 8;

std::size_t stride_of(const MetricBuckets& buckets) {
  const std::size_t cells = buckets.size() + 2;
  return (cells + kCellsPerLine - 1) / kCellsPerLine * kCellsPerLine;
}

MetricBuckets checked(MetricBuckets buckets) {
  // The negated comparison refuses NaN.
  const bool ascending = std::ranges::adjacent_find(buckets, [](double a, double b) { return !(a < b); }) == buckets.end();
  if (buckets.empty() || !ascending) throw std::invalid_argument("metrics: the buckets of a histogram must be ascending numbers");
  return buckets;
}

void add_double(std::atomic<std::uint64_t>& cell, double value) noexcept {
  std::uint64_t before = cell.load(std::memory_order_relaxed);
  while (!cell.compare_exchange_weak(before, std::bit_cast<std::uint64_t>(std::bit_cast<double>(before) + value),
                                     std::memory_order_relaxed)) {
  }
}

}  // namespace

std::size_t internal::metric_shard() noexcept {
  static std::atomic<std::size_t> threads = 0;
  thread_local const std::size_t mine = threads.fetch_add(1, std::memory_order_relaxed) % kMetricShards;
  return mine;
}

std::uint64_t Counter::value() const noexcept {
  std::uint64_t sum = 0;
  for (const Cell& cell : cells_) sum += cell.value.load(std::memory_order_relaxed);
  return sum;
}

Histogram::Histogram(MetricBuckets buckets)
    : buckets_(checked(std::move(buckets))), stride_(stride_of(buckets_)), cells_(stride_ * internal::kMetricShards) {}

void Histogram::observe(double value) noexcept {
  const auto bucket = static_cast<std::size_t>(std::ranges::lower_bound(buckets_, value) - buckets_.begin());
  std::atomic<std::uint64_t>* const shard = &cells_[internal::metric_shard() * stride_];
  shard[bucket].fetch_add(1, std::memory_order_relaxed);
  add_double(shard[stride_ - 1], value);
}

Histogram::Values Histogram::values() const {
  Values values;
  values.counts.resize(buckets_.size() + 1);
  for (std::size_t shard = 0; shard < internal::kMetricShards; ++shard) {
    const std::atomic<std::uint64_t>* const cells = &cells_[shard * stride_];
    for (std::size_t i = 0; i < values.counts.size(); ++i) values.counts[i] += cells[i].load(std::memory_order_relaxed);
    values.sum += std::bit_cast<double>(cells[stride_ - 1].load(std::memory_order_relaxed));
  }
  for (const std::uint64_t n : values.counts) values.count += n;
  return values;
}

}  // namespace windlass
