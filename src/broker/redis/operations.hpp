// The verbs of the broker, one free function each over a Store. Verbs that name tasks of several queues send one script for each
// queue, all in one round trip.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.hpp"
#include "broker/placement.hpp"
#include "broker/redis/chunks.hpp"
#include "broker/redis/store.hpp"

namespace windlass::broker {

inline constexpr Duration kDailyKept = std::chrono::hours(24 * 90);  // counters of a day, as Asynq

// -- enqueue.cpp

// An answer for each task, of tasks that were checked. Those of one script succeed or fail together.
std::vector<Result<EnqueueOutcome>> enqueue_tasks(Store& store, std::span<const NewTask* const> tasks);
// The same for tasks of which one at least asks for more durability than the others get. Refuses all (kUnsupported) where that
// cannot be had.
std::vector<Result<EnqueueOutcome>> enqueue_durably(Store& store, std::span<const NewTask* const> tasks);

// The arguments of enqueue.lua, for tasks of one queue.
class EnqueueArgs {
 public:
  explicit EnqueueArgs(TimePoint now) : now_(now) {}
  void add(const NewTask& task);
  std::size_t count() const;
  void append_to(redis::Pipeline& pipeline, const Store& store, const std::string& queue) const;

 private:
  static constexpr std::size_t kBeforeTasks = 8;
  TimePoint now_;
  std::string flags_;
  std::vector<std::string> ids_;
  std::vector<std::string> entries_;  // of the ticks
  std::vector<std::string> rest_;
};

// What the script answers for one task.
EnqueueOutcome to_outcome(const redis::Value& answer, const NewTask& task, TimePoint now);
// In a cluster, where the scripts cannot reach histories: asks for numbers of the ticks among these tasks; numbers that are not used do
// no harm. False if there is no history to write.
bool number_ticks(redis::Pipeline& pipeline, const Store& store, std::span<const NewTask* const> tasks);
// Writes the ticks whose tasks were stored into the histories of their entries; `numbered` is what number_ticks got. They are stored
// whatever becomes of the history: a failure is logged.
void write_history(Store& store, std::span<const NewTask* const> tasks, std::span<const Result<EnqueueOutcome>> outcomes,
                   const redis::Value& numbered, TimePoint now);

// -- fetch.cpp

Result<std::vector<FetchedTask>> fetch_tasks(Store& store, const FetchRequest& request);
// Puts back what fetches took whose replies were lost.
Status take_back_lost(Store& store);

// -- finish.cpp

Result<std::vector<FinishOutcome>> finish_tasks(Store& store, std::span<const Finish> items);
Result<std::vector<bool>> extend_leases(Store& store, std::span<const LeaseRef> leases, Duration lease);
Status update_tasks(Store& store, std::span<const TaskUpdate> updates);

// -- housekeeping.cpp

Result<ForwardResult> forward_tasks(Store& store, std::span<const std::string> queues, std::size_t max);
Result<std::vector<RecoveredTask>> recover_tasks(Store& store, const RecoverRequest& request);
Result<CleanResult> clean_queues(Store& store, const CleanRequest& request);

// -- groups.cpp

Result<std::optional<AggregationSet>> take_ready_group(Store& store, const std::string& queue, const AggregationRules& rules,
                                                       Duration hold);
Result<EnqueueOutcome> finish_set(Store& store, const AggregationSet& set, const NewTask* aggregate);
Status release_set(Store& store, const AggregationSet& set);

// -- inspect.cpp

Result<std::vector<std::string>> read_queues(Store& store);
Result<QueueInfo> read_queue_info(Store& store, const std::string& queue);
Result<std::vector<DailyStats>> read_history(Store& store, const std::string& queue, int days);
Result<std::vector<GroupInfo>> read_groups(Store& store, const std::string& queue);
Result<TaskInfo> read_task(Store& store, const TaskRef& ref);
Result<TaskPage> list_tasks(Store& store, const ListRequest& request);

// -- actions.cpp

Result<std::vector<ActionOutcome>> act_on_tasks(Store& store, std::span<const TaskRef> tasks, TaskAction action);
Result<BulkResult> act_in_bulk(Store& store, const BulkRequest& request);
Status replace_payload(Store& store, const TaskRef& ref, const Payload& payload);
Status set_paused(Store& store, const std::string& queue, bool paused);
Status remove_queue(Store& store, const std::string& queue, bool force);
// Deletes up to `max` tasks of the queue that are in the trash. True if there may be more.
Result<bool> empty_trash(Store& store, const std::string& queue, std::size_t max);

// -- servers.cpp

Status keep_owner_alive(Store& store, const std::string& owner, Duration ttl);
Status publish_server(Store& store, const ServerRecord& record, Duration ttl);
Status clear_server(Store& store, const std::string& owner);
Result<std::vector<ServerInfo>> read_servers(Store& store);

// -- schedulers.cpp

Status publish_scheduler(Store& store, const SchedulerRecord& record, Duration ttl);
Status clear_scheduler(Store& store, const std::string& id);
Result<std::vector<SchedulerEntry>> read_scheduler_entries(Store& store);
// The keys of the hashes that say which ticks were taken: one, but in a cluster one for each queue.
Result<std::vector<std::string>> keys_of_ticks(Store& store);
Result<std::vector<std::optional<TimePoint>>> read_last_ticks(Store& store, std::span<const std::string> entries);
Result<std::vector<SchedulerEvent>> read_scheduler_events(Store& store, const std::string& entry, std::size_t limit);

// -- waiting.cpp

std::unique_ptr<Waiter> make_waiter(Store& store, std::vector<std::string> queues, WaitFor what);

// -- cancelling.cpp

std::unique_ptr<CancelFeed> make_cancel_feed(Store& store);
Status publish_cancels(Store& store, std::span<const CancelRequest> requests);

// -- placement.cpp

Result<std::vector<QueuePlace>> read_places(Store& store, std::span<const std::string> queues);

// -- describe.cpp

Result<std::vector<std::pair<std::string, std::string>>> describe_redis(Store& store);

}  // namespace windlass::broker
