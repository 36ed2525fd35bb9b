// Party: one process of the simulated fleet: a client, a server, a scheduler. It can die, and be stopped for a while,
// at any step.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "sim/world.hpp"

namespace windlass::sim {

// Confined to one thread.
class Party : public std::enable_shared_from_this<Party> {
 public:
  Party(World& world, std::string name, testing::FakeClock& clock)
      : world_(world), clock_(clock), name_(std::move(name)) {}
  virtual ~Party() = default;

  const std::string& name() const { return name_; }
  testing::FakeClock& clock() { return clock_; }
  // Goes on: neither dead nor in a world that ends.
  bool alive() const { return alive_ && !world_.ending(); }

  // As by SIGKILL: nothing of it is heard any more. What is under way unwinds without reaching anybody.
  void kill() {
    if (alive_) world_.note(name_ + " dies");
    alive_ = false;
    world_.trouble(name_, Duration::max());
  }
  // As by SIGSTOP, for so long.
  void freeze(Duration length) {
    world_.note(name_ + " is frozen");
    frozen_until_ = world_.steady() + length;
    world_.trouble(name_, frozen_until_);
  }

  // -- for code that runs on a fiber of this party
  void sleep(Duration length) {
    if (alive()) world_.sleep(length);
    thaw();
  }
  void sleep(Duration length, Bell& bell) {
    if (alive()) world_.sleep(length, bell);
    thaw();
  }
  // Runs `body` on a fiber of its own. The party lives at least as long.
  void spawn(std::function<void()> body) {
    world_.spawn([self = shared_from_this(), body = std::move(body)] { body(); });
  }

 protected:
  World& world_;
  testing::FakeClock& clock_;

 private:
  void thaw() {
    while (alive() && world_.steady() < frozen_until_) world_.sleep(frozen_until_ - world_.steady());
  }

  const std::string name_;
  bool alive_ = true;
  Duration frozen_until_{};
};

}  // namespace windlass::sim
