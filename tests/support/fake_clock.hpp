// FakeClock: a clock that stands still until the test moves it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.hpp"

namespace windlass::testing {

// Thread-safe. Starts at 2024-02-29T12:00:00Z (a leap day, on purpose), one hour after boot.
class FakeClock final : public base::Clock {
 public:
  static constexpr TimePoint kStart{std::chrono::seconds(1709208000)};

  TimePoint now() const override { std::lock_guard lock(state_->mu); return state_->now; }
  Duration steady() const override { std::lock_guard lock(state_->mu); return state_->steady; }

  // Threads that sleep on this clock look again at the latest after this much real time, so that a listener that was
  // forgotten makes a test slow rather than hang.
  Duration sleep_slice(TimePoint until) const override {
    return until <= now() ? Duration::zero() : Duration(std::chrono::seconds(5));
  }

  // Time passes: both clocks move, sleepers look again.
  void advance(Duration by) { change([&](State& s) { s.now += by; s.steady += by; }); }
  // Somebody steps the wall clock, forward or back; steady time goes on as if nothing had happened.
  void step_wall(Duration by) { change([&](State& s) { s.now += by; }); }

  std::shared_ptr<void> add_listener(std::function<void()> changed) override {
    auto holder = std::make_shared<Holder>();
    holder->changed = std::move(changed);
    state_->mu.lock();
    const int id = state_->next_id++;
    state_->listeners[id] = holder;
    state_->mu.unlock();
    return std::shared_ptr<void>(nullptr, [state = state_, holder, id](void*) {
      {
        std::lock_guard lock(state->mu);
        state->listeners.erase(id);
      }
      std::lock_guard waiting_for_a_call_under_way(holder->mu);
      holder->changed = nullptr;
    });
  }

 private:
  struct Holder {
    std::mutex mu;
    std::function<void()> changed;
  };
  struct State {
    mutable std::mutex mu;
    TimePoint now = kStart;
    Duration steady = std::chrono::hours(1);
    std::map<int, std::shared_ptr<Holder>> listeners;
    int next_id = 0;
  };

  template <class F>
  void change(F apply) {
    std::vector<std::shared_ptr<Holder>> to_call;
    {
      std::lock_guard lock(state_->mu);
      apply(*state_);
      for (auto& [id, holder] : state_->listeners) to_call.push_back(holder);
    }
    for (auto& holder : to_call) {
      std::lock_guard lock(holder->mu);
      if (holder->changed) holder->changed();
    }
  }

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace windlass::testing
