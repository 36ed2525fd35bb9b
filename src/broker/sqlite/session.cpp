#include "broker/sqlite/session.hpp"

#include <algorithm>
#include <utility>

#include "broker/sqlite/row_codec.hpp"
#include "broker/sqlite/side_file.hpp"

namespace windlass::broker {

QueueRow* Session::find_queue(std::string_view name) {
  if (const auto known = queues_.find(name); known != queues_.end()) return &known->second;
  auto row = run(Sql::kQueueFind, name);
  if (!row.next()) return nullptr;
  QueueRow queue;
  queue.id = row.integer(0);
  queue.name = name;
  queue.paused = row.integer(1) != 0;
  queue.head = row.integer(2);
  queue.tail = row.integer(3);
  queue.turn = row.integer(4);
  for (int state = 1; state <= kTaskStateCount; ++state) queue.counts[state] = row.integer(4 + state);
  queue.processed = row.integer(12);
  queue.failed = row.integer(13);
  queue.expired = row.integer(14);
  return &queues_.emplace(name, std::move(queue)).first->second;
}

QueueRow& Session::add_queue(std::string_view name) {
  if (QueueRow* known = find_queue(name)) return *known;
  execute(Sql::kQueueAdd, name);
  QueueRow queue;
  queue.id = last_row();
  queue.name = name;
  return queues_.emplace(name, std::move(queue)).first->second;
}

std::optional<std::int64_t> Session::find_type(std::string_view name) {
  if (const auto known = type_ids_.find(name); known != type_ids_.end()) return known->second;
  auto row = run(Sql::kTypeFind, name);
  if (!row.next()) return std::nullopt;
  const std::int64_t id = row.integer(0);
  type_ids_.emplace(name, id);
  return id;
}

std::int64_t Session::type_id(std::string_view name) {
  if (const auto known = find_type(name)) return *known;
  execute(Sql::kTypeAdd, name);
  type_ids_.emplace(name, last_row());
  return last_row();
}

const std::string& Session::type_name(std::int64_t id) {
  const auto [place, is_new] = type_names_.try_emplace(id);
  if (is_new) {
    auto row = run(Sql::kTypeName, id);
    if (row.next()) place->second = row.text(0);
  }
  return place->second;
}

std::int64_t Session::owner_id(std::string_view name) {
  {
    auto row = run(Sql::kOwnerFind, name);
    if (row.next()) return row.integer(0);
  }
  execute(Sql::kOwnerAdd, name);
  return last_row();
}

std::string Session::owner_name(std::optional<std::int64_t> id) {
  if (!id) return {};
  auto row = run(Sql::kOwnerName, *id);
  return row.next() ? row.text(0) : std::string();
}

void Session::ring_cancel() { bell_ |= kBellCancel; }

void Session::flush() {
  for (auto& [name, queue] : queues_) {
    if (queue.changed) save(queue);
    if (queue.got_pending) bell_ |= bell_pending(name);
    if (queue.earliest_due != INT64_MAX && is_earliest(queue)) bell_ |= bell_due(name);
  }
}

void Session::save(QueueRow& queue) {
  const std::int64_t* n = queue.counts;
  execute(Sql::kQueueSave, queue.id, queue.head, queue.tail, queue.turn, n[1], n[2], n[3], n[4], n[5], n[6], n[7],
          queue.processed + queue.new_processed, queue.failed + queue.new_failed, queue.expired + queue.new_expired);
  if (queue.new_processed == 0 && queue.new_failed == 0 && queue.new_expired == 0) return;
  execute(Sql::kStatAdd, queue.id, day_of(now_), queue.new_processed, queue.new_failed, queue.new_expired);
}

// Nobody needs to be woken for a task that is due after others that wait already.
bool Session::is_earliest(const QueueRow& queue) {
  std::int64_t first = INT64_MAX;
  for (const TaskState state : {TaskState::kScheduled, TaskState::kRetry}) {
    auto row = run(Sql::kFirstInState, queue.id, static_cast<int>(state));
    if (row.next()) first = std::min(first, row.integer(0));
  }
  return queue.earliest_due <= first;
}

}  // namespace windlass::broker
