#include "conformance/redis_store.hpp"

namespace windlass::conformance {
namespace {

struct Cluster {
  Cluster() {
    for (std::size_t i = 0; i < 3; ++i) masters.push_back(&setup.node(i));
  }

  testing::ServerClock clock;
  testing::ClusterSetup setup{{.replicas = false, .environment = clock.environment()}};
  std::vector<testing::RedisServer*> masters;
};

std::unique_ptr<TestStore> make_store() {
  static Cluster cluster;
  return std::make_unique<SharedStore>(cluster.clock, cluster.masters, cluster.setup.url());
}

}  // namespace

const std::vector<Row>& rows() {
  static const std::vector<Row> all = [] {
    Row row = redis_row("redis_cluster", make_store);
    row.ticks_by_queue = true;
    return std::vector{row};
  }();
  return all;
}

}  // namespace windlass::conformance
