// Inspector looks at queues and tasks, and steers them.
//
//   windlass::Inspector inspector(broker);
//   const auto page = inspector.list({.queue = "default", .state = TaskState::kArchived});
//   if (!page) return fail(page.error());
//   for (const auto& t : page->tasks) inspector.run_task(t.queue, t.id);
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/error.hpp>
#include <windlass/info.hpp>

namespace windlass {

// Which tasks of a queue.
struct TaskQuery {
  std::string queue = "default";
  TaskState state = TaskState::kPending;
  std::string group = {};      // aggregating: only this group
  std::string id_prefix = {};  // empty = any
  std::string type = {};       // exact; empty = any
};

// What becomes of a task whose run is cancelled.
enum class Cancel : std::uint8_t {
  kRetry,    // the run fails as cancelled, and the retry rules apply
  kForGood,  // the task is archived
};

// Thread-safe. Every call reads or writes the store at once; nothing is cached.
// Errors of all: kUnavailable; of all that name a queue: kQueueNotFound; of all that name a task: kTaskNotFound.
class Inspector {
 public:
  // Shares the broker.
  explicit Inspector(BrokerPtr broker);
  ~Inspector();
  Inspector(Inspector&&) noexcept;
  Inspector& operator=(Inspector&&) noexcept;

  // Names of all queues, sorted; and one of them, at this moment.
  Result<std::vector<std::string>> queues() const;
  Result<QueueInfo> queue(const std::string& queue) const;
  // Statistics of the last `days` days (UTC), today first. Errors: kInvalidArgument (days < 1).
  Result<std::vector<DailyStats>> history(const std::string& queue, int days) const;
  // Groups that wait, by name.
  Result<std::vector<GroupInfo>> groups(const std::string& queue) const;
  // Errors: kFailedPrecondition when it is already so.
  Status pause_queue(const std::string& queue) const;
  Status resume_queue(const std::string& queue) const;
  // Removes the queue with all that belongs to it. Errors: kQueueNotEmpty (unless `force`), kFailedPrecondition (active tasks).
  Status remove_queue(const std::string& queue, bool force = false) const;

  // One task, whatever its state.
  Result<TaskInfo> task(const std::string& queue, const std::string& id) const;
  // One page, at most `limit` (1..1000) tasks, from where `cursor` (TaskPage::next of the page before) points.
  // Order: pending, next to run first; active, longest running first; scheduled and retry, soonest first; archived and
  // completed, latest first; aggregating, oldest first.
  Result<TaskPage> list(const TaskQuery& query, std::size_t limit = 30, const std::string& cursor = {}) const;

  // To pending, from scheduled, retry, archived, completed or aggregating. Errors: kFailedPrecondition (pending or active).
  Status run_task(const std::string& queue, const std::string& id) const;
  // Errors: kFailedPrecondition (active: cancel it; archived already; completed).
  Status archive_task(const std::string& queue, const std::string& id) const;
  // Errors: kFailedPrecondition (active: cancel it).
  Status delete_task(const std::string& queue, const std::string& id) const;
  // Scheduled tasks only. Errors: kFailedPrecondition.
  Status update_payload(const std::string& queue, const std::string& id, const Payload& payload) const;
  // Asks the server that runs the task to stop it. Best effort: returns when the request is on its way.
  Status cancel(const std::string& queue, const std::string& id, Cancel how = Cancel::kRetry) const;

  // Act on all tasks that match, in chunks that do not hold up others; returns how many. `progress`, if given, is called
  // with the count so far after each chunk; false from it stops there.
  using BulkProgress = std::function<bool(std::size_t so_far)>;
  Result<std::size_t> run_all(const TaskQuery& query, const BulkProgress& progress = {}) const;
  Result<std::size_t> archive_all(const TaskQuery& query, const BulkProgress& progress = {}) const;
  Result<std::size_t> delete_all(const TaskQuery& query, const BulkProgress& progress = {}) const;
  // Asks for the cancellation of every active task that matches.
  Result<std::size_t> cancel_all(const TaskQuery& query, Cancel how = Cancel::kRetry) const;

  // Servers, and entries of schedulers, that have been heard of lately.
  Result<std::vector<ServerInfo>> servers() const;
  Result<std::vector<SchedulerEntry>> scheduler_entries() const;
  // The last `limit` ticks of an entry, newest first.
  Result<std::vector<SchedulerEvent>> scheduler_events(const std::string& entry, std::size_t limit = 30) const;

  // Facts about the store, for people.
  Result<std::vector<std::pair<std::string, std::string>>> describe() const;

 private:
  BrokerPtr broker_;
};

}  // namespace windlass
