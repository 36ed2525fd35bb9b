// Link: the way from a party to its store, which delays, loses, repeats and reorders calls, and is where the party
// dies.
#pragma once

#include <memory>
#include <utility>

#include "sim/party.hpp"
#include "support/broker_proxy.hpp"

namespace windlass::sim {

// How likely each of these is for a call. All zero: the network of a quiet day.
struct FaultRates {
  double request_lost = 0;  // it was not done: kUnavailable, or kUnknownOutcome where the caller cannot know
  double reply_lost = 0;    // kUnknownOutcome: it was done
  double late = 0;          // kUnknownOutcome: it is done later, when the caller has given up
  double repeated = 0;      // done twice, the second answer counts
  double slow = 0;          // takes seconds, up to a minute, on its way there or back
  double death = 0;         // the party dies, before or after it was done
};

// What all links of a simulation share; the simulation changes it as it goes.
struct Network {
  FaultRates rates;
  bool outage = false;  // of the store
};

// Confined to one thread. The party must outlive its calls.
class Link final : public testing::BrokerProxy<Link> {
 public:
  Link(std::shared_ptr<broker::Broker> store, World& world, Party& party, const Network& network)
      : BrokerProxy(std::move(store)), world_(world), party_(party), network_(network) {}

  // The waiters and feeds of a store are for threads. Parties are woken by their bells.
  std::unique_ptr<broker::Waiter> make_waiter(std::vector<std::string>, broker::WaitFor) override {
    return std::make_unique<NoWaiter>();
  }
  std::unique_ptr<broker::CancelFeed> make_cancel_feed() override { return std::make_unique<NoFeed>(); }

 private:
  friend testing::BrokerProxy<Link>;

  struct NoWaiter final : broker::Waiter {
    void wait(TimePoint) override {}
    void wake() override {}
  };
  struct NoFeed final : broker::CancelFeed {
    Result<std::vector<broker::CancelRequest>> wait(TimePoint) override { return std::vector<broker::CancelRequest>(); }
    void wake() override {}
  };

  static Error away() { return Error(ErrorCode::kUnavailable, "the store is away (simulated)"); }
  static Error unknown() { return Error(ErrorCode::kUnknownOutcome, "the answer was lost (simulated)"); }

  Duration travel_time() {
    if (!world_.chance(network_.rates.slow)) return world_.between(Duration::zero(), std::chrono::milliseconds(2));
    const Duration length = world_.between(std::chrono::milliseconds(100), std::chrono::minutes(1));
    world_.trouble(party_.name(), world_.steady() + length);
    return length;
  }
  bool dies() {
    if (world_.chance(network_.rates.death)) party_.kill();
    return !party_.alive();
  }

  template <class Call>
  auto call(testing::Verb, Call inner_call) -> decltype(inner_call()) {
    auto answer = carry(inner_call);
    const bool lost = !answer && (answer.error().code() == ErrorCode::kUnavailable ||
                                  answer.error().code() == ErrorCode::kUnknownOutcome);
    if (lost) world_.trouble(party_.name(), world_.steady());
    return answer;
  }

  template <class Call>
  auto carry(Call inner_call) -> decltype(inner_call()) {
    const FaultRates rates = network_.rates;
    if (!party_.alive()) return away();
    party_.sleep(travel_time());
    if (dies() || network_.outage || world_.chance(rates.request_lost)) {
      if (world_.chance(0.5)) return away();
      return unknown();
    }
    if (world_.chance(rates.late)) {
      world_.spawn([inner_call] { (void)inner_call(); }, world_.between(Duration::zero(), std::chrono::minutes(1)));
      party_.sleep(travel_time());
      return unknown();
    }
    if (world_.chance(rates.repeated)) {
      (void)inner_call();
      world_.sleep(travel_time());
    }
    auto answer = inner_call();
    if (dies()) return unknown();
    party_.sleep(travel_time());
    if (!party_.alive() || world_.chance(rates.reply_lost)) return unknown();
    return answer;
  }

  World& world_;
  Party& party_;
  const Network& network_;
};

}  // namespace windlass::sim
