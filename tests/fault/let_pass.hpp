// let_pass: a time by chance.
#pragma once

#include <chrono>
#include <thread>

#include "base/random.hpp"

namespace windlass::fault {

inline void let_pass(base::Random& random, int from_ms, int to_ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(from_ms + static_cast<int>(random.below(static_cast<std::uint64_t>(to_ms - from_ms)))));
}

}  // namespace windlass::fault
