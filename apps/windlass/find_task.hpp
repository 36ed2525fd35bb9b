// Finding a task by its id alone.
#pragma once

#include <string>

#include <windlass/info.hpp>
#include <windlass/inspector.hpp>

namespace windlass::app {

// The task of that id in `queue`, or, if that is empty, in whichever queue has one.
// Errors: kTaskNotFound, kQueueNotFound; kInvalidArgument when several queues have one, naming them.
Result<TaskInfo> find_task(const Inspector& inspector, const std::string& queue, const std::string& id);

}  // namespace windlass::app
