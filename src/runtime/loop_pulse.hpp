// LoopPulse: by which the watchdog sees that a coroutine handler holds its loop thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace windlass::runtime {

class Slot;

// beat() and rest() are for the loop's thread, the others for the watchdog.
class LoopPulse {
 public:
  // The handler in `slot` has the thread now, until rest().
  void beat(Slot& slot) {
    slot_.store(&slot, std::memory_order_relaxed);
    count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  void rest() { count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  // Odd while a handler has the thread; never the same again.
  std::uint64_t count() const { return count_.load(std::memory_order_acquire); }
  // The last one that had it.
  Slot* slot() const { return slot_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> count_ = 0;
  std::atomic<Slot*> slot_ = nullptr;
};

}  // namespace windlass::runtime
