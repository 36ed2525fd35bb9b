#include "api/enqueue_spans.hpp"

#include "trace/task_span.hpp"

namespace windlass::api {

EnqueueSpans::EnqueueSpans(std::vector<broker::NewTask>& tasks, TimePoint now) {
  const std::optional<TraceContext> caller = current_trace();
  const bool tracing = trace::tracing();
  if (!tracing && !caller) return;
  for (broker::NewTask& task : tasks) {
    const std::optional<TraceContext> own = find_trace(task.message.headers);
    if (!tracing) {
      if (!own) trace::inject(*caller, task.message.headers);
      continue;
    }
    spans_.push_back(trace::open_task_span("enqueue", SpanKind::kProducer, task.message, own ? own : caller, now));
    trace::inject(spans_.back().context(), task.message.headers);
  }
}

void EnqueueSpans::end(const std::vector<broker::NewTask>& tasks, const Result<std::vector<broker::EnqueueOutcome>>& outcomes,
                       const base::Clock& clock) {
  if (spans_.empty()) return;
  const TimePoint now = clock.now();
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    if (!outcomes) spans_[i].fail(outcomes.error().message());
    else if ((*outcomes)[i].status != broker::EnqueueStatus::kEnqueued) spans_[i].fail(broker::refusal(tasks[i], (*outcomes)[i]).message());
    spans_[i].end(now);
  }
}

}  // namespace windlass::api
