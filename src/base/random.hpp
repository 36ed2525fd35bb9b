// Random: a small, seedable source of pseudo-random numbers (xoshiro256++ by Blackman and Vigna, seeded by splitmix64).
// Randomness is a parameter everywhere, so that a run can be repeated from its seed. Not for secrets.
#pragma once

#include <cstdint>

namespace windlass::base {

// Thread-compatible.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  // Seeded from the kernel.
  static Random seeded();

  std::uint64_t next();
  // Uniform in [0, bound). REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1).
  double unit();

 private:
  std::uint64_t state_[4];
};

}  // namespace windlass::base
