#include "broker/redis/redis_broker.hpp"
#include "broker/redis/server_facts.hpp"

namespace windlass::broker {

Result<std::shared_ptr<Broker>> open_redis_broker(const redis::Config& config, base::Clock& clock, std::size_t payload_max) {
  Result<std::shared_ptr<redis::Client>> client = redis::open_client(config);
  if (!client) return client.error();
  const Result<bool> restricted = check_server(**client);
  if (!restricted) return restricted.error();
  return make_redis_broker(*std::move(client), clock, payload_max, *restricted);
}

}  // namespace windlass::broker
