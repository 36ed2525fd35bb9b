#include "task_walk.hpp"

#include <algorithm>

namespace windlass::app {
namespace {

constexpr std::size_t kPageMax = 1000;

}  // namespace

std::uint64_t count_of(const QueueInfo& queue, TaskState state) {
  switch (state) {
    case TaskState::kActive: return queue.active;
    case TaskState::kPending: return queue.pending;
    case TaskState::kScheduled: return queue.scheduled;
    case TaskState::kRetry: return queue.retry;
    case TaskState::kArchived: return queue.archived;
    case TaskState::kCompleted: return queue.completed;
    case TaskState::kAggregating: return queue.aggregating;
  }
  return 0;
}

Result<std::string> for_each_task(const Inspector& inspector, const TaskQuery& query, std::size_t max,
                                  std::string cursor, const std::function<void(const TaskInfo&)>& each) {
  while (max > 0) {
    const Result<TaskPage> page = inspector.list(query, std::min(max, kPageMax), cursor);
    if (!page) return page.error();
    for (const TaskInfo& task : page->tasks) each(task);
    max -= std::min(max, page->tasks.size());
    cursor = page->next;
    if (cursor.empty()) break;
  }
  return cursor;
}

Result<std::uint64_t> count_tasks(const Inspector& inspector, const TaskQuery& query) {
  if (query.group.empty() && query.id_prefix.empty() && query.type.empty()) {
    const Result<QueueInfo> queue = inspector.queue(query.queue);
    if (!queue) return queue.error();
    return count_of(*queue, query.state);
  }
  std::uint64_t count = 0;
  const Result<std::string> end = for_each_task(inspector, query, SIZE_MAX, {}, [&](const TaskInfo&) { ++count; });
  if (!end) return end.error();
  return count;
}

}  // namespace windlass::app
