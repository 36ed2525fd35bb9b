// A server with the machine's clock whose handlers are coroutines.
#pragma once

#include <chrono>
#include <future>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <windlass/client.hpp>
#include <windlass/coroutine.hpp>
#include <windlass/log.hpp>
#include <windlass/server.hpp>

#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "broker/memory/memory_broker.hpp"
#include "support/failing_broker.hpp"

namespace windlass {

using namespace std::chrono_literals;

class CoroutineApi : public ::testing::Test {
 protected:
  // Runs one task of type t through a server with this mux, and returns its record: completed, or archived as failed.
  TaskInfo run(const Mux& mux, Duration timeout = Duration(1min)) {
    ServerConfig config;
    config.concurrency = 100;
    config.liveness = 1h;  // a busy machine must not make it look dead
    Server server(store, config);
    const auto started = server.start(mux);
    EXPECT_TRUE(started);
    Client client(store);
    EXPECT_TRUE(
        client.enqueue(Task("t"), EnqueueOptions().task_id("the task").max_retry(0).timeout(timeout).retention(1h)));
    EXPECT_TRUE(server.wait_until_empty());
    const auto info = store->task({"default", "the task"});
    EXPECT_TRUE(info) << info.error().message();
    return info ? *info : TaskInfo();
  }
  template <class F>
  TaskInfo run_handler(F handler, Duration timeout = Duration(1min)) {
    Mux mux;
    mux.handle("t", std::move(handler));
    return run(mux, timeout);
  }

  std::shared_ptr<testing::FailingBroker> store =
      std::make_shared<testing::FailingBroker>(broker::make_memory_broker(base::real_clock()));
};

}  // namespace windlass
