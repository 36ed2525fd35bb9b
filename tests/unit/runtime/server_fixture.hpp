// A server with real threads over the memory broker, on a clock of the test's choice.
#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <windlass/log.hpp>
#include <windlass/mux.hpp>

#include "broker/memory/memory_broker.hpp"
#include "runtime/server_runtime.hpp"
#include "support/eventually.hpp"
#include "support/fake_clock.hpp"
#include "support/ticker.hpp"

namespace windlass::runtime {

using namespace std::chrono_literals;
using windlass::testing::eventually;
using windlass::testing::Ticker;

// Time stands still unless a test moves it; what the server does at once, it does in real time.
class ServerTest : public ::testing::Test {
 protected:
  // A test moves the clock faster than the server's threads can follow: that must not make it look dead.
  ServerTest() {
    config.concurrency = 4;
    config.liveness = 24h;
    config.lease = 24h;
  }

  void TearDown() override {
    if (!server) return;
    const Ticker ticker(clock);  // stopping may wait for time to pass
    server->stop();
  }

  static broker::NewTask task(const std::string& id, const std::string& type = "t", const std::string& queue = "default") {
    broker::NewTask t;
    t.message.id = id;
    t.message.queue = queue;
    t.message.type = type;
    t.message.max_retry = 3;
    t.message.enqueued_at = windlass::testing::FakeClock::kStart;
    return t;
  }

  void enqueue(const std::vector<broker::NewTask>& tasks) {
    const auto outcomes = store->enqueue(tasks);
    ASSERT_TRUE(outcomes) << outcomes.error().message();
    for (const auto& outcome : *outcomes) ASSERT_EQ(outcome.status, broker::EnqueueStatus::kEnqueued);
  }
  void enqueue(const broker::NewTask& t) { enqueue(std::vector{t}); }

  void start() {
    server = std::make_unique<ServerRuntime>(store, config, clock, base::Random(7));
    const Status started = server->start(mux);
    ASSERT_TRUE(started) << started.error().message();
  }

  TaskInfo info(const std::string& id, const std::string& queue = "default") {
    const auto found = store->task({queue, id});
    EXPECT_TRUE(found) << found.error().message();
    return found ? *found : TaskInfo();
  }
  bool gone(const std::string& id, const std::string& queue = "default") { return !store->task({queue, id}); }
  bool in_state(const std::string& id, TaskState state, const std::string& queue = "default") {
    const auto found = store->task({queue, id});
    return found && found->state == state;
  }

  windlass::testing::FakeClock clock;
  BrokerPtr store = broker::make_memory_broker(clock);
  ServerConfig config;
  Mux mux;
  std::unique_ptr<ServerRuntime> server;  // last: stops before what its handlers use
};

}  // namespace windlass::runtime
