// MemoryBroker: the verbs, each one critical section over the Store. Their definitions stand by role in tasks.cpp,
// housekeeping.cpp, groups.cpp, inspect.cpp and records.cpp.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "broker/memory/store.hpp"
#include "broker/memory/waiting.hpp"
#include "broker/samples.hpp"
#include "broker/transfer.hpp"

namespace windlass::broker::memory {

// Thread-safe.
class MemoryBroker final : public Broker, public SampleStore, public Transfer {
 public:
  MemoryBroker(base::Clock& clock, std::size_t payload_max);

  Result<std::vector<EnqueueOutcome>> enqueue(std::span<const NewTask> tasks) override;
  std::size_t payload_max() const override { return payload_max_; }

  Result<std::vector<FetchedTask>> fetch(const FetchRequest& request) override;
  Result<std::vector<FinishOutcome>> finish(std::span<const Finish> items) override;
  Result<std::vector<bool>> extend(std::span<const LeaseRef> leases, Duration lease) override;
  Status update(std::span<const TaskUpdate> updates) override;
  Result<ForwardResult> forward(std::span<const std::string> queues, std::size_t max) override;
  Result<std::vector<RecoveredTask>> recover(const RecoverRequest& request) override;
  Result<CleanResult> clean(const CleanRequest& request) override;
  Result<std::optional<AggregationSet>> take_group(const std::string& queue, const AggregationRules& rules,
                                                   Duration hold) override;
  Result<EnqueueOutcome> finish_group(const AggregationSet& set, const NewTask* aggregate) override;
  Status release_group(const AggregationSet& set) override;
  std::unique_ptr<Waiter> make_waiter(std::vector<std::string> queues, WaitFor what) override;
  std::unique_ptr<CancelFeed> make_cancel_feed() override;
  Status keep_alive(const std::string& owner, Duration ttl) override;
  Status publish_server(const ServerRecord& record, Duration ttl) override;
  Status clear_server(const std::string& owner) override;

  Status publish_scheduler(const SchedulerRecord& record, Duration ttl) override;
  Status clear_scheduler(const std::string& id) override;
  Result<std::vector<std::optional<TimePoint>>> last_ticks(std::span<const std::string> entries) override;

  Result<std::vector<std::string>> queues() override;
  Result<QueueInfo> queue_info(const std::string& queue) override;
  Result<std::vector<DailyStats>> history(const std::string& queue, int days) override;
  Result<std::vector<GroupInfo>> groups(const std::string& queue) override;
  Result<TaskInfo> task(const TaskRef& ref) override;
  Result<TaskPage> list(const ListRequest& request) override;
  Result<std::vector<ActionOutcome>> act(std::span<const TaskRef> tasks, TaskAction action) override;
  Result<BulkResult> bulk(const BulkRequest& request) override;
  Status update_payload(const TaskRef& task, const Payload& payload) override;
  Status cancel(std::span<const CancelRequest> requests) override;
  Status pause(const std::string& queue) override;
  Status resume(const std::string& queue) override;
  Status remove_queue(const std::string& queue, bool force) override;
  Result<std::vector<ServerInfo>> servers() override;
  Result<std::vector<SchedulerEntry>> scheduler_entries() override;
  Result<std::vector<SchedulerEvent>> scheduler_events(const std::string& entry, std::size_t limit) override;
  Result<std::vector<EnqueueOutcome>> restore(std::span<const StoredTask> tasks) override;
  Result<std::vector<Duration>> unique_left(std::span<const TaskInfo> tasks) override;
  Status restore_counts(const QueueCounts& counts) override;
  Result<std::vector<TickRecord>> ticks() override;
  Status restore_ticks(std::span<const TickRecord> records) override;
  Status ping() override { return {}; }
  Result<std::vector<std::pair<std::string, std::string>>> describe() override;

  Result<bool> take_minute(TimePoint minute) override;
  Status write_samples(std::span<const SampleWrite> writes) override;
  Result<std::string> read_sample_ring(const std::string& queue) override;

 private:
  template <class Record>
  struct Published {
    Record record;
    Duration until{};        // steady
    std::uint64_t turn = 0;  // greater: published later
  };

  Status check(const NewTask& task) const;
  Status set_paused(const std::string& queue, bool paused);

  base::Clock& clock_;
  const std::size_t payload_max_;
  const std::shared_ptr<Hub> hub_;
  base::Mutex mu_;
  Store store_ WINDLASS_GUARDED_BY(mu_);
  std::map<std::string, Published<ServerRecord>> servers_ WINDLASS_GUARDED_BY(mu_);
  std::map<std::string, Published<SchedulerRecord>> schedulers_ WINDLASS_GUARDED_BY(mu_);
  std::uint64_t turns_ WINDLASS_GUARDED_BY(mu_) = 0;
  std::map<std::string, std::string> samples_ WINDLASS_GUARDED_BY(mu_);  // rings, by queue
  TimePoint sampled_ WINDLASS_GUARDED_BY(mu_);                           // the last minute taken
};

// Tells the waiters of the state that a task has come to.
void tell(Signals& signals, const Queue& queue, TaskState state);

// The failure, stored with the task as that of its last run.
void note_failure(Task& task, const Failure& failure, TimePoint now);
// A run that ended.
void count_run(Queue& queue, TimePoint now, bool failed);
void count_expired(Queue& queue, TimePoint now);

}  // namespace windlass::broker::memory
