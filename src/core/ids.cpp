#include "core/ids.hpp"

#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <stdexcept>

namespace windlass::core {

namespace {

std::atomic<std::uint64_t> forks{0};

void watch_forks() {
  [[maybe_unused]] static const int watching =
      ::pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
}

// Random words from the kernel, fetched 64 at a time: one by one they would cost more than all else here. A child
// process must not use what its parent has in stock, or both would make the same ids. Confined to its thread.
class RandomStock {
 public:
  std::uint64_t take() {
    if (next_ == words_.size() || fork_ != forks.load(std::memory_order_relaxed)) refill();
    return words_[next_++];
  }

 private:
  void refill() {
    watch_forks();
    fork_ = forks.load(std::memory_order_relaxed);
    auto* const bytes = reinterpret_cast<char*>(words_.data());
    for (std::size_t got = 0; got < sizeof words_;) {
      const ssize_t n = ::getrandom(bytes + got, sizeof words_ - got, 0);
      if (n < 0 && errno != EINTR) throw std::runtime_error("getrandom failed");
      if (n > 0) got += static_cast<std::size_t>(n);
    }
    next_ = 0;
  }

  std::array<std::uint64_t, 64> words_{};
  std::size_t next_ = words_.size();
  std::uint64_t fork_ = 0;
};

// Milliseconds since the epoch, and below them 12 bits for the fraction of the millisecond (RFC 9562, section 6.2,
// method 3). Times before the epoch count as the epoch.
std::uint64_t stamp_of(TimePoint now) {
  const auto nanos = static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch().count(), 0));
  constexpr std::uint64_t kMilli = 1'000'000;
  return (nanos / kMilli) << 12 | (nanos % kMilli) * 4096 / kMilli;
}

// The stamp for an id made now: greater than that of the last one of this thread, also when the clock stands still or
// was set back.
std::uint64_t next_stamp(TimePoint now) {
  thread_local std::uint64_t last = 0;
  last = std::max(stamp_of(now), last + 1);
  return last;
}

std::string uuid_text(std::uint64_t high, std::uint64_t low) {
  std::string text(36, '-');
  std::size_t at = 0;
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) ++at;
    const std::uint64_t half = digit < 16 ? high : low;
    text[at++] = "0123456789abcdef"[half >> (60 - 4 * (digit % 16)) & 0xF];
  }
  return text;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "unknown-host";
  return name.data();
}

}  // namespace

std::uint64_t random_word() {
  thread_local RandomStock random;
  return random.take();
}

std::string new_uuid(TimePoint now) {
  const std::uint64_t stamp = next_stamp(now);
  const std::uint64_t high = stamp >> 12 << 16 | 0x7000 | (stamp & 0xFFF);
  const std::uint64_t low = std::uint64_t{0b10} << 62 | random_word() >> 2;
  return uuid_text(high, low);
}

std::string new_process_id(TimePoint now) {
  return host_name() + ":" + std::to_string(::getpid()) + ":" + new_uuid(now);
}

}  // namespace windlass::core
