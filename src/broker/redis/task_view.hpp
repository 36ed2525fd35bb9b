// What the inspector shows of a task, made from its hash.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "broker/broker.hpp"
#include "redis/reply.hpp"

namespace windlass::broker {

// How many values stand for a task in the answers of list.lua and task.lua.
inline constexpr std::size_t kTaskValues = 11;

// Where and when a task is looked at.
struct Look {
  const std::string& queue;
  TaskState state;
  TimePoint now;
  std::int64_t redis_now_us = 0;
  std::size_t payload_max = SIZE_MAX;  // longer payloads are cut
};

// A task whose message does not decode is shown with the bytes of the message as its payload, and with a failure that says so.
// `values` are those of task_fields.lua.
TaskInfo show_task(std::span<const redis::Value, kTaskValues> values, const Look& look);

}  // namespace windlass::broker
