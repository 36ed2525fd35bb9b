// The texts of the public enumerations, and the one public function of EnqueueOptions that needs more than its header.
#include <windlass/context.hpp>
#include <windlass/error.hpp>
#include <windlass/info.hpp>
#include <windlass/task.hpp>

namespace windlass {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kDuplicateTask: return "duplicate_task";
    case ErrorCode::kTaskIdConflict: return "task_id_conflict";
    case ErrorCode::kTaskNotFound: return "task_not_found";
    case ErrorCode::kQueueNotFound: return "queue_not_found";
    case ErrorCode::kQueueNotEmpty: return "queue_not_empty";
    case ErrorCode::kFailedPrecondition: return "failed_precondition";
    case ErrorCode::kLeaseLost: return "lease_lost";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kUnknownOutcome: return "unknown_outcome";
    case ErrorCode::kResourceExhausted: return "resource_exhausted";
    case ErrorCode::kPermissionDenied: return "permission_denied";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kClosed: return "closed";
    case ErrorCode::kInternal: return "internal";
    case ErrorCode::kTickTaken: return "tick_taken";
    case ErrorCode::kNotDurable: return "not_durable";
  }
  return "unknown";
}

std::string_view task_state_name(TaskState state) {
  switch (state) {
    case TaskState::kActive: return "active";
    case TaskState::kPending: return "pending";
    case TaskState::kScheduled: return "scheduled";
    case TaskState::kRetry: return "retry";
    case TaskState::kArchived: return "archived";
    case TaskState::kCompleted: return "completed";
    case TaskState::kAggregating: return "aggregating";
  }
  return "unknown";
}

std::optional<TaskState> find_task_state(std::string_view name) {
  for (int number = 1; number <= kTaskStateCount; ++number) {
    const auto state = static_cast<TaskState>(number);
    if (task_state_name(state) == name) return state;
  }
  return std::nullopt;
}

std::string_view failure_kind_name(FailureKind kind) {
  switch (kind) {
    case FailureKind::kNone: return "none";
    case FailureKind::kError: return "error";
    case FailureKind::kException: return "exception";
    case FailureKind::kExitCode: return "exit_code";
    case FailureKind::kSignal: return "signal";
    case FailureKind::kTimeout: return "timeout";
    case FailureKind::kDeadline: return "deadline";
    case FailureKind::kExpired: return "expired";
    case FailureKind::kCancelled: return "cancelled";
    case FailureKind::kCrashed: return "crashed";
    case FailureKind::kBadPayload: return "bad_payload";
    case FailureKind::kNoHandler: return "no_handler";
    case FailureKind::kMemory: return "memory";
  }
  return "unknown";
}

std::string_view stop_reason_name(StopReason reason) {
  switch (reason) {
    case StopReason::kNone: return "none";
    case StopReason::kCancelled: return "cancelled";
    case StopReason::kTimeout: return "timeout";
    case StopReason::kDeadline: return "deadline";
    case StopReason::kLeaseLost: return "lease_lost";
    case StopReason::kShutdown: return "shutdown";
  }
  return "unknown";
}

namespace {

template <class T>
void put_over(std::optional<T>& slot, const std::optional<T>& later) {
  if (later) slot = later;
}

}  // namespace

EnqueueOptions EnqueueOptions::merged_with(const EnqueueOptions& later) const {
  EnqueueOptions merged = *this;
  put_over(merged.queue_, later.queue_);
  put_over(merged.max_retry_, later.max_retry_);
  put_over(merged.timeout_, later.timeout_);
  put_over(merged.deadline_, later.deadline_);
  put_over(merged.task_id_, later.task_id_);
  put_over(merged.retention_, later.retention_);
  put_over(merged.group_, later.group_);
  put_over(merged.durability_, later.durability_);
  // The three pairs below are set together, so they are replaced together.
  if (later.expires_at_ || later.expires_in_) {
    merged.expires_at_ = later.expires_at_;
    merged.expires_in_ = later.expires_in_;
  }
  if (later.process_at_ || later.process_in_) {
    merged.process_at_ = later.process_at_;
    merged.process_in_ = later.process_in_;
  }
  if (later.unique_ttl_) {
    merged.unique_ttl_ = later.unique_ttl_;
    merged.unique_key_ = later.unique_key_;
  }
  for (const auto& [key, value] : later.headers_) merged.headers_[key] = value;
  return merged;
}

}  // namespace windlass
