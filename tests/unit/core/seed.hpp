// The seed of a random test: fresh in each run, or WINDLASS_SEED from the environment to repeat one.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/random.hpp"

namespace windlass::testing {

inline std::uint64_t random_seed() {
  const char* const given = std::getenv("WINDLASS_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : base::Random::seeded().next();
}

// For SCOPED_TRACE.
inline std::string replay_hint(std::uint64_t seed) { return "repeat with WINDLASS_SEED=" + std::to_string(seed); }

}  // namespace windlass::testing
