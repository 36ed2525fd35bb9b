// One entry of a scheduler, and how the task of one of its ticks is made.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <windlass/error.hpp>
#include <windlass/scheduler.hpp>

#include "broker/broker.hpp"
#include "core/cron.hpp"

namespace windlass::runtime {

// Thread-compatible; constant once made.
struct EntryPlan {
  std::string id;
  std::string spec_text;  // as shown: with the zone in front where it is not UTC
  core::CronSpec spec;
  std::optional<Task> task;  // nothing: the factory makes it
  TaskFactory factory;
  EntryOptions options;
};

// What is wrong with spec, options and task is found here. `default_zone` is for options that name none.
// Errors: kInvalidArgument, kResourceExhausted (payload over payload_max).
Result<EntryPlan> make_entry(std::string_view spec, Task task, EntryOptions options, const std::string& default_zone,
                             std::size_t payload_max);
Result<EntryPlan> make_entry(std::string_view spec, TaskFactory factory, EntryOptions options,
                             const std::string& default_zone);

// Which tick, and the one before it, if that is known.
struct TickTimes {
  TimePoint nominal;
  TimePoint previous;
};

// The task of a tick, as it goes to the store. Errors: kInvalidArgument, kResourceExhausted.
Result<broker::NewTask> plan_tick(const EntryPlan& entry, const Task& task, const TickTimes& tick, TimePoint now,
                                  std::size_t payload_max);

// As the inspector shows it; without next and last tick.
SchedulerEntry show(const EntryPlan& entry);

}  // namespace windlass::runtime
