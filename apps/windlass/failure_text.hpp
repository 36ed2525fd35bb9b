// Why a task failed, in one line.
#pragma once

#include <string>

#include <windlass/info.hpp>

namespace windlass::app {

// "signal SIGSEGV: handler process was ended"; "" for none.
std::string failure_text(const Failure& failure);

}  // namespace windlass::app
