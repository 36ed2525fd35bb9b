// The enqueue call, shared by everything that takes tasks from users: plan each, store what is right in one go, answer each.
#pragma once

#include <span>
#include <vector>

#include <windlass/error.hpp>
#include <windlass/info.hpp>
#include <windlass/task.hpp>

#include "base/clock.hpp"
#include "broker/broker.hpp"

namespace windlass::api {

// One task and the options of its call, as pointers into the caller's.
struct EnqueueItem {
  const Task* task = nullptr;
  const EnqueueOptions* options = nullptr;
};

// The answers are those of the items, in order; see Client::enqueue for the errors.
std::vector<Result<TaskInfo>> enqueue(broker::Broker& broker, const base::Clock& clock, std::span<const EnqueueItem> items);

}  // namespace windlass::api
