#include "broker/memory/memory_broker.hpp"
#include "conformance/rows.hpp"

namespace windlass::conformance {
namespace {

class MemoryStore final : public TestStore {
 public:
  std::shared_ptr<broker::Broker> open(base::Clock& clock, std::size_t payload_max) override {
    return broker::make_memory_broker(clock, payload_max);
  }
};

}  // namespace

const std::vector<Row>& rows() {
  static const std::vector<Row> all{{.name = "memory", .make = [] { return std::make_unique<MemoryStore>(); }}};
  return all;
}

}  // namespace windlass::conformance
