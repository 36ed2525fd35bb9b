// Sums of times and durations that stop at the ends of the range (years 1677 and 2262) instead of overflowing. Users
// may ask for "in 300 years", and other programs may store any 64-bit number of seconds.
#pragma once

#include <cstdint>

#include <windlass/time.hpp>

namespace windlass::core {

constexpr Duration saturated_sum(Duration a, Duration b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a.count(), b.count(), &sum)) return Duration(sum);
  return b.count() < 0 ? Duration::min() : Duration::max();
}

constexpr TimePoint saturated_sum(TimePoint t, Duration d) { return TimePoint(saturated_sum(t.time_since_epoch(), d)); }

constexpr Duration saturated_difference(TimePoint later, TimePoint earlier) {
  const Duration a = later.time_since_epoch(), b = earlier.time_since_epoch();
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a.count(), b.count(), &difference)) return Duration(difference);
  return b.count() < 0 ? Duration::max() : Duration::min();
}

constexpr Duration saturated_seconds(std::int64_t seconds) {
  std::int64_t nanos = 0;
  if (!__builtin_mul_overflow(seconds, std::int64_t{1'000'000'000}, &nanos)) return Duration(nanos);
  return seconds < 0 ? Duration::min() : Duration::max();
}

}  // namespace windlass::core
