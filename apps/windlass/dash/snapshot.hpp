// What the dashboard asks of the store, and what it got.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <windlass/info.hpp>

namespace windlass::app::dash {

enum class View : std::uint8_t { kQueues, kTasks, kTask, kServers, kSchedulers, kHelp };

// What the screen shows needs to be read.
struct Query {
  View view = View::kQueues;
  std::string queue;                     // kTasks, kTask
  TaskState state = TaskState::kActive;  // kTasks
  std::string cursor;                    // kTasks
  std::size_t rows = 1;                  // kTasks: of a page
  std::string task;                      // kTask: its id
  // kTasks, aggregating: the tasks of which group; "": of all; nothing: the groups themselves.
  std::optional<std::string> group = std::nullopt;

  bool lists_groups() const { return view == View::kTasks && state == TaskState::kAggregating && !group; }
  friend bool operator==(const Query&, const Query&) = default;
};

// Only what the query's view shows is filled in.
struct Snapshot {
  Query query;
  std::string error;  // empty: all of it was read
  TimePoint read_at;
  std::vector<QueueInfo> queues;  // kQueues: all; kTasks: the one
  TaskPage page;
  std::vector<GroupInfo> groups;  // kTasks, where it lists groups
  std::optional<TaskInfo> task;
  std::vector<ServerInfo> servers;
  std::vector<SchedulerEntry> entries;
};

enum class ActKind : std::uint8_t { kPause, kResume, kRun, kArchive, kDelete, kCancel };

// What the user does to a queue or a task.
struct Act {
  ActKind kind = ActKind::kPause;
  std::string queue;
  std::string task;  // empty for kPause and kResume
  friend bool operator==(const Act&, const Act&) = default;
};

// "Delete task 'x' of queue 'default'"
std::string act_text(const Act& act);

}  // namespace windlass::app::dash
