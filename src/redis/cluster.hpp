// Redis Cluster: commands go to the node that owns the slot of their key. The slot map is asked for once, mended by each MOVED,
// and asked for again when a node cannot be reached.
#pragma once

#include <memory>

#include "redis/client.hpp"

namespace windlass::redis {

std::shared_ptr<Client> make_cluster_client(std::shared_ptr<const Connector> connector);

}  // namespace windlass::redis
