#include "runtime/enqueue_answer.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include "core/message_info.hpp"

namespace windlass::runtime {
namespace {

using broker::EnqueueOutcome;
using broker::EnqueueStatus;
using broker::NewTask;

TaskInfo stored_info(NewTask&& stored, TaskState state, TimePoint now) {
  TaskInfo info = core::to_info(std::move(stored.message), SIZE_MAX);
  info.state = state;
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
