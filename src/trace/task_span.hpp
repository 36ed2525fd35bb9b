// What all spans of a task say of it: the attributes of OpenTelemetry's conventions for messaging.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/message.hpp"
#include "trace/spans.hpp"

namespace windlass::trace {

inline OpenSpan open_task_span(std::string_view what, SpanKind kind, const core::TaskMessage& task,
                               const std::optional<TraceContext>& parent, TimePoint start) {
  OpenSpan span(std::string(what) + " " + task.type, kind, parent, start);
  span.attribute("messaging.system", std::string("windlass"))
      .attribute("messaging.operation.name", std::string(what))
      .attribute("messaging.destination.name", task.queue)
      .attribute("messaging.message.id", task.id);
  return span;
}

}  // namespace windlass::trace
