// The one place where a user's handler is called, and where exceptions become outcomes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <windlass/log.hpp>
#include <windlass/mux.hpp>

namespace windlass::internal {

// Runs the handler, with run_log_fields() on every line that its thread logs, and in the trace of its run. Whatever it throws becomes an outcome.
Outcome run_guarded(const Mux& mux, Context& ctx);

// The outcome that the exception being handled means: SkipRetry, RevokeTask and Snooze what they say, all else a
// failure of kind kException with type and text. REQUIRES: called from a catch block.
Outcome outcome_of_exception();

// The fields that are on every line that a run's handler logs.
std::vector<LogField> run_log_fields(const Context& ctx);

// What is being handled by a catch block, as text: "std::runtime_error: what it says", "an exception of type int".
// REQUIRES: called from a catch block.
std::string describe_current_exception();

}  // namespace windlass::internal
