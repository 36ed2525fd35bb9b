#include "conformance/redis_store.hpp"

namespace windlass::conformance {
namespace {

struct Cluster {
  Cluster() {
    // A cluster comes together on a clock that goes. Afterwards nobody is to judge others by it.
    for (std::size_t i = 0; i < 3; ++i) {
      masters.push_back(&setup.node(i));
      masters.back()->run({"CONFIG", "SET", "cluster-node-timeout", "10000000000000"});
    }
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
