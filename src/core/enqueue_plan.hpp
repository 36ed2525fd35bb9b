// From a Task and options to the message that is stored: all rules, defaults and error texts of the enqueue call.
#pragma once

#include <cstddef>

#include <windlass/error.hpp>
#include <windlass/info.hpp>
#include <windlass/task.hpp>

#include "core/message.hpp"

namespace windlass::core {

struct EnqueuePlan {
  TaskMessage message;
  TimePoint process_at;    // kNoTime = at once
  Duration unique_ttl{};   // 0 = not unique
  EnqueueDurability durability;
};

// Options of the task first, `options` over them. Pure; `fresh_id` is used when no task id is given.
// Errors: kInvalidArgument, kResourceExhausted (payload over payload_max).
Result<EnqueuePlan> plan_enqueue(const Task& task, const EnqueueOptions& options, TimePoint now, std::string fresh_id,
                                 std::size_t payload_max);

// The state in which a plan will be stored.
TaskState planned_state(const EnqueuePlan& plan, TimePoint now);

}  // namespace windlass::core
