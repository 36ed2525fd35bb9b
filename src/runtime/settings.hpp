// From what the user wrote into a ServerConfig to what the server works with.
#pragma once

#include <string>

#include <windlass/error.hpp>
#include <windlass/isolation.hpp>
#include <windlass/server.hpp>

namespace windlass::runtime {

// The config with its defaults filled in (concurrency, queues).
// Errors: kInvalidArgument, naming the field and what is allowed.
Result<ServerConfig> checked_config(ServerConfig config);

// Errors: kInvalidArgument, naming the field as `where`.field.
Status check_handler_options(const std::string& where, const HandlerOptions& options);
// The options of a pattern put over those of the server, and the defaults under both.
HandlerOptions merged_options(const HandlerOptions& pattern, const HandlerOptions& server);

}  // namespace windlass::runtime
