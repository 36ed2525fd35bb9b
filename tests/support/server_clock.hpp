// The wall clock of redis-servers under test (clock_shim.cpp). Programs that use it define WINDLASS_CLOCK_SHIM, the
// file of the shim.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/child_process.hpp"
#include "support/fake_clock.hpp"

namespace windlass::testing {

// At first it is the clock of this machine. Confined to one thread.
class ServerClock {
 public:
  ServerClock() {
    const int fd = open(dir_.file("clock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void* memory = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof(std::int64_t)) == 0) {
      memory = mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (fd >= 0) close(fd);
    if (memory == MAP_FAILED) throw std::runtime_error("no clock file");
    now_ = static_cast<std::int64_t*>(memory);
  }
  ~ServerClock() { munmap(now_, sizeof(std::int64_t)); }
  ServerClock(const ServerClock&) = delete;
  ServerClock& operator=(const ServerClock&) = delete;

  // For RedisOptions: servers with this clock.
  std::vector<std::string> environment() const {
    return {std::string("LD_PRELOAD=") + WINDLASS_CLOCK_SHIM, "WINDLASS_CLOCK_FILE=" + dir_.file("clock")};
  }

  // From now on it stands where a FakeClock begins.
  void stop() {
    following_ = nullptr;
    set(FakeClock::kStart.time_since_epoch());
  }
  // From now on it begins there and goes with the steady time of `clock`: nobody steps the clock of that machine.
  void follow(base::Clock& clock) {
    stop();
    const Duration start = clock.steady();
    following_ = clock.add_listener(
        [this, &clock, start] { set(FakeClock::kStart.time_since_epoch() + (clock.steady() - start)); });
  }
  bool follows() const { return following_ != nullptr; }

 private:
  void set(Duration now) { __atomic_store_n(now_, now.count(), __ATOMIC_RELEASE); }

  const TempDir dir_;
  std::int64_t* now_ = nullptr;
  std::shared_ptr<void> following_;
};

}  // namespace windlass::testing
