// The inspector's verbs: look at queues and tasks, and steer them.
#include <algorithm>
#include <optional>

#include "broker/memory/broker_impl.hpp"
#include "broker/memory/cursor.hpp"
#include "broker/memory/view.hpp"
#include "core/text.hpp"

namespace windlass::broker::memory {
namespace {

constexpr std::size_t kPageMax = 1000;
constexpr int kDaysMax = 3660;
// Tasks that one call of list() looks at, at most, while others wait for the lock.
constexpr std::size_t kLookMax = 20000;

bool matches(const TaskFilter& filter, const Task& task) {
  return task.message.id.starts_with(filter.id_prefix) && (filter.type.empty() || task.message.type == filter.type) &&
         (filter.group.empty() || task.message.group == filter.group);
}

bool latest_first(TaskState state) { return state == TaskState::kArchived || state == TaskState::kCompleted; }

// Calls look(task) for each task of the shelf behind `after`, in the order of the listing, until it returns false.
// True if the end was reached.
template <class Look>
bool walk(const Shelf& shelf, bool backwards, const std::optional<Position>& after, const Look& look) {
  if (backwards) {
    auto it = after ? std::make_reverse_iterator(shelf.lower_bound(*after)) : shelf.rbegin();
    while (it != shelf.rend() && look(*it->second)) ++it;
    return it == shelf.rend();
  }
  auto it = after ? shelf.upper_bound(*after) : shelf.begin();
  while (it != shelf.end() && look(*it->second)) ++it;
  return it == shelf.end();
}

// The checks that list and bulk share; the place where to go on.
Result<std::optional<Position>> start_of(const TaskFilter& filter, const std::string& cursor, std::uint64_t listing) {
  if (!filter.group.empty() && filter.state != TaskState::kAggregating) {
    return Error(ErrorCode::kInvalidArgument, "only aggregating tasks can be chosen by group");
  }
  if (cursor.empty()) return std::optional<Position>();
  Result<Position> position = decode_cursor(cursor, listing);
  if (!position) return position.error();
  return std::optional<Position>(*position);
}

ActionOutcome run(Store& store, Queue& queue, Task& task, TimePoint now) {
  if (task.state == TaskState::kPending) return ActionOutcome::kAlready;
  store.to_pending(queue, task, now);
  return ActionOutcome::kApplied;
}

ActionOutcome archive(Store& store, Queue& queue, Task& task, TimePoint now) {
  if (task.state == TaskState::kArchived) return ActionOutcome::kAlready;
  if (task.state == TaskState::kCompleted) return ActionOutcome::kWrongState;
  store.to_timed(queue, task, TaskState::kArchived, now);
  return ActionOutcome::kApplied;
}

ActionOutcome act_on(Store& store, Queue& queue, Task& task, TaskAction action, TimePoint now) {
  if (task.state == TaskState::kActive) return ActionOutcome::kActive;
  if (task.held) return ActionOutcome::kWrongState;
  switch (action) {
    case TaskAction::kRun: return run(store, queue, task, now);
    case TaskAction::kArchive: return archive(store, queue, task, now);
    case TaskAction::kDelete: store.remove(queue, task); return ActionOutcome::kApplied;
  }
  return ActionOutcome::kWrongState;
}

}  // namespace

Result<std::vector<std::string>> MemoryBroker::queues() {
  std::vector<std::string> names;
  base::Lock lock(mu_);
  for (const auto& [name, queue] : store_.queues()) names.push_back(name);
  return names;
}

Result<QueueInfo> MemoryBroker::queue_info(const std::string& queue) {
  base::Lock lock(mu_);
  const Queue* found = store_.find_queue(queue);
  if (found == nullptr) return no_such_queue(queue);
  return show_queue(*found, clock_.now());
}

Result<std::vector<DailyStats>> MemoryBroker::history(const std::string& queue, int days) {
  if (days < 1 || days > kDaysMax) {
    return Error(ErrorCode::kInvalidArgument,
                 "history of " + std::to_string(days) + " days: must be 1 to " + std::to_string(kDaysMax));
  }
  base::Lock lock(mu_);
  const Queue* found = store_.find_queue(queue);
  if (found == nullptr) return no_such_queue(queue);
  const TimePoint now = clock_.now();
  std::vector<DailyStats> history;
  for (int i = 0; i < days; ++i) {
    const TimePoint day = now - std::chrono::days(i);
    const auto it = found->days.find(day_of(day));
    const Counts counts = it != found->days.end() ? it->second : Counts{};
    history.push_back({queue, core::format_date(day), counts.processed, counts.failed, counts.expired});
  }
  return history;
}

Result<std::vector<GroupInfo>> MemoryBroker::groups(const std::string& queue) {
  base::Lock lock(mu_);
  const Queue* found = store_.find_queue(queue);
  if (found == nullptr) return no_such_queue(queue);
  std::vector<GroupInfo> groups;
  for (const auto& [name, shelf] : found->groups) groups.push_back({name, shelf.size()});
  return groups;
}

Result<TaskInfo> MemoryBroker::task(const TaskRef& ref) {
  base::Lock lock(mu_);
  Queue* queue = store_.find_queue(ref.queue);
  if (queue == nullptr) return no_such_queue(ref.queue);
  const Task* task = store_.find(*queue, ref.id);
  if (task == nullptr) return no_such_task(ref);
  return show_task(*task, {clock_.now(), clock_.steady()}, SIZE_MAX);
}

Result<TaskPage> MemoryBroker::list(const ListRequest& request) {
  const TaskFilter& filter = request.filter;
  if (request.limit < 1 || request.limit > kPageMax) {
    return Error(ErrorCode::kInvalidArgument,
                 "a page of " + std::to_string(request.limit) + " tasks: must be 1 to " + std::to_string(kPageMax));
  }
  const std::uint64_t listing = listing_id(filter, "list");
  const Result<std::optional<Position>> start = start_of(filter, request.cursor, listing);
  if (!start) return start.error();

  base::Lock lock(mu_);
  const Queue* queue = store_.find_queue(filter.queue);
  if (queue == nullptr) return no_such_queue(filter.queue);
  const Clocks clocks{clock_.now(), clock_.steady()};
  TaskPage page;
  std::size_t looked = 0;
  Position last;
  const bool at_end = walk(queue->shelf(filter.state), latest_first(filter.state), *start, [&](const Task& task) {
    if (page.tasks.size() == request.limit || looked == kLookMax) return false;
    ++looked;
    last = task.place->first;
    if (matches(filter, task)) page.tasks.push_back(show_task(task, clocks, request.payload_max));
    return true;
  });
  if (!at_end) page.next = encode_cursor(listing, last);
  return page;
}

Result<std::vector<ActionOutcome>> MemoryBroker::act(std::span<const TaskRef> tasks, TaskAction action) {
  std::vector<ActionOutcome> outcomes;
  outcomes.reserve(tasks.size());
  Signals signals(*hub_);
  base::Lock lock(mu_);
  const TimePoint now = clock_.now();
  for (const TaskRef& ref : tasks) {
    Queue* queue = store_.find_queue(ref.queue);
    Task* task = queue != nullptr ? store_.find(*queue, ref.id) : nullptr;
    outcomes.push_back(task != nullptr ? act_on(store_, *queue, *task, action, now) : ActionOutcome::kNotFound);
    if (action == TaskAction::kRun && outcomes.back() == ActionOutcome::kApplied) signals.pending(queue->name);
  }
  return outcomes;
}

Result<BulkResult> MemoryBroker::bulk(const BulkRequest& request) {
  const TaskFilter& filter = request.filter;
  if (filter.state == TaskState::kActive || request.max == 0) {
    return Error(ErrorCode::kInvalidArgument,
                 "a bulk operation takes any state but active, and at least 1 task a call");
  }
  const std::uint64_t listing = listing_id(filter, "bulk " + std::to_string(static_cast<int>(request.action)));
  const Result<std::optional<Position>> start = start_of(filter, request.cursor, listing);
  if (!start) return start.error();

  BulkResult result;
  Signals signals(*hub_);
  base::Lock lock(mu_);
  Queue* queue = store_.find_queue(filter.queue);
  if (queue == nullptr) return no_such_queue(filter.queue);
  const TimePoint now = clock_.now();
  std::vector<Task*> found;
  std::size_t looked = 0;
  Position last;
  const bool at_end = walk(queue->shelf(filter.state), latest_first(filter.state), *start, [&](Task& task) {
    if (looked == request.max) return false;
    ++looked;
    last = task.place->first;
    if (matches(filter, task)) found.push_back(&task);
    return true;
  });
  for (Task* task : found) {
    if (act_on(store_, *queue, *task, request.action, now) == ActionOutcome::kApplied) ++result.applied;
  }
  if (request.action == TaskAction::kRun && result.applied > 0) signals.pending(queue->name);
  if (!at_end) result.next = encode_cursor(listing, last);
  return result;
}

Status MemoryBroker::update_payload(const TaskRef& ref, const Payload& payload) {
  if (payload.size() > payload_max_) {
    return Error(ErrorCode::kResourceExhausted, "a payload of " + std::to_string(payload.size()) +
                                                    " bytes is more than the " + std::to_string(payload_max_) +
                                                    " this broker takes");
  }
  base::Lock lock(mu_);
  Queue* queue = store_.find_queue(ref.queue);
  if (queue == nullptr) return no_such_queue(ref.queue);
  Task* task = store_.find(*queue, ref.id);
  if (task == nullptr) return no_such_task(ref);
  if (task->state != TaskState::kScheduled) {
    return Error(ErrorCode::kFailedPrecondition, "task '" + ref.id + "' is " +
                                                     std::string(task_state_name(task->state)) +
                                                     "; only the payload of a scheduled task can be replaced");
  }
  task->message.payload = payload;
  return {};
}

Status MemoryBroker::set_paused(const std::string& queue, bool paused) {
  Signals signals(*hub_);
  base::Lock lock(mu_);
  Queue* found = store_.find_queue(queue);
  if (found == nullptr) return no_such_queue(queue);
  if (found->paused == paused) {
    return Error(ErrorCode::kFailedPrecondition,
                 "queue '" + queue + "' is " + (paused ? "already" : "not") + " paused");
  }
  found->paused = paused;
  if (!paused) signals.pending(queue);
  return {};
}

Status MemoryBroker::pause(const std::string& queue) { return set_paused(queue, true); }
Status MemoryBroker::resume(const std::string& queue) { return set_paused(queue, false); }

Status MemoryBroker::remove_queue(const std::string& queue, bool force) {
  base::Lock lock(mu_);
  Queue* found = store_.find_queue(queue);
  if (found == nullptr) return no_such_queue(queue);
  if (!force && !found->tasks.empty()) {
    return Error(ErrorCode::kQueueNotEmpty, "queue '" + queue + "' has " + std::to_string(found->tasks.size()) +
                                                " tasks; delete them first, or use force");
  }
  if (const std::size_t active = found->shelf(TaskState::kActive).size(); active > 0) {
    return Error(ErrorCode::kFailedPrecondition,
                 "queue '" + queue + "' has " + std::to_string(active) + " active tasks; cancel them first");
  }
  store_.remove_queue(*found);
  samples_.erase(queue);
  return {};
}

Result<bool> MemoryBroker::take_minute(TimePoint minute) {
  base::Lock lock(mu_);
  if (minute <= sampled_) return false;
  sampled_ = minute;
  return true;
}

Status MemoryBroker::write_samples(std::span<const SampleWrite> writes) {
  base::Lock lock(mu_);
  for (const SampleWrite& write : writes) {
    std::string& ring = samples_[write.queue];
    const std::size_t begin = write.slot * write.bytes.size();
    if (ring.size() < begin + write.bytes.size()) ring.resize(begin + write.bytes.size());
    ring.replace(begin, write.bytes.size(), write.bytes);
  }
  return {};
}

Result<std::string> MemoryBroker::read_sample_ring(const std::string& queue) {
  base::Lock lock(mu_);
  const auto found = samples_.find(queue);
  return found == samples_.end() ? std::string() : found->second;
}

Result<std::vector<std::pair<std::string, std::string>>> MemoryBroker::describe() {
  base::Lock lock(mu_);
  std::size_t tasks = 0;
  for (const auto& [name, queue] : store_.queues()) tasks += queue->tasks.size();
  return std::vector<std::pair<std::string, std::string>>{{"broker", "memory"},
                                                          {"durability", "none: gone with the process"},
                                                          {"payload_max", std::to_string(payload_max_)},
                                                          {"queues", std::to_string(store_.queues().size())},
                                                          {"tasks", std::to_string(tasks)}};
}

}  // namespace windlass::broker::memory
