#include "runtime/enqueue_answer.hpp"

#include <string>
#include <utility>

namespace windlass::runtime {
namespace {

using broker::EnqueueOutcome;
using broker::EnqueueStatus;
using broker::NewTask;

TaskInfo stored_info(NewTask&& stored, TaskState state, TimePoint now) {
  core::TaskMessage& m = stored.message;
  TaskInfo info;
  info.id = std::move(m.id);
  info.queue = std::move(m.queue);
  info.type = std::move(m.type);
  info.payload = std::move(m.payload);
  info.headers = std::move(m.headers);
  info.state = state;
  info.max_retry = m.max_retry;
  info.timeout = m.timeout;
  info.deadline = m.deadline;
  info.expires_at = m.expires_at;
  info.retention = m.retention;
  info.group = std::move(m.group);
  info.unique_key = std::move(m.unique_key);
  info.enqueued_at = m.enqueued_at;
  info.scheduled_at = m.scheduled_at;
  if (state == TaskState::kScheduled) info.next_process_at = stored.process_at;
  if (state == TaskState::kPending) info.next_process_at = now;
  return info;
}

}  // namespace

Result<TaskInfo> enqueue_answer(NewTask task, const EnqueueOutcome& outcome, TimePoint now) {
  if (outcome.status == EnqueueStatus::kEnqueued) return stored_info(std::move(task), outcome.state, now);
  return refusal(task, outcome).at("enqueue on '" + task.message.queue + "'");
}

}  // namespace windlass::runtime
