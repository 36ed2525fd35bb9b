#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "broker/redis/redis_broker.hpp"
#include "conformance/rows.hpp"
#include "support/fake_clock.hpp"
#include "support/redis_server.hpp"

namespace windlass::conformance {
namespace {

// The wall clock of a redis-server (tests/support/clock_shim.cpp). It goes with the steady time of the test's clock: nobody steps
// the clock of that machine.
class ServerClock {
 public:
  ServerClock() {
    const int fd = open(path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void* memory = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof(std::int64_t)) == 0) {
      memory = mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (fd >= 0) close(fd);
    if (memory == MAP_FAILED) throw std::runtime_error("no clock file");
    now_ = static_cast<std::int64_t*>(memory);
    set(testing::FakeClock::kStart.time_since_epoch());
  }
  ~ServerClock() { munmap(now_, sizeof(std::int64_t)); }
  ServerClock(const ServerClock&) = delete;
  ServerClock& operator=(const ServerClock&) = delete;

  std::string path() const { return dir_.file("clock"); }

  void follow(base::Clock& clock) {
    const Duration start = clock.steady();
    following_ = clock.add_listener([this, &clock, start] {
      set(testing::FakeClock::kStart.time_since_epoch() + (clock.steady() - start));
    });
  }
  bool follows() const { return following_ != nullptr; }

 private:
  void set(Duration now) { __atomic_store_n(now_, now.count(), __ATOMIC_RELEASE); }

  const testing::TempDir dir_;
  std::int64_t* now_ = nullptr;
  std::shared_ptr<void> following_;
};

class RedisStore final : public TestStore {
 public:
  std::shared_ptr<broker::Broker> open(base::Clock& clock, std::size_t payload_max) override {
    if (!server_clock_.follows()) server_clock_.follow(clock);
    auto config = redis::parse_url(server_.socket_url());
    // Servers of sanitizer builds under load are slow, not dead.
    config->read_timeout = std::chrono::seconds(60);
    auto client = redis::open_client(*config);
    if (!client) throw std::runtime_error(client.error().message());
    return broker::make_redis_broker(*client, clock, payload_max);
  }

 private:
  ServerClock server_clock_;
  testing::RedisServer server_{{.environment = {std::string("LD_PRELOAD=") + WINDLASS_CLOCK_SHIM,
                                                "WINDLASS_CLOCK_FILE=" + server_clock_.path()}}};
};

}  // namespace

const std::vector<Row>& rows() {
  static const std::vector<Row> all{{.name = "redis",
                                     .make = [] { return std::make_unique<RedisStore>(); },
                                     .survives = true,
                                     .shared = true,
                                     .ties_by_id = true,
                                     .locks_end_by_server = true,
                                     .grain = std::chrono::milliseconds(1)}};
  return all;
}

}  // namespace windlass::conformance
