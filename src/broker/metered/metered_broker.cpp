// A broker in front of another that measures its calls.
#include <array>
#include <string>
#include <type_traits>
#include <utility>

#include <windlass/metrics.hpp>

#include "base/clock.hpp"
#include "broker/side.hpp"

namespace windlass::broker {
namespace {

// What calls are told apart by: label "call".
enum class Verb : std::uint8_t { kEnqueue, kFetch, kFinish, kExtend, kUpdate, kForward, kRecover, kClean, kGroup, kLiveness, kSchedule, kInspect, kSteer, kPing };
constexpr std::array<std::string_view, 14> kVerbNames = {"enqueue", "fetch", "finish", "extend", "update", "forward", "recover",
                                                         "clean", "group", "liveness", "schedule", "inspect", "steer", "ping"};
constexpr std::array kBatchVerbs = {Verb::kEnqueue, Verb::kFetch, Verb::kFinish, Verb::kExtend, Verb::kForward};

const MetricBuckets kCallSeconds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
const MetricBuckets kBatchTasks = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};

constexpr std::size_t index(Verb verb) { return static_cast<std::size_t>(verb); }

// Thread-safe, as the broker behind it.
class MeteredBroker final : public Broker, public Front {
 public:
  MeteredBroker(BrokerPtr inner, MetricsPtr metrics) : inner_(std::move(inner)), metrics_(std::move(metrics)) {
    for (std::size_t i = 0; i < kVerbNames.size(); ++i) {
      seconds_[i] = &metrics_->histogram("windlass_broker_call_seconds", "Time that calls of the broker took.", kCallSeconds,
                                         {{"call", std::string(kVerbNames[i])}});
      failures(static_cast<Verb>(i), ErrorCode::kUnavailable);
    }
    for (const Verb verb : kBatchVerbs) {
      batches_[index(verb)] = &metrics_->histogram("windlass_broker_batch_tasks", "Tasks of one call of the broker.", kBatchTasks,
                                                   {{"call", std::string(kVerbNames[index(verb)])}});
    }
    connections_ = metrics_->add_collector([this](MetricSamples& samples) {
      samples.counter("windlass_broker_connections_opened_total",
                      "Connections opened to the broker: the first ones, and one for each that was lost.", {},
                      static_cast<double>(inner_->connections_opened()));
    });
  }

  const MetricsPtr& metrics() const { return metrics_; }
  Broker& behind() override { return *inner_; }

  Result<std::vector<EnqueueOutcome>> enqueue(std::span<const NewTask> tasks) override {
    batch(Verb::kEnqueue, tasks.size());
    return call(Verb::kEnqueue, [&] { return inner_->enqueue(tasks); });
  }
  std::size_t payload_max() const override { return inner_->payload_max(); }
  Result<std::vector<FetchedTask>> fetch(const FetchRequest& request) override {
    auto tasks = call(Verb::kFetch, [&] { return inner_->fetch(request); });
    if (tasks) batch(Verb::kFetch, tasks->size());
    return tasks;
  }
  Result<std::vector<FinishOutcome>> finish(std::span<const Finish> items) override {
    batch(Verb::kFinish, items.size());
    return call(Verb::kFinish, [&] { return inner_->finish(items); });
  }
  Result<std::vector<bool>> extend(std::span<const LeaseRef> leases, Duration lease) override {
    batch(Verb::kExtend, leases.size());
    return call(Verb::kExtend, [&] { return inner_->extend(leases, lease); });
  }
  Status update(std::span<const TaskUpdate> updates) override {
    return call(Verb::kUpdate, [&] { return inner_->update(updates); });
  }
  Result<ForwardResult> forward(std::span<const std::string> queues, std::size_t max) override {
    auto result = call(Verb::kForward, [&] { return inner_->forward(queues, max); });
    if (result) batch(Verb::kForward, result->moved);
    return result;
  }
  Result<std::vector<RecoveredTask>> recover(const RecoverRequest& request) override {
    return call(Verb::kRecover, [&] { return inner_->recover(request); });
  }
  Result<CleanResult> clean(const CleanRequest& request) override {
    return call(Verb::kClean, [&] { return inner_->clean(request); });
  }
  Result<std::optional<AggregationSet>> take_group(const std::string& queue, const AggregationRules& rules, Duration hold) override {
    return call(Verb::kGroup, [&] { return inner_->take_group(queue, rules, hold); });
  }
  Result<EnqueueOutcome> finish_group(const AggregationSet& set, const NewTask* aggregate) override {
    return call(Verb::kGroup, [&] { return inner_->finish_group(set, aggregate); });
  }
  Status release_group(const AggregationSet& set) override {
    return call(Verb::kGroup, [&] { return inner_->release_group(set); });
  }
  // These wait: their time says nothing of the store.
  std::unique_ptr<Waiter> make_waiter(std::vector<std::string> queues, WaitFor what) override {
    return inner_->make_waiter(std::move(queues), what);
  }
  std::unique_ptr<CancelFeed> make_cancel_feed() override { return inner_->make_cancel_feed(); }

