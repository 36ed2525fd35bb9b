// What is worth knowing of a task at a glance: it depends on its state.
#pragma once

#include <string>

#include <windlass/info.hpp>

namespace windlass::app {

// "started 5s ago", "retry 2/25 in 3m: cannot connect".
std::string task_remark(const TaskInfo& task);

}  // namespace windlass::app
