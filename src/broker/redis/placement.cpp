// Where the queues of a cluster are.
#include "broker/redis/operations.hpp"
#include "redis/slots.hpp"

namespace windlass::broker {
namespace {

// Of one range of CLUSTER SLOTS: first, last, master, replicas.
std::vector<std::string> nodes_of(const redis::Value& range) {
  std::vector<std::string> nodes;
  for (std::size_t i = 2; i < range.size(); ++i) {
    if (range[i].size() < 2) continue;
    const auto port = static_cast<std::uint16_t>(range[i][1].integer().value_or(0));
    nodes.push_back(redis::Endpoint{std::string(range[i][0].text()), port, {}}.address());
  }
  return nodes;
}

}  // namespace

Result<std::vector<QueuePlace>> read_places(Store& store, std::span<const std::string> queues) {
  if (!store.is_cluster()) {
    return Error(ErrorCode::kFailedPrecondition, "this Redis is no cluster: all queues are in one place");
  }
  redis::Pipeline pipeline;
  pipeline.add("CLUSTER", "SLOTS").idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  std::vector<QueuePlace> places;
  for (const std::string& queue : queues) {
    QueuePlace place{queue, redis::key_slot(queue_prefix(queue)), {}};
    for (const redis::Value range : (*replies)[0]) {
      if (range.size() < 3 || range[0].integer().value_or(0) > place.slot || range[1].integer().value_or(-1) < place.slot) continue;
      place.nodes = nodes_of(range);
      break;
    }
    places.push_back(std::move(place));
  }
  return places;
}

}  // namespace windlass::broker
