#include "find_task.hpp"

#include <vector>

namespace windlass::app {

Result<TaskInfo> find_task(const Inspector& inspector, const std::string& queue, const std::string& id) {
  if (!queue.empty()) return inspector.task(queue, id);
  const auto queues = inspector.queues();
  if (!queues) return queues.error();
  std::vector<TaskInfo> found;
  for (const std::string& name : *queues) {
    Result<TaskInfo> task = inspector.task(name, id);
    if (task) found.push_back(*std::move(task));
    else if (task.error().code() != ErrorCode::kTaskNotFound && task.error().code() != ErrorCode::kQueueNotFound) return task;
  }
  if (found.empty()) return Error(ErrorCode::kTaskNotFound, "no queue has a task with the id '" + id + "'");
  if (found.size() == 1) return found[0];
  std::string names;
  for (const TaskInfo& task : found) names += (names.empty() ? "" : ", ") + task.queue;
  return Error(ErrorCode::kInvalidArgument, "several queues have a task with the id '" + id + "': " + names + "; choose with --queue");
}

}  // namespace windlass::app
