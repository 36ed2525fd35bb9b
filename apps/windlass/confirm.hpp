// Asking before something is done that cannot be undone.
#pragma once

#include <string>

#include <windlass/error.hpp>

namespace windlass::app {

// Whether the user wants it: `yes` says so already; at a terminal they are asked "QUESTION [y/N]". False: they do not,
// and were told that nothing was done. Errors: kInvalidArgument where nobody can be asked, as standard input or error
// is no terminal.
Result<bool> confirmed(const std::string& question, bool yes);

}  // namespace windlass::app
