// The open log scopes of a thread, for work that goes from one thread to another or takes turns with others on one.
#pragma once

#include <vector>

#include <windlass/log.hpp>

namespace windlass::base {

// Exchanges the fields that are on every line of the calling thread with `fields`. The LogScopes that are open belong
// to the fields that they were opened on.
void swap_log_context(std::vector<LogField>& fields);

}  // namespace windlass::base
