// From a message to what the inspector shows of its task.
#pragma once

#include <cstddef>

#include <windlass/info.hpp>

#include "core/message.hpp"

namespace windlass::core {

// The payload, or its first `max` bytes.
Payload cut_payload(Payload payload, std::size_t max);

// All that the message says: not the state of the task, nor what goes with it (failure, result, times of the state).
TaskInfo to_info(TaskMessage message, std::size_t payload_max);

// The message of a task that is shown so, whole: the way back, with the text of its failure.
TaskMessage to_message(const TaskInfo& info);

}  // namespace windlass::core
