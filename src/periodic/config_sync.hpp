// ConfigSync: from the entries that there should be, and those that there are, to what must be done.
#pragma once

#include <functional>
#include <map>
#include <string>

#include <windlass/periodic.hpp>

#include "runtime/scheduler_runtime.hpp"

namespace windlass::periodic {

// Confined to one thread at a time.
class ConfigSync {
 public:
  explicit ConfigSync(runtime::SchedulerRuntime& scheduler) : scheduler_(scheduler) {}

  // Makes the scheduler run these entries. Those that are wrong are passed over and reported.
  SyncReport apply(const PeriodicTaskConfigs& configs);

 private:
  struct Wanted {
    std::size_t number = 0;  // in the list, from 1
    std::string fingerprint;
    runtime::EntryPlan plan;
  };
  std::map<std::string, Wanted> read(const PeriodicTaskConfigs& configs, SyncReport& report);
  void remove_others(const std::map<std::string, Wanted>& wanted, SyncReport& report);

  runtime::SchedulerRuntime& scheduler_;
  std::map<std::string, std::string> running_;  // id -> fingerprint
  std::map<std::string, bool> faulty_;          // ids of entries that are wrong now
};

// Everything that makes an entry what it is, headers and options too: two entries with the same text are the same.
std::string fingerprint(const PeriodicTaskConfig& config);

}  // namespace windlass::periodic
