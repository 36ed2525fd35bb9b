#include "demo_check.hpp"

#include <map>

#include "demo_digest.hpp"

namespace windlass::app {
namespace {

class Check {
 public:
  Check(const BrokerPtr& broker, const DemoPlan& plan, DemoSeen& seen) : inspector_(broker), plan_(plan), seen_(seen) {}

  DemoVerdict run() {
    read(TaskState::kCompleted);
    read(TaskState::kArchived);
    for (const auto& [id, expected] : plan_.tasks) check_task(id, expected);
    check_digests();
    if (seen_.expired_runs != 0) problem("a task that had expired was run");
    if (seen_.grouped != plan_.grouped) {
      problem("of " + std::to_string(plan_.grouped) + " grouped tasks " + std::to_string(seen_.grouped) + " were aggregated");
    }
    if (plan_.ticks_refused == 0 || plan_.tick_tasks != plan_.ticks) {
      problem(std::to_string(plan_.ticks) + " ticks of two schedulers made " + std::to_string(plan_.tick_tasks) + " tasks");
    }
    if (plan_.duplicates_refused != 1) problem("a second unique task was not refused");
    const auto left = demo_remaining(inspector_);
    if (!left || *left != 0) problem("tasks are left over in the queues");
    return std::move(verdict_);
  }

 private:
  void problem(std::string text) { verdict_.problems.push_back(std::move(text)); }

  void read(TaskState state) {
    for (const char* queue : kDemoQueues) {
      std::string cursor;
      do {
        auto page = inspector_.list({.queue = queue, .state = state}, 1000, cursor);
        if (!page) return problem(page.error().message());
        for (TaskInfo& task : page->tasks) {
          if (std::string id = task.id; plan_.tasks.contains(id)) found_[std::move(id)] = std::move(task);
        }
        cursor = page->next;
      } while (!cursor.empty());
    }
  }

  void check_task(const std::string& id, const Expected& expected) {
    const auto at = found_.find(id);
    if (at == found_.end()) return problem("task " + id + " is neither completed nor archived");
    const TaskInfo& task = at->second;
    verdict_.retries += task.retried;
    if (task.state == TaskState::kArchived && task.failure.kind == FailureKind::kExpired) ++verdict_.expired;
    if (task.state == TaskState::kArchived && task.failure.kind == FailureKind::kSignal) ++verdict_.crashes_contained;
    const bool right = task.state == expected.state && task.retried == expected.retried && task.failure.kind == expected.failure;
    if (right) return;
    problem("task " + id + " (" + task.type + ") ended as " + std::string(task_state_name(task.state)) + " after " +
            std::to_string(task.retried) + " retries: " + std::string(failure_kind_name(task.failure.kind)) + " " + task.failure.message);
  }

  void check_digests() {
    std::vector<std::string> paths;
    for (const auto& [id, expected] : plan_.tasks) if (!expected.path.empty()) paths.push_back(expected.path);
    const auto sums = independent_digests(paths);
    if (!sums) return problem(sums.error().message());
    for (const auto& [id, expected] : plan_.tasks) {
      if (!expected.path.empty()) check_digest(id, expected.path, *sums);
    }
  }

  void check_digest(const std::string& id, const std::string& path, const std::map<std::string, std::string>& sums) {
    const auto task = found_.find(id);
    const auto sum = sums.find(path);
    if (task == found_.end() || !task->second.result) return;  // a problem already
    const auto digest = codec::decode<Digest>(*task->second.result);
    if (!digest || sum == sums.end() || digest->sha256 != sum->second) return problem("the digest of " + path + " differs from sha256sum's");
    ++verdict_.verified;
    verdict_.bytes += digest->bytes;
    verdict_.gzip_bytes += digest->gzip_bytes;
  }

  Inspector inspector_;
  const DemoPlan& plan_;
  DemoSeen& seen_;
  std::map<std::string, TaskInfo> found_;
  DemoVerdict verdict_;
};

}  // namespace

Result<std::uint64_t> demo_remaining(const Inspector& inspector) {
  std::uint64_t sum = 0;
  for (const char* queue : kDemoQueues) {
    const auto info = inspector.queue(queue);
    if (!info && info.error().code() == ErrorCode::kQueueNotFound) continue;
    if (!info) return info.error();
    sum += info->pending + info->active + info->scheduled + info->retry + info->aggregating;
  }
  return sum;
}

DemoVerdict check_demo(const BrokerPtr& broker, const DemoPlan& plan, DemoSeen& seen) { return Check(broker, plan, seen).run(); }

}  // namespace windlass::app
