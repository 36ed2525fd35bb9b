// SyncRole: asks the provider now and then, and lets the scheduler follow.
#pragma once

#include <stop_token>
#include <string>

#include <windlass/periodic.hpp>

#include "base/clock.hpp"
#include "periodic/config_sync.hpp"
#include "runtime/role.hpp"

namespace windlass::periodic {

// step() and first() are confined to one thread at a time, stop() is thread-safe.
class SyncRole final : public runtime::Role {
 public:
  SyncRole(ProviderPtr provider, const PeriodicTaskManagerConfig& config, base::Clock& clock,
           runtime::SchedulerRuntime& scheduler)
      : provider_(std::move(provider)),
        interval_(config.sync_interval),
        on_sync_(config.on_sync),
        clock_(clock),
        sync_(scheduler) {}

  // The sync at the start, which must be without fault. Errors: all that were found, in one text.
  Status first();
  std::string_view name() const override { return "periodic task manager"; }
  TimePoint step(TimePoint now) override;
  // A provider that is being asked is told.
  void stop() { stop_.request_stop(); }

 private:
  SyncReport sync();
  bool has_changed();
  void tell(const SyncReport& report);

  const ProviderPtr provider_;
  const Duration interval_;
  const decltype(PeriodicTaskManagerConfig::on_sync) on_sync_;
  base::Clock& clock_;
  ConfigSync sync_;
  std::stop_source stop_;
  Duration due_{};           // steady
  std::string last_errors_;  // logged once as long as they stay the same
};

}  // namespace windlass::periodic
