// When a failed task runs again.
#pragma once

#include <windlass/time.hpp>

#include "base/random.hpp"

namespace windlass::core {

// Asynq's default: n^4 + 15 + r * (n + 1) seconds, where n >= 0 counts the retries charged so far and r is uniform in 0..29.
Duration default_retry_delay(int n, base::Random& random);

}  // namespace windlass::core
