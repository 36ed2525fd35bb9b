// What the inspector reads.
#include <algorithm>
#include <map>

#include "broker/sqlite/listing.hpp"
#include "broker/sqlite/operations.hpp"
#include "broker/sqlite/row_codec.hpp"
#include "broker/sqlite/task_row.hpp"
#include "core/message_info.hpp"
#include "core/text.hpp"

namespace windlass::broker {

namespace {

constexpr std::size_t kPageMax = 1000;
constexpr int kDaysMax = 3660;

// About what a task takes in tables and indexes beside payload and headers.
constexpr std::int64_t kTaskOverhead = 160;

Duration oldest_pending_age(Session& session, const QueueRow& queue) {
  auto row = session.run(Sql::kFirstInState, queue.id, static_cast<int>(TaskState::kPending));
  if (!row.next()) return Duration::zero();
  return std::max(Duration::zero(), session.now() - from_ns(row.integer(1)));
}

// From the first tasks of each state, so that the cost does not grow with the queue.
std::int64_t estimate_bytes(Session& session, const QueueRow& queue) {
  double total = 0;
  for (int state = 1; state <= kTaskStateCount; ++state) {
    if (queue.counts[state] == 0) continue;
    auto row = session.run(Sql::kSampleBodies, queue.id, state);
    const double body = row.next() ? row.real(0) : 0;
    total += static_cast<double>(queue.counts[state]) * (body + kTaskOverhead);
  }
  return static_cast<std::int64_t>(total);
}

void read_today(Session& session, const QueueRow& queue, QueueInfo& info) {
  const std::int64_t today = day_of(session.now());
  auto row = session.run(Sql::kStatHistory, queue.id, today - 1, today);
  if (!row.next()) return;
  info.processed = static_cast<std::uint64_t>(row.integer(1));
  info.failed = static_cast<std::uint64_t>(row.integer(2));
  info.expired = static_cast<std::uint64_t>(row.integer(3));
}

std::uint64_t count_groups(Session& session, const QueueRow& queue) {
  auto row = session.run(Sql::kGroupCount, queue.id);
  return row.next() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

// ------------------------------------------------------------------------------------------------------------- tasks

void show_state(Session& session, const TaskRow& task, TaskInfo& info) {
  switch (task.state) {
    case TaskState::kPending: info.next_process_at = session.now(); break;
    case TaskState::kActive:
      info.started_at = from_ns(task.since);
      info.owner = session.owner_name(task.holder);
      info.orphaned = task.ends.value_or(0) <= session.steady_ns();
      break;
    case TaskState::kScheduled:
    case TaskState::kRetry: info.next_process_at = from_ns(task.ord); break;
    case TaskState::kArchived: info.archived_at = from_ns(task.ord); break;
    case TaskState::kCompleted:
      info.completed_at = from_ns(task.since);
      info.delete_at = from_ns(task.ord);
      break;
    case TaskState::kAggregating: break;
  }
}

void show_failure(Session& session, const TaskRow& task, TaskInfo& info) {
  auto row = session.run(Sql::kFailureRead, task.seq);
  if (!row.next()) return;
  info.failure.kind = static_cast<FailureKind>(row.integer(0));
  info.failure.message = row.text(1);
  info.failure.exit_code = static_cast<int>(row.integer(2));
  info.failure.signal = static_cast<int>(row.integer(3));
  info.failure.detail = row.text(4);
}

void show_side_rows(Session& session, const TaskRow& task, std::size_t payload_max, TaskInfo& info) {
  if ((task.flags & kHasFailure) != 0) show_failure(session, task, info);
  if ((task.flags & kHasResult) != 0) {
    auto row = session.run(Sql::kResultRead, task.seq);
    if (row.next()) info.result = std::string(row.bytes(0).substr(0, payload_max));
  }
  if ((task.flags & kHasProgress) != 0) {
    auto row = session.run(Sql::kProgressRead, task.seq);
    if (row.next()) info.progress = Progress{row.real(0), row.text(1)};
  }
}

TaskInfo show_task(Session& session, const std::string& queue, const TaskRow& task, std::size_t payload_max) {
  TaskInfo info;
  {
    auto body = session.run(Sql::kBodyRead, task.seq);
    if (body.next()) info = core::to_info(read_message(session, task, queue, body, 0), payload_max);
  }
  info.state = task.state;
  info.crashes = static_cast<int>(task.crashes);
  show_state(session, task, info);
  show_side_rows(session, task, payload_max, info);
  return info;
}

}  // namespace

Result<QueueInfo> read_queue_info(Session& session, const std::string& name) {
  const QueueRow* const queue = session.find_queue(name);
  if (queue == nullptr) return no_such_queue(name);
  QueueInfo info;
  info.queue = name;
  info.paused = queue->paused;
  std::uint64_t* const counts[] = {&info.active,   &info.pending,   &info.scheduled,  &info.retry,
                                   &info.archived, &info.completed, &info.aggregating};
  for (int state = 1; state <= kTaskStateCount; ++state) {
    *counts[state - 1] = static_cast<std::uint64_t>(queue->counts[state]);
    info.size += *counts[state - 1];
  }
  info.groups = count_groups(session, *queue);
  info.latency = oldest_pending_age(session, *queue);
  read_today(session, *queue, info);
  info.processed_total = static_cast<std::uint64_t>(queue->processed);
  info.failed_total = static_cast<std::uint64_t>(queue->failed);
  info.expired_total = static_cast<std::uint64_t>(queue->expired);
  info.memory_bytes = static_cast<std::uint64_t>(estimate_bytes(session, *queue));
  info.timestamp = session.now();
  return info;
}

Result<std::vector<DailyStats>> read_history(Session& session, const std::string& name, int days) {
  if (days < 1 || days > kDaysMax) {
    return Error(ErrorCode::kInvalidArgument,
                 "history of " + std::to_string(days) + " days: must be 1 to " + std::to_string(kDaysMax));
  }
  const QueueRow* const queue = session.find_queue(name);
  if (queue == nullptr) return no_such_queue(name);
  const std::int64_t today = day_of(session.now());
  std::vector<DailyStats> history;
  for (int i = 0; i < days; ++i) history.push_back({name, core::format_date(session.now() - std::chrono::days(i))});
  auto row = session.run(Sql::kStatHistory, queue->id, today - days, today);
  while (row.next()) {
    DailyStats& day = history[static_cast<std::size_t>(today - row.integer(0))];
    day.processed = static_cast<std::uint64_t>(row.integer(1));
    day.failed = static_cast<std::uint64_t>(row.integer(2));
    day.expired = static_cast<std::uint64_t>(row.integer(3));
  }
  return history;
}

Result<std::vector<GroupInfo>> read_groups(Session& session, const std::string& name) {
  const QueueRow* const queue = session.find_queue(name);
  if (queue == nullptr) return no_such_queue(name);
  std::vector<GroupInfo> groups;
  for (auto row = session.run(Sql::kGroupList, queue->id); row.next();) {
    groups.push_back({row.text(0), static_cast<std::uint64_t>(row.integer(1))});
  }
  return groups;
}

Result<TaskInfo> read_task_info(Session& session, const TaskRef& ref) {
  const QueueRow* const queue = session.find_queue(ref.queue);
  if (queue == nullptr) return no_such_queue(ref.queue);
  const std::optional<TaskRow> task = find_task(session, *queue, ref.id);
  if (!task) return no_such_task(ref);
  return show_task(session, ref.queue, *task, SIZE_MAX);
}

Result<TaskPage> list_tasks(Session& session, const ListRequest& request) {
  if (request.limit < 1 || request.limit > kPageMax) {
    return Error(ErrorCode::kInvalidArgument,
                 "a page of " + std::to_string(request.limit) + " tasks: must be 1 to " + std::to_string(kPageMax));
  }
  const Result<SqlListing> listing = open_sql_listing(request.filter, request.cursor, "list");
  if (!listing) return listing.error();
  const QueueRow* const queue = session.find_queue(request.filter.queue);
  if (queue == nullptr) return no_such_queue(request.filter.queue);
  // One more than asked for tells whether there is a next page.
  std::vector<TaskRow> tasks = next_tasks(session, *queue, *listing, request.limit + 1);
  TaskPage page;
  if (tasks.size() > request.limit) {
    tasks.pop_back();
    page.next = cursor_behind(*listing, tasks.back());
  }
  for (const TaskRow& task : tasks) page.tasks.push_back(show_task(session, queue->name, task, request.payload_max));
  return page;
}

}  // namespace windlass::broker
