// A producer that is ten times as fast as the server: what waits, waits in the store, and the process stays as large as
// it is.
#include <fstream>
#include <semaphore>
#include <thread>

#include <malloc.h>

#include "runtime/server_runtime.hpp"
#include "sqlite_fixture.hpp"

namespace windlass::testing {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// What this process has in memory that is in no file.
std::size_t resident_bytes() {
  ::malloc_trim(0);
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::stoul(line.substr(8)) * 1024;
  }
  throw std::runtime_error("no RssAnon in /proc/self/status");
}

class BackPressure : public SqliteBrokerTest {
 protected:
  static constexpr std::size_t kBatch = 100;
  static constexpr std::size_t kPayload = 4096;

  // Stores a batch, and lets a tenth of it be run.
  void produce(Broker& broker, std::size_t batches) {
    for (; batches > 0; --batches) {
      std::vector<NewTask> tasks;
      for (std::size_t i = 0; i < kBatch; ++i)
        tasks.push_back(task(core::new_uuid(base::real_clock().now()), kPayload));
      get(broker.enqueue(tasks));
      may_run.release(kBatch / 10);
      stored += kBatch;
    }
  }

  std::counting_semaphore<> may_run{0};
  std::size_t stored = 0;
};

TEST_F(BackPressure, AProducerTenTimesAsFastAsTheServerFillsTheStoreAndNotTheMemory) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer keeps what was freed";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "AddressSanitizer keeps what was freed";
#endif
#endif
  options_.durability = Durability::kOff;
  const auto broker = open();
  ServerConfig config;
  config.concurrency = 2;
  config.queues = {{"q", 1}};
  Mux mux;
  mux.handle("t", [&](Context&) { may_run.acquire(); });
  runtime::ServerRuntime server(broker, config, base::real_clock(), base::Random(1));
  ASSERT_TRUE(server.start(mux));

  produce(*broker, 20);  // buffers and caches grow to their size
  const std::size_t before = resident_bytes();
  produce(*broker, 100);
  const std::size_t after = resident_bytes();
  const auto& counters = server.counters();
  while (counters.done.value() < stored / 10) std::this_thread::yield();  // until all that may run has run
  const std::uint64_t given_back = counters.given_back.value();
  // What is fetched and given back again between the two looks is counted, too.
  EXPECT_LE(counters.fetched.value() - counters.done.value() - given_back,
            static_cast<std::uint64_t>(config.concurrency + 2 * config.prefetch_max));
  EXPECT_GT(get(broker->queue_info("q")).pending, stored * 8 / 10) << "the rest waits in the store";
  EXPECT_LT(after, before + 10 * kMiB) << 100 * kBatch * kPayload / kMiB << " MiB were stored meanwhile";
  may_run.release(static_cast<std::ptrdiff_t>(stored));
  server.stop();
}

}  // namespace
}  // namespace windlass::testing
