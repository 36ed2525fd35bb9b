// The broker on Redis: the keys of Go Asynq, so that processes of both share one Redis (docs/reference/redis-keys.md,
// docs/reference/asynq-compatibility.md). As durable as that Redis is configured to be.
#pragma once

#include <cstddef>
#include <memory>

#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "redis/client.hpp"

namespace windlass::broker {

inline constexpr std::size_t kRedisPayloadMax = std::size_t{64} << 20;

// `clock` must outlive the broker and its waiters and feeds. Needs Redis 7.0. Does not connect: ping() does. For a `restricted` user,
// who may not run all commands, each script looks first whether he may run those it needs, which takes Redis some microseconds.
std::shared_ptr<Broker> make_redis_broker(std::shared_ptr<redis::Client> client, base::Clock& clock,
                                          std::size_t payload_max = kRedisPayloadMax, bool restricted = false);

// The same, and connects.
//
// Errors: kUnavailable, kPermissionDenied (password, user, certificate), kInvalidArgument (database, TLS files), kUnsupported
// (older than 7.0).
Result<std::shared_ptr<Broker>> open_redis_broker(const redis::Config& config, base::Clock& clock,
                                                  std::size_t payload_max = kRedisPayloadMax);

}  // namespace windlass::broker
