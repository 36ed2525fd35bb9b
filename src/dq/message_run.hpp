// MessageRun: one run of a message's handler, with its record under the lock key, and the Context that the handler
// sees.
#pragma once

#include <atomic>
#include <optional>
#include <stop_token>
#include <string>

#include <windlass/context.hpp>

#include "base/mutex.hpp"
#include "dq/copy.hpp"
#include "dq/record.hpp"
#include "trace/spans.hpp"

namespace windlass::dq {

// What is the same for all runs of a consumer.
struct RunFacts {
  int max_retry = 25;
  Duration timeout{};
};

// Thread-safe, but for record, which mu guards.
class MessageRun final : public Context {
 public:
  MessageRun(CopyPtr copy, Record run, const RunFacts& facts, TimePoint started_at);

  const std::string& task_id() const override { return copy_->key; }
  const std::string& queue() const override { return tube_; }
  const std::string& type() const override { return tube_; }
  const Payload& payload() const override { return payload_; }
  const Headers& headers() const override { return headers_; }
  int retry_count() const override { return attempt_ - 1; }
  int max_retry() const override { return max_retry_; }
  TimePoint deadline() const override { return deadline_; }
  TimePoint scheduled_at() const override { return copy_->due; }
  TimePoint enqueued_at() const override { return copy_->put_at; }
  TimePoint started_at() const override { return started_at_; }
  std::stop_token stop_token() const override { return source_.get_token(); }
  StopReason stop_reason() const override { return reason_.load(std::memory_order_acquire); }
  void write_result(std::string bytes) override;
  // A message has no place where others could see it.
  void set_progress(double, std::string) override {}

  // The span of this run, whose context the handler sees in its headers. REQUIRES: nobody else has this object yet.
  void begin_span();
  // Confined to the worker, as begin_span(). Without a span: nothing.
  void end_span(const Outcome& outcome, TimePoint now);

  const CopyPtr& copy() const { return copy_; }
  int attempt() const { return attempt_; }
  std::string result() const;
  // The first reason stays. Callbacks of the handler run here.
  void tell_to_stop(StopReason reason);

  // What stands, or should stand, under the key. Held while it is being exchanged.
  base::Mutex mu;
  Record record WINDLASS_GUARDED_BY(mu);
  bool over WINDLASS_GUARDED_BY(mu) = false;  // its outcome is being written: no more beats

 private:
  const CopyPtr copy_;
  const std::string tube_;
  const Payload payload_;
  Headers headers_;
  const int attempt_;
  const int max_retry_;
  const TimePoint started_at_;
  const TimePoint deadline_;
  std::optional<trace::OpenSpan> span_;
  std::stop_source source_;
  std::atomic<StopReason> reason_{StopReason::kNone};
  mutable base::Mutex result_mu_;
  std::string result_ WINDLASS_GUARDED_BY(result_mu_);
};

}  // namespace windlass::dq
