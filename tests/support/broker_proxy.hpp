// BrokerProxy: a broker in front of another: every call goes through one function of the derived class, which may
// change what becomes of it.
//
//   class Slow : public BrokerProxy<Slow> {
//    public:
//     using BrokerProxy::BrokerProxy;
//     template <class Call> auto call(Verb verb, Call inner_call) -> decltype(inner_call()) { wait(); return
//     inner_call(); }
//   };
//
// An inner call owns all that it needs: it may be made later, or twice, or by somebody else.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.hpp"

namespace windlass::testing {

enum class Verb : std::uint8_t {
  kEnqueue,
  kFetch,
  kFinish,
  kExtend,
  kUpdate,
  kForward,
  kRecover,
  kClean,
  kTakeGroup,
  kFinishGroup,
  kReleaseGroup,
  kKeepAlive,
  kPublishServer,
  kClearServer,
  kCancelWait,
  kPing,
  kInspect,
  kOther
};
inline constexpr std::size_t kVerbCount = 18;

// As thread-safe as `call` of the derived class. Waiters, cancel feeds and payload_max() are passed through.
template <class Derived>
class BrokerProxy : public broker::Broker {
 public:
  explicit BrokerProxy(std::shared_ptr<broker::Broker> inner) : inner_(std::move(inner)) {}

