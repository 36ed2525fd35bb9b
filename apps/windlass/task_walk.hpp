// Going through the tasks that match, page by page.
#pragma once

#include <array>
#include <functional>
#include <string>

#include <windlass/inspector.hpp>

namespace windlass::app {

// All states, those first that people ask for first.
inline constexpr std::array<TaskState, kTaskStateCount> kAllStates{
    TaskState::kActive,   TaskState::kPending,   TaskState::kScheduled,  TaskState::kRetry,
    TaskState::kArchived, TaskState::kCompleted, TaskState::kAggregating};

std::uint64_t count_of(const QueueInfo& queue, TaskState state);

// Calls `each` with up to `max` tasks, from `cursor` on. Returns the cursor behind the last; empty at the end.
Result<std::string> for_each_task(const Inspector& inspector, const TaskQuery& query, std::size_t max,
                                  std::string cursor, const std::function<void(const TaskInfo&)>& each);

// How many match now. Costs a look at each if the query names more than queue and state.
Result<std::uint64_t> count_tasks(const Inspector& inspector, const TaskQuery& query);

}  // namespace windlass::app
