// The seed of a random test: from WINDLASS_SEED if that is set, else a fresh one. Print it with
// SCOPED_TRACE(replay(seed)), so that a failure says how to repeat it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/random.hpp"

namespace windlass::testing {

inline std::uint64_t test_seed() {
  const char* const text = std::getenv("WINDLASS_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 0) : base::Random::seeded().next();
}

inline std::string replay(std::uint64_t seed) { return "repeat with WINDLASS_SEED=" + std::to_string(seed); }

}  // namespace windlass::testing
