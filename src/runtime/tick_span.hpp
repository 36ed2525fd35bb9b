// The trace that a tick of a scheduler begins, with the span "tick ENTRY".
#pragma once

#include <string>

#include <windlass/info.hpp>

#include "core/message.hpp"

namespace windlass::runtime {

// Gives the task the context of a trace of its own, if tracing is on.
void begin_tick_trace(core::TaskMessage& task);
// The task was stored: only now is it known that the tick was this scheduler's.
void write_tick_span(const std::string& entry, const TaskInfo& stored, TimePoint now);

}  // namespace windlass::runtime
