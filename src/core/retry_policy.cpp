#include "core/retry_policy.hpp"

#include <algorithm>
#include <cstdint>

namespace windlass::core {

namespace {

// n^4 seconds pass the end of TimePoint (year 2262) at n = 289. Whoever retries that often waits 100 years.
constexpr std::int64_t kSecondsMax = std::int64_t{100} * 365 * 24 * 3600;
constexpr std::int64_t kCountMax = 240;  // 240^4 is above kSecondsMax

}  // namespace

Duration default_retry_delay(int n, base::Random& random) {
  const std::int64_t count = std::clamp<std::int64_t>(n, 0, kCountMax);
  const auto jitter = static_cast<std::int64_t>(random.below(30));
  const std::int64_t seconds = count * count * count * count + 15 + jitter * (count + 1);
  return std::chrono::seconds(std::min(seconds, kSecondsMax));
}

}  // namespace windlass::core
