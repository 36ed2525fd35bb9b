// SchedulerPublisher: keeps the record of a scheduler's entries in the store, for inspectors.
#pragma once

#include <atomic>
#include <string>

#include "runtime/role.hpp"
#include "runtime/scheduler_role.hpp"
#include "runtime/trouble.hpp"

namespace windlass::runtime {

// step() is confined to one thread; changed() is thread-safe.
class SchedulerPublisher final : public Role {
 public:
  static constexpr Duration kEvery = std::chrono::seconds(10);
  static constexpr Duration kTtl = std::chrono::seconds(20);

  SchedulerPublisher(broker::Broker& broker, base::Clock& clock, std::string id, const SchedulerRole& scheduler,
                     Trouble trouble)
      : broker_(broker), clock_(clock), id_(std::move(id)), scheduler_(scheduler), trouble_(std::move(trouble)) {}

  // Entries came or went: the next step publishes, but not more often than once a second.
  void changed() { changed_ = true; }

  std::string_view name() const override { return "scheduler publisher"; }
  TimePoint step(TimePoint now) override;
  // The record goes away.
  Status sign_off() { return broker_.clear_scheduler(id_); }

 private:
  broker::Broker& broker_;
  base::Clock& clock_;
  const std::string id_;
  const SchedulerRole& scheduler_;
  Trouble trouble_;
  Duration not_before_{};  // steady
  Duration due_{};         // steady
  std::atomic<bool> changed_ = true;
};

}  // namespace windlass::runtime
