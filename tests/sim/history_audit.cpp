// The account compared with what the store shows.
#include <algorithm>

#include "conformance/state_text.hpp"
#include "sim/history.hpp"

namespace windlass::sim {

using namespace windlass::broker;

bool History::fits(const Entry& entry, TaskState state) {
  switch (entry.place) {
    case Place::kActive: return state == TaskState::kActive;
    case Place::kArchived: return state == TaskState::kArchived;
    case Place::kCompleted: return state == TaskState::kCompleted;
    case Place::kWaiting: break;
  }
  if (state == TaskState::kAggregating) return !entry.group.empty();
  return state == TaskState::kScheduled || state == TaskState::kRetry ||
         (state == TaskState::kPending && (entry.group.empty() || entry.moved));
}

void History::audit(Broker& store) {
  std::set<Id> seen;
  const auto queues = store.queues();
  if (!queues) return world_.fail("the store cannot be looked at: " + queues.error().message());
  for (const std::string& queue : *queues) audit_queue(store, queue, seen);
  std::vector<Id> missing;
  for (const auto& [id, entry] : entries_) {
    if (!seen.contains(id)) missing.push_back(id);
  }
  for (const Id& id : missing) note_gone(id, *find(id), "lost");
}

// Gone, and nobody said so: that is right only for what was cleaned.
void History::note_gone(const Id& id, const Entry& entry, const std::string& otherwise) {
  std::size_t* allowed = nullptr;
  if (entry.place == Place::kArchived) allowed = &may_be_trimmed_;
  if (entry.place == Place::kCompleted) allowed = &may_be_deleted_;
  if (allowed == nullptr || *allowed == 0) return violated(id, otherwise);
  if (entry.place == Place::kCompleted && world_.greatest_ever() + traits_.grain < entry.kept_until)
    violated(id, "its record is gone before its retention ended");
  --*allowed;
  world_.note("cleaned " + name(id));
  remove(id);
}

void History::audit_queue(Broker& store, const std::string& queue, std::set<Id>& seen) {
  const QueueInfo info = store.queue_info(queue).value_or({});
  const std::vector<std::pair<TaskState, std::uint64_t>> shown{
      {TaskState::kActive, info.active},          {TaskState::kPending, info.pending},
      {TaskState::kScheduled, info.scheduled},    {TaskState::kRetry, info.retry},
      {TaskState::kArchived, info.archived},      {TaskState::kCompleted, info.completed},
      {TaskState::kAggregating, info.aggregating}};
  for (const auto& [state, number] : shown) {
    const auto tasks =
        number == 0 ? std::vector<TaskInfo>() : conformance::read_all(store, {.queue = queue, .state = state}, 1000);
    if (tasks.size() != number)
      world_.fail("queue " + queue + " does not count its " + std::string(task_state_name(state)) + " tasks right");
    for (const TaskInfo& task : tasks) {
      const Id id{queue, task.id};
      if (!seen.insert(id).second) violated(id, "it is in two places");
      const Entry* const entry = find(id);
      if (entry == nullptr)
        violated(id, "it is " + std::string(task_state_name(state)) + ", but should be gone");
      else if (!fits(*entry, state))
        violated(id, "it should not be " + std::string(task_state_name(state)));
    }
  }
  const Counts& counts = counts_[queue];
  if (info.processed_total == counts.processed && info.failed_total == counts.failed &&
      info.expired_total == counts.expired)
    return;
  world_.fail("the counters of queue " + queue + " are not what the outcomes add up to");
}

bool History::settled() const {
  return std::ranges::none_of(entries_, [](const auto& entry) {
    return entry.second.place == Place::kWaiting || entry.second.place == Place::kActive;
  });
}

void History::final_check() {
  for (const auto& [id, entry] : entries_) {
    if (entry.place == Place::kWaiting) violated(id, "it waits for ever");
    if (entry.place == Place::kActive) violated(id, "it is active for ever");
  }
}

std::size_t History::missing_ticks(const std::string& entry, Duration every, TimePoint from, TimePoint to) const {
  const auto taken = ticks_.find(entry);
  if (taken == ticks_.end()) return 1;
  std::size_t missing = 0;
  TimePoint before = from;
  for (auto tick = taken->second.upper_bound(from); tick != taken->second.end() && *tick <= to; ++tick) {
    missing += static_cast<std::size_t>((*tick - before - Duration(1)) / every);
    before = *tick;
  }
  return missing + static_cast<std::size_t>((to - before) / every);
}

}  // namespace windlass::sim
