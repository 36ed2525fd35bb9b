#include "broker/sqlite/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace windlass::broker {

namespace {

int operation(int kind, FutexScope scope) { return scope == FutexScope::kProcess ? kind | FUTEX_PRIVATE_FLAG : kind; }

timespec monotonic_in(Duration length) {
  timespec at{};
  clock_gettime(CLOCK_MONOTONIC, &at);
  const std::int64_t ns = at.tv_nsec + length.count() % 1'000'000'000;
  at.tv_sec += static_cast<time_t>(length.count() / 1'000'000'000 + ns / 1'000'000'000);
  at.tv_nsec = static_cast<long>(ns % 1'000'000'000);
  return at;
}

}  // namespace

void futex_wait(FutexWord& word, std::uint32_t seen, Duration timeout, FutexScope scope, std::uint32_t bits) {
  timespec until{};
  if (timeout >= Duration::zero()) until = monotonic_in(timeout);
  syscall(SYS_futex, &word, operation(FUTEX_WAIT_BITSET, scope), seen, timeout >= Duration::zero() ? &until : nullptr,
          nullptr, bits);
}

int futex_wake(FutexWord* word, int count, FutexScope scope, std::uint32_t bits) {
  const long woken = syscall(SYS_futex, word, operation(FUTEX_WAKE_BITSET, scope), count, nullptr, nullptr, bits);
  return woken > 0 ? static_cast<int>(woken) : 0;
}

}  // namespace windlass::broker
