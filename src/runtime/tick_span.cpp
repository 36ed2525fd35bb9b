#include "runtime/tick_span.hpp"

#include "trace/spans.hpp"

namespace windlass::runtime {

void begin_tick_trace(core::TaskMessage& task) {
  if (!trace::tracing()) return;
  const trace::OpenSpan root({}, SpanKind::kProducer, std::nullopt, {});
  trace::inject(root.context(), task.headers);
}

void write_tick_span(const std::string& entry, const TaskInfo& stored, TimePoint now) {
  if (!trace::tracing()) return;
  const auto context = find_trace(stored.headers);
  if (!context) return;
  trace::OpenSpan span = trace::OpenSpan::with_context("tick " + entry, SpanKind::kProducer, *context, stored.enqueued_at);
  span.attribute("messaging.system", std::string("windlass"))
      .attribute("messaging.operation.name", std::string("tick"))
      .attribute("messaging.destination.name", stored.queue)
      .attribute("messaging.message.id", stored.id);
  span.end(now);
}

}  // namespace windlass::runtime
