// All about a task, for people.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <windlass/info.hpp>

namespace windlass::app {

// Names and values in the order in which they are shown; a value is empty where there is nothing to say.
std::vector<std::pair<std::string, std::string>> task_fields(const TaskInfo& task);
// "40 % reading"; "" for none.
std::string progress_text(const std::optional<Progress>& progress);

}  // namespace windlass::app
