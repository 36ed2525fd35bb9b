// Enqueue options as text: how records of periodic entries show them, and how they are read back to enqueue such a task
// by hand.
//
// The texts are Asynq's (`Queue("low")`, `Timeout(1m30s)`, `Header(["key","value"])`). ExpiresIn, ExpiresAt and
// UniqueKey are ours; Asynq's reader passes over what it does not know.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <windlass/task.hpp>

namespace windlass::core {

std::vector<std::string> format_options(const EnqueueOptions& options);

// What is unknown or malformed is passed over. Times are read to the second, as they are written.
EnqueueOptions parse_options(std::span<const std::string> texts);

}  // namespace windlass::core