  Result<std::vector<broker::EnqueueOutcome>> enqueue(std::span<const broker::NewTask> tasks) override {
    return self().call(Verb::kEnqueue,
                       [inner = inner_, own = std::vector(tasks.begin(), tasks.end())] { return inner->enqueue(own); });
  }
  std::size_t payload_max() const override { return inner_->payload_max(); }
  Result<std::vector<broker::FetchedTask>> fetch(const broker::FetchRequest& request) override {
    return self().call(Verb::kFetch, [inner = inner_, request] { return inner->fetch(request); });
  }
  Result<std::vector<broker::FinishOutcome>> finish(std::span<const broker::Finish> items) override {
    return self().call(Verb::kFinish,
                       [inner = inner_, own = std::vector(items.begin(), items.end())] { return inner->finish(own); });
  }
  Result<std::vector<bool>> extend(std::span<const broker::LeaseRef> leases, Duration lease) override {
    return self().call(Verb::kExtend, [inner = inner_, own = std::vector(leases.begin(), leases.end()), lease] {
      return inner->extend(own, lease);
    });
  }
  Status update(std::span<const broker::TaskUpdate> updates) override {
    return self().call(Verb::kUpdate, [inner = inner_, own = std::vector(updates.begin(), updates.end())] {
      return inner->update(own);
    });
  }
  Result<broker::ForwardResult> forward(std::span<const std::string> queues, std::size_t max) override {
    return self().call(Verb::kForward, [inner = inner_, own = std::vector(queues.begin(), queues.end()), max] {
      return inner->forward(own, max);
    });
  }
  Result<std::vector<broker::RecoveredTask>> recover(const broker::RecoverRequest& request) override {
    return self().call(Verb::kRecover, [inner = inner_, request] { return inner->recover(request); });
  }
  Result<broker::CleanResult> clean(const broker::CleanRequest& request) override {
    return self().call(Verb::kClean, [inner = inner_, request] { return inner->clean(request); });
  }
  Result<std::optional<broker::AggregationSet>> take_group(const std::string& queue,
                                                           const broker::AggregationRules& rules,
                                                           Duration hold) override {
    return self().call(Verb::kTakeGroup,
                       [inner = inner_, queue, rules, hold] { return inner->take_group(queue, rules, hold); });
  }
  Result<broker::EnqueueOutcome> finish_group(const broker::AggregationSet& set,
                                              const broker::NewTask* aggregate) override {
    return self().call(Verb::kFinishGroup,
                       [inner = inner_, set, own = aggregate != nullptr ? std::optional(*aggregate) : std::nullopt] {
                         return inner->finish_group(set, own ? &*own : nullptr);
                       });
  }
  Status release_group(const broker::AggregationSet& set) override {
    return self().call(Verb::kReleaseGroup, [inner = inner_, set] { return inner->release_group(set); });
  }
  std::unique_ptr<broker::Waiter> make_waiter(std::vector<std::string> queues, broker::WaitFor what) override {
    return inner_->make_waiter(std::move(queues), what);
  }
  std::unique_ptr<broker::CancelFeed> make_cancel_feed() override { return inner_->make_cancel_feed(); }
  Status keep_alive(const std::string& owner, Duration ttl) override {
    return self().call(Verb::kKeepAlive, [inner = inner_, owner, ttl] { return inner->keep_alive(owner, ttl); });
  }
  Status publish_server(const broker::ServerRecord& record, Duration ttl) override {
    return self().call(Verb::kPublishServer,
                       [inner = inner_, record, ttl] { return inner->publish_server(record, ttl); });
  }
  Status clear_server(const std::string& owner) override {
    return self().call(Verb::kClearServer, [inner = inner_, owner] { return inner->clear_server(owner); });
  }
  Status publish_scheduler(const broker::SchedulerRecord& record, Duration ttl) override {
    return self().call(Verb::kOther, [inner = inner_, record, ttl] { return inner->publish_scheduler(record, ttl); });
  }
  Status clear_scheduler(const std::string& id) override {
    return self().call(Verb::kOther, [inner = inner_, id] { return inner->clear_scheduler(id); });
  }
  Result<std::vector<std::optional<TimePoint>>> last_ticks(std::span<const std::string> entries) override {
    return self().call(Verb::kOther, [inner = inner_, own = std::vector(entries.begin(), entries.end())] {
      return inner->last_ticks(own);
    });
  }
  Result<std::vector<std::string>> queues() override {
    return self().call(Verb::kInspect, [inner = inner_] { return inner->queues(); });
  }
  Result<QueueInfo> queue_info(const std::string& queue) override {
    return self().call(Verb::kInspect, [inner = inner_, queue] { return inner->queue_info(queue); });
  }
  Result<std::vector<DailyStats>> history(const std::string& queue, int days) override {
    return self().call(Verb::kInspect, [inner = inner_, queue, days] { return inner->history(queue, days); });
  }
  Result<std::vector<GroupInfo>> groups(const std::string& queue) override {
    return self().call(Verb::kInspect, [inner = inner_, queue] { return inner->groups(queue); });
  }
  Result<TaskInfo> task(const broker::TaskRef& ref) override {
    return self().call(Verb::kInspect, [inner = inner_, ref] { return inner->task(ref); });
  }
  Result<TaskPage> list(const broker::ListRequest& request) override {
    return self().call(Verb::kInspect, [inner = inner_, request] { return inner->list(request); });
  }
  Result<std::vector<broker::ActionOutcome>> act(std::span<const broker::TaskRef> tasks,
                                                 broker::TaskAction action) override {
    return self().call(Verb::kOther, [inner = inner_, own = std::vector(tasks.begin(), tasks.end()), action] {
      return inner->act(own, action);
    });
  }
  Result<broker::BulkResult> bulk(const broker::BulkRequest& request) override {
    return self().call(Verb::kOther, [inner = inner_, request] { return inner->bulk(request); });
  }
  Status update_payload(const broker::TaskRef& task, const Payload& payload) override {
    return self().call(Verb::kOther, [inner = inner_, task, payload] { return inner->update_payload(task, payload); });
  }
  Status cancel(std::span<const broker::CancelRequest> requests) override {
    return self().call(Verb::kOther, [inner = inner_, own = std::vector(requests.begin(), requests.end())] {
      return inner->cancel(own);
    });
  }
  Status pause(const std::string& queue) override {
    return self().call(Verb::kOther, [inner = inner_, queue] { return inner->pause(queue); });
  }
  Status resume(const std::string& queue) override {
    return self().call(Verb::kOther, [inner = inner_, queue] { return inner->resume(queue); });
  }
  Status remove_queue(const std::string& queue, bool force) override {
    return self().call(Verb::kOther, [inner = inner_, queue, force] { return inner->remove_queue(queue, force); });
  }
  Result<std::vector<ServerInfo>> servers() override {
    return self().call(Verb::kInspect, [inner = inner_] { return inner->servers(); });
  }
  Result<std::vector<SchedulerEntry>> scheduler_entries() override {
    return self().call(Verb::kInspect, [inner = inner_] { return inner->scheduler_entries(); });
  }
  Result<std::vector<SchedulerEvent>> scheduler_events(const std::string& entry, std::size_t limit) override {
    return self().call(Verb::kInspect,
                       [inner = inner_, entry, limit] { return inner->scheduler_events(entry, limit); });
  }
  Status ping() override {
    return self().call(Verb::kPing, [inner = inner_] { return inner->ping(); });
  }
  Result<std::vector<std::pair<std::string, std::string>>> describe() override {
    return self().call(Verb::kInspect, [inner = inner_] { return inner->describe(); });
  }

 protected:
  broker::Broker& inner() { return *inner_; }

 private:
  Derived& self() { return static_cast<Derived&>(*this); }

  const std::shared_ptr<broker::Broker> inner_;
};

}  // namespace windlass::testing
