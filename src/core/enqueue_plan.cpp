#include "core/enqueue_plan.hpp"

#include <algorithm>
#include <utility>

#include "core/text.hpp"
#include "core/time_math.hpp"
#include "core/unique_key.hpp"

namespace windlass::core {

namespace {

Error invalid(std::string message) { return Error(ErrorCode::kInvalidArgument, std::move(message)); }

// Rules on single options, with the texts of Asynq where it has the same rule.
Status check_values(const Task& task, const EnqueueOptions& options) {
  if (is_blank(task.type())) return invalid("task typename cannot be empty");
  if (options.queue() && is_blank(*options.queue())) {
    return invalid("queue name must contain one or more characters");
  }
  if (options.task_id() && is_blank(*options.task_id())) return invalid("task ID cannot be empty");
  if (options.unique_ttl() && *options.unique_ttl() < std::chrono::seconds(1)) {
    return invalid("Unique TTL cannot be less than 1s");
  }
  if (options.group() && is_blank(*options.group())) return invalid("group key cannot be empty");
  if (options.expires_in() && *options.expires_in() <= Duration::zero()) {
    return invalid("expires_in must be more than 0, not " + format_duration(*options.expires_in()));
  }
  if (options.durability() && options.durability()->replicas < 0) {
    return invalid("durability cannot ask for " + std::to_string(options.durability()->replicas) + " replicas");
  }
  return {};
}

// `what` names the text in the error.
Status check_utf8(std::string_view text, const std::string& what) {
  const std::size_t valid = valid_utf8_prefix(text);
  if (valid == text.size()) return {};
  return invalid(what + " is not valid UTF-8 at byte " + std::to_string(valid) + ": \"" + to_valid_utf8(text) + "\"");
}

Status check_headers(const Headers& headers) {
  for (const auto& [key, value] : headers) {
    if (Status status = check_utf8(key, "header key"); !status) return status;
    if (Status status = check_utf8(value, "value of header \"" + key + "\""); !status) return status;
  }
  return {};
}

// What Go cannot read it cannot run either, and it stops more than the one task (wire protocol, trap 9).
Status check_texts(const TaskMessage& message) {
  const std::pair<std::string_view, const char*> texts[] = {{message.type, "task typename"},
                                                            {message.queue, "queue name"},
                                                            {message.id, "task ID"},
                                                            {message.group, "group key"}};
  for (const auto& [text, what] : texts) {
    if (Status status = check_utf8(text, what); !status) return status;
  }
  return check_headers(message.headers);
}

Status check_size(const Payload& payload, std::size_t payload_max) {
  if (payload.size() <= payload_max) return {};
  return Error(ErrorCode::kResourceExhausted, "payload is too large: " + std::to_string(payload.size()) +
                                                  " bytes, at most " + std::to_string(payload_max) + " are allowed");
}

// kNoTime: at once.
TimePoint process_time(const EnqueueOptions& options, TimePoint now) {
  TimePoint at = options.process_at().value_or(now);
  if (options.process_in()) at = saturated_sum(now, *options.process_in());
  return at > now ? at : kNoTime;
}

TimePoint expiry_time(const EnqueueOptions& options, TimePoint now) {
  if (options.expires_in()) return saturated_sum(now, *options.expires_in());
  return options.expires_at().value_or(kNoTime);
}

// Asynq cannot tell a timeout of 0 from one that was not given, and neither may we: a task that bounds nothing gets the
// default.
Duration run_timeout(const EnqueueOptions& options, TimePoint deadline) {
  const Duration timeout = options.timeout().value_or(Duration::zero());
  return timeout == Duration::zero() && deadline == kNoTime ? kDefaultTimeout : timeout;
}

void set_lock(const EnqueueOptions& options, TimePoint now, EnqueuePlan& plan) {
  if (!options.unique_ttl()) return;
  TaskMessage& message = plan.message;
  message.unique_key = options.unique_key().empty() ? unique_key(message.queue, message.type, message.payload)
                                                    : unique_key_for(message.queue, message.type, options.unique_key());
  plan.unique_ttl = *options.unique_ttl();
  // The lock of a scheduled task is held while it waits, and the ttl counts from then.
  if (plan.process_at != kNoTime) {
    plan.unique_ttl = saturated_sum(saturated_difference(plan.process_at, now), plan.unique_ttl);
  }
}

}  // namespace

Result<EnqueuePlan> plan_enqueue(const Task& task, const EnqueueOptions& later, TimePoint now, std::string fresh_id,
                                 std::size_t payload_max) {
  const EnqueueOptions options = task.options().merged_with(later);
  if (Status status = check_values(task, options); !status) return status.error();
  if (Status status = check_size(task.payload(), payload_max); !status) return status.error();

  EnqueuePlan plan;
  plan.process_at = process_time(options, now);
  TaskMessage& message = plan.message;
  message.id = options.task_id().value_or(std::move(fresh_id));
  message.queue = options.queue().value_or(std::string(kDefaultQueue));
  message.type = task.type();
  message.payload = task.payload();
  message.headers = options.headers();
  message.max_retry = std::max(options.max_retry().value_or(kDefaultMaxRetry), 0);
  message.deadline = options.deadline().value_or(kNoTime);
  message.timeout = run_timeout(options, message.deadline);
  message.retention = std::max(options.retention().value_or(Duration::zero()), Duration::zero());
  message.group = options.group().value_or(std::string());
  message.expires_at = expiry_time(options, now);
  message.scheduled_at = plan.process_at;
  message.enqueued_at = now;
  plan.durability = options.durability().value_or(EnqueueDurability());
  set_lock(options, now, plan);
  if (Status status = check_texts(message); !status) return status.error();
  return plan;
}

TaskState planned_state(const EnqueuePlan& plan, TimePoint now) {
  if (plan.process_at > now) return TaskState::kScheduled;
  return plan.message.group.empty() ? TaskState::kPending : TaskState::kAggregating;
}

}  // namespace windlass::core
