// The spans of a run: "process TYPE", and "retry TYPE" for what it waited since the run before it failed.
#pragma once

#include <memory>

#include "broker/broker.hpp"
#include "trace/spans.hpp"

namespace windlass::runtime {

// REQUIRES: trace::tracing(). Its parent is whatever the task's headers carry.
std::unique_ptr<trace::OpenSpan> begin_run_span(const core::TaskMessage& task, TimePoint now);
void end_run_span(trace::OpenSpan& span, const broker::Finish& finish, TimePoint now);

}  // namespace windlass::runtime
