// FailingBroker: a broker in front of another that fails on demand: the N-th call of a verb, all calls during an outage, before
// the inner broker saw the call (kUnavailable: nothing happened) or after it did its work (kUnknownOutcome: the answer is lost).
//
//   FailingBroker store(inner);
//   store.on_call([](Verb verb, int n) { return verb == Verb::kFinish && n == 3 ? Fault::kAfter : Fault::kNone; });
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.hpp"

namespace windlass::testing {

enum class Verb : std::uint8_t {
  kEnqueue, kFetch, kFinish, kExtend, kUpdate, kForward, kRecover, kClean, kTakeGroup, kFinishGroup, kReleaseGroup, kKeepAlive,
  kPublishServer, kClearServer, kCancelWait, kPing, kInspect, kOther
};
inline constexpr std::size_t kVerbCount = 18;

enum class Fault : std::uint8_t {
  kNone,
  kBefore,   // kUnavailable, nothing done
  kAfter,    // kUnknownOutcome, done
  kRefused,  // kInvalidArgument, nothing done
};

// Thread-safe. Waiters and the inspector's listings are passed through.
class FailingBroker final : public broker::Broker {
 public:
  using Decide = std::function<Fault(Verb verb, int n)>;  // n counts the calls of that verb, from 1

  explicit FailingBroker(std::shared_ptr<broker::Broker> inner) : inner_(std::move(inner)) {}

  // Asked before every call, by whichever thread makes it, one at a time.
  void on_call(Decide decide) {
    std::lock_guard lock(mu_);
    decide_ = std::move(decide);
  }
  // Calls that have begun.
  int calls(Verb verb) const {
    std::lock_guard lock(mu_);
    return calls_[static_cast<std::size_t>(verb)];
  }
  // Calls that have ended, however they did: what they changed is there.
  int answered(Verb verb) const {
    std::lock_guard lock(mu_);
    return answered_[static_cast<std::size_t>(verb)];
  }

