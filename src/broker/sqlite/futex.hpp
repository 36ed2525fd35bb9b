// Futex: sleeping on a word of memory, also one that processes share.
#pragma once

#include <atomic>
#include <cstdint>

#include <windlass/time.hpp>

namespace windlass::broker {

using FutexWord = std::atomic<std::uint32_t>;
static_assert(sizeof(FutexWord) == 4 && FutexWord::is_always_lock_free);

inline constexpr std::uint32_t kAllBits = 0xffffffff;

enum class FutexScope : std::uint8_t { kProcess, kShared };

// Sleeps while `word` is `seen`, at most `timeout` (negative: no end), until a wake whose bits meet `bits`. May return
// early without cause.
void futex_wait(FutexWord& word, std::uint32_t seen, Duration timeout, FutexScope scope, std::uint32_t bits = kAllBits);
// Wakes up to `count` sleepers; returns how many. Only the address is used: the word may be gone by now.
int futex_wake(FutexWord* word, int count, FutexScope scope, std::uint32_t bits = kAllBits);

}  // namespace windlass::broker
