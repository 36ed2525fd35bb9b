// eventually(): for what nothing announces, because another thread or process does it.
#pragma once

#include <chrono>
#include <thread>

namespace windlass::testing {

// Looks again each millisecond until `condition` holds, and leaves the processor to those that it waits for meanwhile.
// False after 50 s: more than a busy machine needs, and less than a test may take.
template <class Condition>
bool eventually(Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(50);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace windlass::testing
