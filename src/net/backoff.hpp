// Backoff: how long to leave a server alone after it could not be reached. Doubles with each failure and is spread by
// chance, so that a fleet does not come back in step.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/random.hpp"

namespace windlass::net {

// Thread-compatible. Pure but for the chance.
class Backoff {
 public:
  static constexpr std::chrono::milliseconds kFirst{20};
  static constexpr std::chrono::milliseconds kLongest{2000};

  explicit Backoff(base::Random random) : random_(random) {}

  // After one more failure: between half and all of 20 ms, 40 ms, ... 2 s.
  std::chrono::microseconds next() {
    const std::chrono::microseconds full = step_;
    step_ = std::min<std::chrono::milliseconds>(step_ * 2, kLongest);
    const auto half = static_cast<std::uint64_t>(full.count() / 2);
    return std::chrono::microseconds(half + random_.below(half + 1));
  }
  void reset() { step_ = kFirst; }

 private:
  base::Random random_;
  std::chrono::milliseconds step_ = kFirst;
};

}  // namespace windlass::net
