#include "broker/redis/redis_broker.hpp"

#include <string>
#include <utility>

#include "broker/redis/enqueue_combiner.hpp"
#include "broker/redis/operations.hpp"
#include "broker/redis/restore.hpp"
#include "broker/redis/samples.hpp"

namespace windlass::broker {
namespace {

class RedisBroker final : public Broker, public SampleStore, public Transfer, public Placement {
 public:
  RedisBroker(std::shared_ptr<redis::Client> client, base::Clock& clock, std::size_t payload_max, bool restricted)
      : store_(std::move(client), clock, payload_max, restricted) {}

  Result<std::vector<EnqueueOutcome>> enqueue(std::span<const NewTask> tasks) override { return combiner_.enqueue(tasks); }
  std::size_t payload_max() const override { return store_.payload_max(); }

  Result<std::vector<FetchedTask>> fetch(const FetchRequest& request) override { return fetch_tasks(store_, request); }
  Result<std::vector<FinishOutcome>> finish(std::span<const Finish> items) override { return finish_tasks(store_, items); }
  Result<std::vector<bool>> extend(std::span<const LeaseRef> leases, Duration lease) override {
    return extend_leases(store_, leases, lease);
  }
  Status update(std::span<const TaskUpdate> updates) override { return update_tasks(store_, updates); }
  Result<ForwardResult> forward(std::span<const std::string> queues, std::size_t max) override {
    return forward_tasks(store_, queues, max);
  }
  Result<std::vector<RecoveredTask>> recover(const RecoverRequest& request) override { return recover_tasks(store_, request); }
  Result<CleanResult> clean(const CleanRequest& request) override { return clean_queues(store_, request); }

  Result<std::optional<AggregationSet>> take_group(const std::string& queue, const AggregationRules& rules,
                                                   Duration hold) override {
    return take_ready_group(store_, queue, rules, hold);
  }
  Result<EnqueueOutcome> finish_group(const AggregationSet& set, const NewTask* aggregate) override {
    return finish_set(store_, set, aggregate);
  }
  Status release_group(const AggregationSet& set) override { return release_set(store_, set); }

  std::unique_ptr<Waiter> make_waiter(std::vector<std::string> queues, WaitFor what) override {
    return broker::make_waiter(store_, std::move(queues), what);
  }
  std::unique_ptr<CancelFeed> make_cancel_feed() override { return broker::make_cancel_feed(store_); }

  Status keep_alive(const std::string& owner, Duration ttl) override { return keep_owner_alive(store_, owner, ttl); }
  Status publish_server(const ServerRecord& record, Duration ttl) override {
    return broker::publish_server(store_, record, ttl);
  }
  Status clear_server(const std::string& owner) override { return broker::clear_server(store_, owner); }
  Status publish_scheduler(const SchedulerRecord& record, Duration ttl) override {
    return broker::publish_scheduler(store_, record, ttl);
  }
  Status clear_scheduler(const std::string& id) override { return broker::clear_scheduler(store_, id); }
  Result<std::vector<std::optional<TimePoint>>> last_ticks(std::span<const std::string> entries) override {
    return read_last_ticks(store_, entries);
  }

  Result<std::vector<std::string>> queues() override { return read_queues(store_); }
  Result<QueueInfo> queue_info(const std::string& queue) override { return read_queue_info(store_, queue); }
  Result<std::vector<DailyStats>> history(const std::string& queue, int days) override {
    return read_history(store_, queue, days);
  }
  Result<std::vector<GroupInfo>> groups(const std::string& queue) override { return read_groups(store_, queue); }
  Result<TaskInfo> task(const TaskRef& ref) override { return read_task(store_, ref); }
  Result<TaskPage> list(const ListRequest& request) override { return list_tasks(store_, request); }
  Result<std::vector<ActionOutcome>> act(std::span<const TaskRef> tasks, TaskAction action) override {
    return act_on_tasks(store_, tasks, action);
  }
  Result<BulkResult> bulk(const BulkRequest& request) override { return act_in_bulk(store_, request); }
  Status update_payload(const TaskRef& task, const Payload& payload) override {
    return replace_payload(store_, task, payload);
  }
  Status cancel(std::span<const CancelRequest> requests) override { return publish_cancels(store_, requests); }
  Status pause(const std::string& queue) override { return set_paused(store_, queue, true); }
  Status resume(const std::string& queue) override { return set_paused(store_, queue, false); }
  Status remove_queue(const std::string& queue, bool force) override {
    return broker::remove_queue(store_, queue, force);
  }
  Result<std::vector<ServerInfo>> servers() override { return read_servers(store_); }
  Result<std::vector<SchedulerEntry>> scheduler_entries() override { return read_scheduler_entries(store_); }
  Result<std::vector<SchedulerEvent>> scheduler_events(const std::string& entry, std::size_t limit) override {
    return read_scheduler_events(store_, entry, limit);
  }

  Result<std::vector<EnqueueOutcome>> restore(std::span<const StoredTask> tasks) override { return restore_tasks(store_, tasks); }
  Result<std::vector<Duration>> unique_left(std::span<const TaskInfo> tasks) override { return read_unique_left(store_, tasks); }

  Status restore_counts(const QueueCounts& counts) override { return broker::restore_counts(store_, counts); }
  Result<std::vector<TickRecord>> ticks() override { return read_ticks(store_); }
  Status restore_ticks(std::span<const TickRecord> records) override { return broker::restore_ticks(store_, records); }

  Result<std::vector<QueuePlace>> places(std::span<const std::string> queues) override { return read_places(store_, queues); }

  Status ping() override { return store_.client().ping(); }
  std::uint64_t connections_opened() const override { return store_.connections_opened(); }
  Result<std::vector<std::pair<std::string, std::string>>> describe() override { return describe_redis(store_); }

  Result<bool> take_minute(TimePoint minute) override { return broker::take_minute(store_, minute); }
  Status write_samples(std::span<const SampleWrite> writes) override { return broker::write_samples(store_, writes); }
  Result<std::string> read_sample_ring(const std::string& queue) override { return broker::read_sample_ring(store_, queue); }

 private:
  Store store_;
  EnqueueCombiner combiner_{store_};
};

}  // namespace

std::shared_ptr<Broker> make_redis_broker(std::shared_ptr<redis::Client> client, base::Clock& clock,
                                          std::size_t payload_max, bool restricted) {
  return std::make_shared<RedisBroker>(std::move(client), clock, payload_max, restricted);
}

}  // namespace windlass::broker
