// What commands take in beside options.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <windlass/error.hpp>
#include <windlass/task.hpp>

namespace windlass::app {

// The argument itself, the content of a file ("@FILE"), or standard input ("-"), at most one byte more than `max`.
// Nothing for none. Errors: kInvalidArgument (the file cannot be read).
Result<Payload> read_payload(const std::optional<std::string>& argument, std::size_t max);

}  // namespace windlass::app
