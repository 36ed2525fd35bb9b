#include "conformance/redis_store.hpp"

namespace windlass::conformance {
namespace {

// A redis-server for each.
class SingleStore final : public TestStore {
 public:
  std::shared_ptr<broker::Broker> open(base::Clock& clock, std::size_t payload_max) override {
    if (!server_clock_.follows()) server_clock_.follow(clock);
    return open_redis(server_.socket_url(), clock, payload_max);
  }

 private:
  testing::ServerClock server_clock_;
  testing::RedisServer server_{{.environment = server_clock_.environment()}};
};

}  // namespace

const std::vector<Row>& rows() {
  static const std::vector<Row> all{redis_row("redis", [] { return std::make_unique<SingleStore>(); })};
  return all;
}

}  // namespace windlass::conformance
