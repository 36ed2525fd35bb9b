#include "copy_tasks.hpp"

#include <utility>
#include <vector>

#include <windlass/log.hpp>

#include "core/unique_key.hpp"

namespace windlass::app {
namespace {

using broker::EnqueueStatus;
using broker::TaskRef;

constexpr std::size_t kPage = 100;

// In the queue that it goes to.
TaskInfo as_in(const std::string& queue, TaskInfo task) {
  task.unique_key = core::unique_key_in(queue, task.queue, task.unique_key);
  task.queue = queue;
  return task;
}

// Of two tasks with one id: whether they are the same one.
bool is_same(const TaskInfo& a, const TaskInfo& b) {
  return a.type == b.type && a.enqueued_at == b.enqueued_at && a.payload.bytes() == b.payload.bytes();
}

class PageCopy {
 public:
  PageCopy(broker::Broker& from, broker::Broker& to, const CopyOrder& order, CopyCount& count)
      : from_(from), to_(to), order_(order), count_(count) {}

  Status run(const std::vector<TaskInfo>& tasks) {
    if (tasks.empty()) return {};
    const auto source = broker::transfer_of(from_), target = broker::transfer_of(to_);
    if (!source) return source.error();
    if (!target) return target.error();
    const auto locks = (*source)->unique_left(tasks);
    if (!locks) return locks.error();
    std::vector<broker::StoredTask> stored;
    for (std::size_t i = 0; i < tasks.size(); ++i) stored.push_back({as_in(order_.queue, tasks[i]), (*locks)[i]});
    const auto outcomes = (*target)->restore(stored);
    if (!outcomes) return outcomes.error();
    std::vector<TaskRef> there;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const Result<bool> is_there = take_outcome((*outcomes)[i], stored[i].info);
      if (!is_there) return is_there.error();
      if (*is_there) there.push_back({tasks[i].queue, tasks[i].id});
    }
    if (!order_.take_away || there.empty()) return {};
    const auto deleted = from_.act(there, broker::TaskAction::kDelete);
    return deleted ? Status() : deleted.error();
  }

 private:
  // True if the task is where it shall be.
  Result<bool> take_outcome(const broker::EnqueueOutcome& outcome, const TaskInfo& task) {
    if (outcome.status == EnqueueStatus::kEnqueued) {
      ++count_.copied;
      return true;
    }
    // A lock is looked at before the id, so one that is there with its lock is its own duplicate.
    if (outcome.status == EnqueueStatus::kIdConflict || outcome.holder == task.id) {
      const Result<TaskInfo> other = to_.task({task.queue, task.id});
      if (!other) return other.error();
      if (is_same(*other, task)) {
        ++count_.already;
        return true;
      }
    }
    if (count_.refused++ == 0) {
      const std::string why = outcome.status == EnqueueStatus::kIdConflict ? "another task has its id"
                                                                           : "task '" + outcome.holder + "' holds its unique lock";
      count_.first_refusal = "task '" + task.id + "' of queue '" + task.queue + "': " + why;
    }
    return false;
  }

  broker::Broker& from_;
  broker::Broker& to_;
  const CopyOrder& order_;
  CopyCount& count_;
};

}  // namespace

Status copy_tasks(broker::Broker& from, broker::Broker& to, const CopyOrder& order, CopyCount& count) {
  PageCopy copy(from, to, order, count);
  broker::ListRequest request{.filter = order.filter, .limit = kPage};
  do {
    const Result<TaskPage> page = from.list(request);
    if (!page) return page.error();
    if (const Status copied = copy.run(page->tasks); !copied) return copied;
    if (!page->tasks.empty()) log_debug("tasks carried", {{"queue", order.queue}, {"tasks", std::to_string(page->tasks.size())}});
    if (order.progress) order.progress(count);
    request.cursor = page->next;
  } while (!request.cursor.empty());
  return {};
}

}  // namespace windlass::app
