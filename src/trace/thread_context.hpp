// The trace context of a thread, for work that takes turns with others on one.
#pragma once

#include <optional>

#include <windlass/trace.hpp>

namespace windlass::trace {

// Exchanges the context of the calling thread with `context`.
void swap_context(std::optional<TraceContext>& context);

}  // namespace windlass::trace
