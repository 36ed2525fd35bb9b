// The one place where a user's handler is called, and where exceptions become outcomes.
#pragma once

#include <windlass/mux.hpp>

#include "runtime/task_run.hpp"

namespace windlass::runtime {

// Runs the handler, with the task's fields on every line that its thread logs. Whatever it throws becomes an outcome:
// SkipRetry, RevokeTask and Snooze what they say, all else a failure of kind kException with type and text.
Outcome call_handler(const Mux& mux, TaskRun& run);

}  // namespace windlass::runtime
