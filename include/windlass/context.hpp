// Context: what a handler knows of the run it serves, and what it can tell back.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include <windlass/info.hpp>
#include <windlass/log.hpp>
#include <windlass/task.hpp>
#include <windlass/time.hpp>
#include <windlass/trace.hpp>

namespace windlass {

// Why the stop token of a run was set.
enum class StopReason : std::uint8_t { kNone, kCancelled, kTimeout, kDeadline, kLeaseLost, kShutdown };
// Lower-case name: "lease_lost".
std::string_view stop_reason_name(StopReason reason);

// One per run, valid until the handler returns. The const members and the stop token may be used from any thread while the
// handler runs; so may write_result and set_progress.
class Context {
 public:
  virtual ~Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // The task of this run.
  virtual const std::string& task_id() const = 0;
  virtual const std::string& queue() const = 0;
  virtual const std::string& type() const = 0;
  virtual const Payload& payload() const = 0;
  virtual const Headers& headers() const = 0;
  // The trace that this run belongs to: what headers() carry. While tracing is on, each run has a span of its own there.
  std::optional<TraceContext> trace() const { return find_trace(headers()); }
  // Retries charged before this run: 0 in the first. The last run is the one with retry_count() >= max_retry().
  virtual int retry_count() const = 0;
  virtual int max_retry() const = 0;
  // When this run will be told to stop: the earlier of timeout and deadline; kNoTime = never.
  virtual TimePoint deadline() const = 0;
  // Nominal time of a delayed or periodic task (when it was meant to run); for others the time of the enqueue.
  virtual TimePoint scheduled_at() const = 0;
  virtual TimePoint enqueued_at() const = 0;
  virtual TimePoint started_at() const = 0;

  // Set when the run should end: timeout, deadline, cancel, lost lease, shutdown. A handler that goes on is left running, and
  // its slot stays taken, until it returns.
  virtual std::stop_token stop_token() const = 0;
  bool stop_requested() const { return stop_token().stop_requested(); }
  // Why the stop token was set; kNone as long as it is not.
  virtual StopReason stop_reason() const = 0;

  // Stores `bytes` as the task's result, in place of an earlier one; readable through the inspector at once, and after
  // success as long as the task's retention. Does not block; what the store refuses is logged.
  virtual void write_result(std::string bytes) = 0;
  // Percent is clamped to 0..100. Visible in the inspector within a second. Does not block.
  virtual void set_progress(double percent, std::string text = {}) = 0;

 protected:
  Context() = default;
};

}  // namespace windlass
