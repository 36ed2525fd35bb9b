// The one place where exceptions of a user's handler become outcomes, and where handlers on threads are called.
#pragma once

#include <vector>

#include <windlass/log.hpp>
#include <windlass/mux.hpp>

#include "runtime/task_run.hpp"

namespace windlass::runtime {

// Runs the handler, with the task's fields on every line that its thread logs. Whatever it throws becomes an outcome.
Outcome call_handler(const Mux& mux, TaskRun& run);

// The outcome that the exception being handled means: SkipRetry, RevokeTask and Snooze what they say, all else a failure of
// kind kException with type and text. REQUIRES: called from a catch block.
Outcome outcome_of_exception();
// Of a run that was told to stop before its handler was called.
Outcome stopped_before_start();
// The fields that are on every line that a run's handler logs.
std::vector<LogField> log_fields(const TaskRun& run);

}  // namespace windlass::runtime
