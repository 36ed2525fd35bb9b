// Preloaded into a redis-server under test, so that its wall clock is what the test says: nanoseconds since 1970, in the first
// eight bytes of the file that WINDLASS_CLOCK_FILE names; 0: the clock of the machine. The monotonic clock, which its timers use, is left alone.
#include <cstdint>
#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

namespace {

const std::int64_t* map_clock() {
  const char* path = std::getenv("WINDLASS_CLOCK_FILE");
  const int fd = path != nullptr ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) _exit(97);
  void* memory = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED) _exit(98);
  return static_cast<const std::int64_t*>(memory);
}

// No function-local static: its guard could call for the time.
const std::int64_t* clock_memory = nullptr;

std::int64_t now_ns() {
  if (clock_memory == nullptr) clock_memory = map_clock();
  const std::int64_t ns = __atomic_load_n(clock_memory, __ATOMIC_ACQUIRE);
  if (ns != 0) return ns;
  timespec real;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &real);
  return real.tv_sec * 1'000'000'000 + real.tv_nsec;
}

}  // namespace

extern "C" {

int gettimeofday(timeval* tv, void*) noexcept {
  const std::int64_t ns = now_ns();
  tv->tv_sec = ns / 1'000'000'000;
  tv->tv_usec = ns % 1'000'000'000 / 1'000;
  return 0;
}

int clock_gettime(clockid_t id, timespec* ts) noexcept {
  if (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE) return static_cast<int>(syscall(SYS_clock_gettime, id, ts));
  const std::int64_t ns = now_ns();
  ts->tv_sec = ns / 1'000'000'000;
  ts->tv_nsec = ns % 1'000'000'000;
  return 0;
}

time_t time(time_t* out) noexcept {
  const time_t seconds = now_ns() / 1'000'000'000;
  if (out != nullptr) *out = seconds;
  return seconds;
}

}
