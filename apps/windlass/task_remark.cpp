#include "task_remark.hpp"

#include "output.hpp"

namespace windlass::app {

std::string task_remark(const TaskInfo& task) {
  switch (task.state) {
    case TaskState::kActive:
      return (task.orphaned ? "orphaned, started " : "started ") + relative_time(task.started_at);
    case TaskState::kScheduled: return relative_time(task.next_process_at);
    case TaskState::kRetry:
      return "retry " + std::to_string(task.retried + 1) + "/" + std::to_string(task.max_retry) + " " +
             relative_time(task.next_process_at) + ": " + shortened(task.failure.message, 60);
    case TaskState::kArchived: return relative_time(task.archived_at) + ": " + shortened(task.failure.message, 60);
    case TaskState::kCompleted: return relative_time(task.completed_at);
    case TaskState::kAggregating: return "group " + shortened(task.group, 40);
    case TaskState::kPending: break;
  }
  return task.enqueued_at == kNoTime ? "" : "enqueued " + relative_time(task.enqueued_at);
}

}  // namespace windlass::app