  Result<std::vector<broker::EnqueueOutcome>> enqueue(std::span<const broker::NewTask> tasks) override {
    return call(Verb::kEnqueue, [&] { return inner_->enqueue(tasks); });
  }
  std::size_t payload_max() const override { return inner_->payload_max(); }
  Result<std::vector<broker::FetchedTask>> fetch(const broker::FetchRequest& request) override {
    return call(Verb::kFetch, [&] { return inner_->fetch(request); });
  }
  Result<std::vector<broker::FinishOutcome>> finish(std::span<const broker::Finish> items) override {
    return call(Verb::kFinish, [&] { return inner_->finish(items); });
  }
  Result<std::vector<bool>> extend(std::span<const broker::LeaseRef> leases, Duration lease) override {
    return call(Verb::kExtend, [&] { return inner_->extend(leases, lease); });
  }
  Status update(std::span<const broker::TaskUpdate> updates) override {
    return call(Verb::kUpdate, [&] { return inner_->update(updates); });
  }
  Result<broker::ForwardResult> forward(std::span<const std::string> queues, std::size_t max) override {
    return call(Verb::kForward, [&] { return inner_->forward(queues, max); });
  }
  Result<std::vector<broker::RecoveredTask>> recover(const broker::RecoverRequest& request) override {
    return call(Verb::kRecover, [&] { return inner_->recover(request); });
  }
  Result<broker::CleanResult> clean(const broker::CleanRequest& request) override {
    return call(Verb::kClean, [&] { return inner_->clean(request); });
  }
  Result<std::optional<broker::AggregationSet>> take_group(const std::string& queue, const broker::AggregationRules& rules,
                                                           Duration hold) override {
    return call(Verb::kTakeGroup, [&] { return inner_->take_group(queue, rules, hold); });
  }
  Result<broker::EnqueueOutcome> finish_group(const broker::AggregationSet& set, const broker::NewTask* aggregate) override {
    return call(Verb::kFinishGroup, [&] { return inner_->finish_group(set, aggregate); });
  }
  Status release_group(const broker::AggregationSet& set) override {
    return call(Verb::kReleaseGroup, [&] { return inner_->release_group(set); });
  }
  std::unique_ptr<broker::Waiter> make_waiter(std::vector<std::string> queues, broker::WaitFor what) override {
    return inner_->make_waiter(std::move(queues), what);
  }
  std::unique_ptr<broker::CancelFeed> make_cancel_feed() override {
    return std::make_unique<Feed>(*this, inner_->make_cancel_feed());
  }
  Status keep_alive(const std::string& owner, Duration ttl) override {
    return call(Verb::kKeepAlive, [&] { return inner_->keep_alive(owner, ttl); });
  }
  Status publish_server(const broker::ServerRecord& record, Duration ttl) override {
    return call(Verb::kPublishServer, [&] { return inner_->publish_server(record, ttl); });
  }
  Status clear_server(const std::string& owner) override {
    return call(Verb::kClearServer, [&] { return inner_->clear_server(owner); });
  }
  Status publish_scheduler(const broker::SchedulerRecord& record, Duration ttl) override {
    return call(Verb::kOther, [&] { return inner_->publish_scheduler(record, ttl); });
  }
  Status clear_scheduler(const std::string& id) override {
    return call(Verb::kOther, [&] { return inner_->clear_scheduler(id); });
  }
  Result<std::vector<std::optional<TimePoint>>> last_ticks(std::span<const std::string> entries) override {
    return call(Verb::kOther, [&] { return inner_->last_ticks(entries); });
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
  Result<TaskInfo> task(const broker::TaskRef& ref) override {
    return call(Verb::kInspect, [&] { return inner_->task(ref); });
  }
  Result<TaskPage> list(const broker::ListRequest& request) override {
    return call(Verb::kInspect, [&] { return inner_->list(request); });
  }
  Result<std::vector<broker::ActionOutcome>> act(std::span<const broker::TaskRef> tasks, broker::TaskAction action) override {
    return call(Verb::kOther, [&] { return inner_->act(tasks, action); });
  }
  Result<broker::BulkResult> bulk(const broker::BulkRequest& request) override {
    return call(Verb::kOther, [&] { return inner_->bulk(request); });
  }
  Status update_payload(const broker::TaskRef& task, const Payload& payload) override {
    return call(Verb::kOther, [&] { return inner_->update_payload(task, payload); });
  }
  Status cancel(std::span<const broker::CancelRequest> requests) override {
    return call(Verb::kOther, [&] { return inner_->cancel(requests); });
  }
  Status pause(const std::string& queue) override {
    return call(Verb::kOther, [&] { return inner_->pause(queue); });
  }
  Status resume(const std::string& queue) override {
    return call(Verb::kOther, [&] { return inner_->resume(queue); });
  }
  Status remove_queue(const std::string& queue, bool force) override {
    return call(Verb::kOther, [&] { return inner_->remove_queue(queue, force); });
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
  Result<std::vector<std::pair<std::string, std::string>>> describe() override {
    return call(Verb::kInspect, [&] { return inner_->describe(); });
  }

 private:
  // Fails waits as the broker fails calls; requests heard in a wait that fails "after" are lost, as the contract allows.
  class Feed final : public broker::CancelFeed {
   public:
    Feed(FailingBroker& broker, std::unique_ptr<broker::CancelFeed> inner) : broker_(broker), inner_(std::move(inner)) {}
    Result<std::vector<broker::CancelRequest>> wait(TimePoint until) override {
      return broker_.call(Verb::kCancelWait, [&] { return inner_->wait(until); });
    }
    void wake() override { inner_->wake(); }

   private:
    FailingBroker& broker_;
    const std::unique_ptr<broker::CancelFeed> inner_;
  };

  Fault next_fault(Verb verb) {
    std::lock_guard lock(mu_);
    const int n = ++calls_[static_cast<std::size_t>(verb)];
    return decide_ ? decide_(verb, n) : Fault::kNone;
  }

  template <class Call>
  auto call(Verb verb, Call inner_call) -> decltype(inner_call()) {
    auto result = call_with(next_fault(verb), inner_call);
    std::lock_guard lock(mu_);
    ++answered_[static_cast<std::size_t>(verb)];
    return result;
  }

  template <class Call>
  static auto call_with(Fault fault, Call& inner_call) -> decltype(inner_call()) {
    switch (fault) {
      case Fault::kNone: return inner_call();
      case Fault::kBefore: return Error(ErrorCode::kUnavailable, "the store is away (made by the test)");
      case Fault::kRefused: return Error(ErrorCode::kInvalidArgument, "the store refuses this (made by the test)");
      case Fault::kAfter: break;
    }
    auto result = inner_call();
    if (!result.ok()) return result;
    return Error(ErrorCode::kUnknownOutcome, "the answer was lost (made by the test)");
  }

  const std::shared_ptr<broker::Broker> inner_;
  mutable std::mutex mu_;
  Decide decide_;
  std::array<int, kVerbCount> calls_{}, answered_{};
};

}  // namespace windlass::testing
