// What the one who enqueued a task is told, from what the store said.
#pragma once

#include <windlass/error.hpp>
#include <windlass/info.hpp>

#include "broker/broker.hpp"

namespace windlass::runtime {

// `now` is when the task was stored. Errors: kDuplicateTask, kTaskIdConflict, kTickTaken, kFailedPrecondition (tick
// skipped).
Result<TaskInfo> enqueue_answer(broker::NewTask task, const broker::EnqueueOutcome& outcome, TimePoint now);

}  // namespace windlass::runtime
