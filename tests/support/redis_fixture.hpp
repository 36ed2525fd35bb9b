// What tests with a real Redis have in common: the skip, and a client from a URL.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "redis/client.hpp"
#include "support/redis_server.hpp"

namespace windlass::testing {

class RedisFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
  }

  static std::shared_ptr<redis::Client> open(const std::string& url) {
    const Result<redis::Config> config = redis::parse_url(url);
    if (!config) throw std::runtime_error(config.error().message());
    Result<std::shared_ptr<redis::Client>> client = redis::open_client(*config);
    if (!client) throw std::runtime_error(client.error().message());
    return *std::move(client);
  }

  // For calls that may take as long as the test.
  static redis::CallOptions patient() { return {net::after(std::chrono::seconds(40)), true}; }

  // Other processes give no signal to wait for. Fails the test after 40 s.
  template <class Condition>
  static void wait_until(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(40);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return ADD_FAILURE() << "waited in vain", void();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
};

}  // namespace windlass::testing
