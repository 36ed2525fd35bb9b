#include "runtime/run_span.hpp"

#include <string>

#include "trace/task_span.hpp"

namespace windlass::runtime {
namespace {

std::string_view outcome_name(broker::FinishKind kind) {
  using broker::FinishKind;
  switch (kind) {
    case FinishKind::kDone: return "done";
    case FinishKind::kComplete: return "completed";
    case FinishKind::kRetry: return "retried";
    case FinishKind::kArchive: return "archived";
    case FinishKind::kSnooze: return "snoozed";
    case FinishKind::kRequeue: return "given_back";
    case FinishKind::kDiscard: return "expired";
  }
  return "";
}

}  // namespace

std::unique_ptr<trace::OpenSpan> begin_run_span(const core::TaskMessage& task, TimePoint now) {
  const std::optional<TraceContext> parent = find_trace(task.headers);
  if (parent && task.retried > 0 && task.last_failed_at != kNoTime && task.last_failed_at < now) {
    trace::OpenSpan wait = trace::open_task_span("retry", SpanKind::kInternal, task, parent, task.last_failed_at);
    wait.attribute("windlass.retry", task.retried).attribute("windlass.error", task.error_msg).end(now);
  }
  auto span = std::make_unique<trace::OpenSpan>(trace::open_task_span("process", SpanKind::kConsumer, task, parent, now));
  span->attribute("windlass.attempt", task.retried + 1);
  return span;
}

void end_run_span(trace::OpenSpan& span, const broker::Finish& finish, TimePoint now) {
  span.attribute("windlass.outcome", std::string(outcome_name(finish.kind)));
  if (finish.failure.kind != FailureKind::kNone) {
    span.attribute("error.type", std::string(failure_kind_name(finish.failure.kind))).fail(finish.failure.message);
  }
  span.end(now);
}

}  // namespace windlass::runtime
