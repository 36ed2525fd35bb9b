// A whole Redis as text, for people and for comparison: each key with its type, members, scores and TTL; messages field
// by field.
//
// What differs from run to run is replaced: times by "now+N" (N a multiple of 10 s: whatever lies within the span of
// the test), UUIDs, the day, host and process. What is Windlass' own is left out: side fields `w:*`, keys with
// "windlass", fields of records from number 100 on.
#pragma once

#include <cstdint>
#include <string>

#include "support/redis_server.hpp"

namespace windlass::interop {

// `began`: seconds since 1970 before anything was written.
std::string dump(const testing::RedisServer& redis, std::int64_t began);

}  // namespace windlass::interop
