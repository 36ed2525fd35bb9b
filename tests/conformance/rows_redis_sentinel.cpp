#include "conformance/redis_store.hpp"

namespace windlass::conformance {
namespace {

struct Sentinels {
  testing::ServerClock clock;
  // The sentinel has a clock that goes.
  testing::SentinelSetup setup{{.sentinels = 1, .replicas = 0, .environment = clock.environment()}};
};

std::unique_ptr<TestStore> make_store() {
  static Sentinels sentinels;
  return std::make_unique<SharedStore>(sentinels.clock, std::vector{&sentinels.setup.master()}, sentinels.setup.url());
}

}  // namespace

const std::vector<Row>& rows() {
  static const std::vector<Row> all{redis_row("redis_sentinel", make_store)};
  return all;
}

}  // namespace windlass::conformance
