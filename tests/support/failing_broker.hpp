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

#include "support/broker_proxy.hpp"

namespace windlass::testing {

enum class Fault : std::uint8_t {
  kNone,
  kBefore,   // kUnavailable, nothing done
  kAfter,    // kUnknownOutcome, done
  kRefused,  // kInvalidArgument, nothing done
};

// Thread-safe. Waiters are passed through.
class FailingBroker final : public BrokerProxy<FailingBroker> {
 public:
  using Decide = std::function<Fault(Verb verb, int n)>;  // n counts the calls of that verb, from 1

  using BrokerProxy::BrokerProxy;

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

  std::unique_ptr<broker::CancelFeed> make_cancel_feed() override {
    return std::make_unique<Feed>(*this, BrokerProxy::make_cancel_feed());
  }

 private:
  friend BrokerProxy<FailingBroker>;

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

  mutable std::mutex mu_;
  Decide decide_;
  std::array<int, kVerbCount> calls_{}, answered_{};
};

}  // namespace windlass::testing