  Status keep_alive(const std::string& owner, Duration ttl) override {
    return call(Verb::kLiveness, [&] { return inner_->keep_alive(owner, ttl); });
  }
  Status publish_server(const ServerRecord& record, Duration ttl) override {
    return call(Verb::kLiveness, [&] { return inner_->publish_server(record, ttl); });
  }
  Status clear_server(const std::string& owner) override {
    return call(Verb::kLiveness, [&] { return inner_->clear_server(owner); });
  }
  Status publish_scheduler(const SchedulerRecord& record, Duration ttl) override {
    return call(Verb::kSchedule, [&] { return inner_->publish_scheduler(record, ttl); });
  }
  Status clear_scheduler(const std::string& id) override {
    return call(Verb::kSchedule, [&] { return inner_->clear_scheduler(id); });
  }
  Result<std::vector<std::optional<TimePoint>>> last_ticks(std::span<const std::string> entries) override {
    return call(Verb::kSchedule, [&] { return inner_->last_ticks(entries); });
  }

  Result<std::vector<std::string>> queues() override {
    return call(Verb::kInspect, [&] { return inner_->queues(); });
  }
  Result<QueueInfo> queue_info(const std::string& queue) override {
    return call(Verb::kInspect, [&] { return inner_->queue_info(queue); });
  }
  Result<std::vector<DailyStats>> history(const std::string& queue, int days) override {
    return call(Verb::kInspect, [&] { return inner_->history(queue, days); });
  }
  Result<std::vector<GroupInfo>> groups(const std::string& queue) override {
    return call(Verb::kInspect, [&] { return inner_->groups(queue); });
  }
  Result<TaskInfo> task(const TaskRef& ref) override {
    return call(Verb::kInspect, [&] { return inner_->task(ref); });
  }
  Result<TaskPage> list(const ListRequest& request) override {
    return call(Verb::kInspect, [&] { return inner_->list(request); });
  }
  Result<std::vector<ActionOutcome>> act(std::span<const TaskRef> tasks, TaskAction action) override {
    return call(Verb::kSteer, [&] { return inner_->act(tasks, action); });
  }
  Result<BulkResult> bulk(const BulkRequest& request) override {
    return call(Verb::kSteer, [&] { return inner_->bulk(request); });
  }
  Status update_payload(const TaskRef& task, const Payload& payload) override {
    return call(Verb::kSteer, [&] { return inner_->update_payload(task, payload); });
  }
  Status cancel(std::span<const CancelRequest> requests) override {
    return call(Verb::kSteer, [&] { return inner_->cancel(requests); });
  }
  Status pause(const std::string& queue) override {
    return call(Verb::kSteer, [&] { return inner_->pause(queue); });
  }
  Status resume(const std::string& queue) override {
    return call(Verb::kSteer, [&] { return inner_->resume(queue); });
  }
  Status remove_queue(const std::string& queue, bool force) override {
    return call(Verb::kSteer, [&] { return inner_->remove_queue(queue, force); });
  }
  Result<std::vector<ServerInfo>> servers() override {
    return call(Verb::kInspect, [&] { return inner_->servers(); });
  }
  Result<std::vector<SchedulerEntry>> scheduler_entries() override {
    return call(Verb::kInspect, [&] { return inner_->scheduler_entries(); });
  }
  Result<std::vector<SchedulerEvent>> scheduler_events(const std::string& entry, std::size_t limit) override {
    return call(Verb::kInspect, [&] { return inner_->scheduler_events(entry, limit); });
  }
  Status ping() override {
    return call(Verb::kPing, [&] { return inner_->ping(); });
  }
  std::uint64_t connections_opened() const override { return inner_->connections_opened(); }
  Result<std::vector<std::pair<std::string, std::string>>> describe() override {
    return call(Verb::kInspect, [&] { return inner_->describe(); });
  }

 private:
  template <class F>
  std::invoke_result_t<F> call(Verb verb, F f) {
    const Duration began = base::real_clock().steady();
    auto answer = f();
    seconds_[index(verb)]->observe(base::real_clock().steady() - began);
    if (!answer) failed(verb, answer.error());
    return answer;
  }

  // What asks for something that is not there is no failure of the store.
  void failed(Verb verb, const Error& error) {
    if (verb == Verb::kInspect || verb == Verb::kSteer) {
      if (error.code() != ErrorCode::kUnavailable && error.code() != ErrorCode::kUnknownOutcome) return;
    }
    failures(verb, error.code()).add();
  }
  // Those of the most frequent code are there from the start, as 0.
  Counter& failures(Verb verb, ErrorCode code) {
    return metrics_->counter("windlass_broker_call_failures_total", "Calls of the broker that failed.",
                             {{"call", std::string(kVerbNames[index(verb)])}, {"code", std::string(error_code_name(code))}});
  }

  void batch(Verb verb, std::size_t tasks) {
    if (tasks > 0) batches_[index(verb)]->observe(static_cast<double>(tasks));
  }

  const BrokerPtr inner_;
  const MetricsPtr metrics_;
  std::array<Histogram*, kVerbNames.size()> seconds_{};
  std::array<Histogram*, kVerbNames.size()> batches_{};  // only of kBatchVerbs
  std::shared_ptr<void> connections_;
};

}  // namespace
}  // namespace windlass::broker

namespace windlass {

BrokerPtr metered(BrokerPtr broker, MetricsPtr metrics) {
  const auto* const before = dynamic_cast<const broker::MeteredBroker*>(broker.get());
  if (before != nullptr && before->metrics() == metrics) return broker;
  return std::make_shared<broker::MeteredBroker>(std::move(broker), std::move(metrics));
}

}  // namespace windlass
