// Groups: tasks that wait to be made into one.
#include "broker/sqlite/operations.hpp"
#include "broker/sqlite/row_codec.hpp"
#include "broker/sqlite/task_row.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {

namespace {

struct Group {
  std::int64_t id = 0;
  std::string name;
};

struct HeldSet {
  std::int64_t id = 0;
  std::int64_t group = 0;
  std::int64_t size = 0;
};

std::optional<Group> ready_group(Session& session, const QueueRow& queue, const AggregationRules& rules) {
  auto row = session.run(Sql::kGroupReady, queue.id, static_cast<std::int64_t>(rules.max_size), rules.max_delay.count(),
                         session.now_ns(), rules.grace.count());
  if (!row.next()) return std::nullopt;
  return Group{row.integer(0), row.text(1)};
}

HeldSet read_set(const sqlite::Cursor& row) { return {row.integer(0), row.integer(1), row.integer(2)}; }

// The set, if its hold lasts beyond `time`.
std::optional<HeldSet> find_set(Session& session, const QueueRow& queue, const AggregationSet& set, TimePoint time) {
  auto row = session.run(Sql::kSetFind, queue.id, set.id, to_ns(time));
  if (!row.next()) return std::nullopt;
  return read_set(row);
}

std::vector<TaskRow> tasks_of(Session& session, const HeldSet& set) {
  return read_tasks(session.run(Sql::kSetTasks, set.group, set.id, set.size));
}

void put_back(Session& session, const HeldSet& set) {
  for (const TaskRow& task : tasks_of(session, set)) session.execute(Sql::kSetRelease, task.seq);
  session.execute(Sql::kGroupChange, set.group, set.size, -set.size);
  session.execute(Sql::kSetDrop, set.id);
  refresh_group(session, set.group);
}

// Takes the oldest tasks of the group into a set.
std::vector<std::int64_t> take(Session& session, const Group& group, const AggregationRules& rules, AggregationSet& set) {
  std::vector<std::int64_t> rows;
  const std::int64_t limit = rules.max_size == 0 ? -1 : static_cast<std::int64_t>(rules.max_size);
  auto row = session.run(Sql::kGroupTake, group.id, limit);
  while (row.next()) {
    const TaskRow task = read_task(row);
    rows.push_back(task.seq);
    set.tasks.push_back(read_message(session, task, set.queue, row, kTaskColumns));
  }
  return rows;
}

void hold_tasks(Session& session, const QueueRow& queue, const Group& group, const std::vector<std::int64_t>& rows,
                AggregationSet& set) {
  const auto size = static_cast<std::int64_t>(rows.size());
  session.execute(Sql::kSetAdd, queue.id, group.id, size, to_ns(set.deadline));
  const std::int64_t id = session.last_row();
  set.id = std::to_string(id);
  for (const std::int64_t seq : rows) session.execute(Sql::kGroupHold, seq, id);
  session.execute(Sql::kGroupChange, group.id, -size, size);
  refresh_group(session, group.id);
}

Error hold_ended(const AggregationSet& set) {
  return Error(ErrorCode::kLeaseLost, "the hold on group '" + set.group + "' of queue '" + set.queue +
                                          "' ended: its tasks went back, nothing was stored");
}

}  // namespace

void release_ended_sets(Session& session, const QueueRow& queue) {
  std::vector<HeldSet> ended;
  for (auto row = session.run(Sql::kSetsEnded, queue.id, session.now_ns()); row.next();) ended.push_back(read_set(row));
  for (const HeldSet& set : ended) put_back(session, set);
}

std::optional<AggregationSet> take_ready_group(Session& session, const std::string& queue_name, const AggregationRules& rules,
                                               Duration hold) {
  const QueueRow* const queue = session.find_queue(queue_name);
  if (queue == nullptr) return std::nullopt;
  release_ended_sets(session, *queue);
  const std::optional<Group> group = ready_group(session, *queue, rules);
  if (!group) return std::nullopt;
  AggregationSet set{queue_name, group->name, {}, core::saturated_sum(session.now(), hold), {}};
  const std::vector<std::int64_t> rows = take(session, *group, rules, set);
  hold_tasks(session, *queue, *group, rows, set);
  return set;
}

Result<EnqueueOutcome> finish_set(Session& session, const AggregationSet& set, const NewTask* aggregate) {
  QueueRow* const queue = session.find_queue(set.queue);
  const std::optional<HeldSet> held = queue != nullptr ? find_set(session, *queue, set, session.now()) : std::nullopt;
  if (!held) return hold_ended(set);
  EnqueueOutcome outcome;
  if (aggregate != nullptr) outcome = enqueue_task(session, *aggregate);
  if (outcome.status != EnqueueStatus::kEnqueued) return outcome;
  for (const TaskRow& task : tasks_of(session, *held)) remove_task(session, *queue, task);
  session.execute(Sql::kSetDrop, held->id);
  return outcome;
}

void release_set(Session& session, const AggregationSet& set) {
  const QueueRow* const queue = session.find_queue(set.queue);
  const std::optional<HeldSet> held = queue != nullptr ? find_set(session, *queue, set, kNoTime) : std::nullopt;
  if (held) put_back(session, *held);
}

}  // namespace windlass::broker
