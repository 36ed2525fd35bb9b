// What the rows of Redis have in common.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "broker/redis/redis_broker.hpp"
#include "conformance/rows.hpp"
#include "support/redis_server.hpp"
#include "support/server_clock.hpp"

namespace windlass::conformance {

inline std::shared_ptr<broker::Broker> open_redis(const std::string& url, base::Clock& clock, std::size_t payload_max) {
  auto config = redis::parse_url(url);
  // Servers of sanitizer builds under load are slow, not dead.
  config->read_timeout = std::chrono::seconds(60);
  auto client = redis::open_client(*config);
  if (!client) throw std::runtime_error(client.error().message());
  return broker::make_redis_broker(*client, clock, payload_max);
}

// A store on servers that take a while to come up, and so serve all stores of their process, one after the other.
class SharedStore final : public TestStore {
 public:
  SharedStore(testing::ServerClock& server_clock, const std::vector<testing::RedisServer*>& servers, std::string url)
      : server_clock_(server_clock), url_(std::move(url)) {
    server_clock_.stop();
    for (testing::RedisServer* server : servers) server->run({"FLUSHALL"});
  }
  ~SharedStore() override { server_clock_.stop(); }

  std::shared_ptr<broker::Broker> open(base::Clock& clock, std::size_t payload_max) override {
    if (!server_clock_.follows()) server_clock_.follow(clock);
    return open_redis(url_, clock, payload_max);
  }

 private:
  testing::ServerClock& server_clock_;
  const std::string url_;
};

inline Row redis_row(std::string name, std::function<std::unique_ptr<TestStore>()> make) {
  return {.name = std::move(name),
          .make = std::move(make),
          .survives = true,
          .shared = true,
          .ties_by_id = true,
          .locks_end_by_server = true,
          .grain = std::chrono::milliseconds(1)};
}

}  // namespace windlass::conformance
