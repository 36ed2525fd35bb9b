// Recorder: right in front of a store: tells the history what was asked, and what the store answered.
#pragma once

#include <functional>
#include <utility>

#include "sim/history.hpp"
#include "support/broker_proxy.hpp"

namespace windlass::sim {

// Confined to one thread.
class Recorder final : public testing::BrokerProxy<Recorder> {
 public:
  // `changed` is called after every call that may have changed something, and told whether others may have something to
  // do now.
  Recorder(std::shared_ptr<broker::Broker> store, History& history, std::function<void(bool news)> changed)
      : BrokerProxy(std::move(store)), history_(history), changed_(std::move(changed)) {}

  Result<std::vector<broker::EnqueueOutcome>> enqueue(std::span<const broker::NewTask> tasks) override {
    return told(BrokerProxy::enqueue(tasks), true, [&](const auto& outcomes) { history_.enqueued(tasks, outcomes); });
  }
  Result<std::vector<broker::FetchedTask>> fetch(const broker::FetchRequest& request) override {
    return told(BrokerProxy::fetch(request), false, [&](const auto& tasks) { history_.fetched(request, tasks); });
  }
  Result<std::vector<broker::FinishOutcome>> finish(std::span<const broker::Finish> items) override {
    return told(BrokerProxy::finish(items), true, [&](const auto& outcomes) { history_.finished(items, outcomes); });
  }
  Result<std::vector<bool>> extend(std::span<const broker::LeaseRef> leases, Duration lease) override {
    return told(BrokerProxy::extend(leases, lease), false,
                [&](const auto& held) { history_.extended(leases, lease, held); });
  }
  Result<broker::ForwardResult> forward(std::span<const std::string> queues, std::size_t max) override {
    auto forwarded = BrokerProxy::forward(queues, max);
    const bool news = forwarded && forwarded->moved > 0;
    return told(std::move(forwarded), news, [](const auto&) {});
  }
  Result<std::vector<broker::RecoveredTask>> recover(const broker::RecoverRequest& request) override {
    auto recovered = BrokerProxy::recover(request);
    const bool news = recovered && !recovered->empty();
    return told(std::move(recovered), news, [&](const auto& tasks) { history_.recovered(request, tasks); });
  }
  Result<broker::CleanResult> clean(const broker::CleanRequest& request) override {
    return told(BrokerProxy::clean(request), false, [&](const auto& result) { history_.cleaned(request, result); });
  }
  Result<std::optional<broker::AggregationSet>> take_group(const std::string& queue,
                                                           const broker::AggregationRules& rules,
                                                           Duration hold) override {
    return told(BrokerProxy::take_group(queue, rules, hold), false, [&](const auto& set) {
      if (set) history_.group_taken(*set);
    });
  }
  Result<broker::EnqueueOutcome> finish_group(const broker::AggregationSet& set,
                                              const broker::NewTask* aggregate) override {
    return told(BrokerProxy::finish_group(set, aggregate), true,
                [&](const auto& outcome) { history_.group_finished(set, aggregate, outcome); });
  }
  Result<std::vector<broker::ActionOutcome>> act(std::span<const broker::TaskRef> tasks,
                                                 broker::TaskAction action) override {
    return told(BrokerProxy::act(tasks, action), true,
                [&](const auto& outcomes) { history_.acted(tasks, action, outcomes); });
  }
  Status release_group(const broker::AggregationSet& set) override {
    return noted(BrokerProxy::release_group(set), false, [&] { history_.group_released(set); });
  }
  Status keep_alive(const std::string& owner, Duration ttl) override {
    return noted(BrokerProxy::keep_alive(owner, ttl), false, [&] { history_.kept_alive(owner, ttl); });
  }
  Status clear_server(const std::string& owner) override {
    return noted(BrokerProxy::clear_server(owner), true, [&] { history_.cleared(owner); });
  }
  Status pause(const std::string& queue) override {
    return noted(BrokerProxy::pause(queue), false, [&] { history_.paused(queue, true); });
  }
  Status resume(const std::string& queue) override {
    return noted(BrokerProxy::resume(queue), true, [&] { history_.paused(queue, false); });
  }

 private:
  friend testing::BrokerProxy<Recorder>;

  template <class Call>
  auto call(testing::Verb, Call inner_call) -> decltype(inner_call()) {
    return inner_call();
  }

  template <class T, class Tell>
  Result<T> told(Result<T> answer, bool news, Tell tell) {
    if (answer) tell(*answer);
    changed_(news);
    return answer;
  }
  template <class Tell>
  Status noted(Status status, bool news, Tell tell) {
    if (status) tell();
    changed_(news);
    return status;
  }

  History& history_;
  const std::function<void(bool)> changed_;
};

}  // namespace windlass::sim
