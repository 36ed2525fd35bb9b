#include "dq/message_run.hpp"

#include <utility>

#include "core/time_math.hpp"
#include "dq/message_span.hpp"
#include "dq/node_reader.hpp"
#include "dq/nodes.hpp"

namespace windlass::dq {

MessageRun::MessageRun(CopyPtr copy, Record run, const RunFacts& facts, TimePoint started_at)
    : record(std::move(run)),
      copy_(std::move(copy)),
      tube_(copy_->reader->node().tube),
      payload_(copy_->payload()),
      headers_{{"dq-id", copy_id(copy_->reader->node(), copy_->job)}},
      attempt_(record.attempt),
      max_retry_(facts.max_retry),
      started_at_(started_at),
      deadline_(facts.timeout > Duration::zero() ? core::saturated_sum(started_at, facts.timeout) : kNoTime) {}

void MessageRun::begin_span() {
  span_ = open_message_span("process", SpanKind::kConsumer, tube_, copy_->key, std::nullopt, started_at_);
  span_->attribute("windlass.attempt", attempt_);
  trace::inject(span_->context(), headers_);
}

void MessageRun::end_span(const Outcome& outcome, TimePoint now) {
  if (!span_) return;
  if (outcome.kind() == Outcome::Kind::kFail || outcome.kind() == Outcome::Kind::kSkipRetry) {
    span_->attribute("error.type", std::string(failure_kind_name(outcome.failure().kind))).fail(outcome.failure().message);
  }
  span_->end(now);
}

void MessageRun::write_result(std::string bytes) {
  base::Lock lock(result_mu_);
  result_ = std::move(bytes);
}

std::string MessageRun::result() const {
  base::Lock lock(result_mu_);
  return result_;
}

void MessageRun::tell_to_stop(StopReason reason) {
  StopReason none = StopReason::kNone;
  reason_.compare_exchange_strong(none, reason, std::memory_order_acq_rel);
  source_.request_stop();
}

}  // namespace windlass::dq
