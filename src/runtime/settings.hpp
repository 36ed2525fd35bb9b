// From what the user wrote into a ServerConfig to what the server works with.
#pragma once

#include <windlass/error.hpp>
#include <windlass/server.hpp>

namespace windlass::runtime {

// The config with its defaults filled in (concurrency, queues).
// Errors: kInvalidArgument, naming the field and what is allowed.
Result<ServerConfig> checked_config(ServerConfig config);

}  // namespace windlass::runtime
