// The way of a task: enqueue, fetch, finish, and what its owner says meanwhile.
#include "broker/memory/broker_impl.hpp"
#include "core/time_math.hpp"

namespace windlass::broker::memory {
namespace {

// Takes up to `max` tasks of one queue.
void take(Store& store, Queue& queue, std::size_t max, const FetchRequest& request, const std::shared_ptr<Owner>& owner,
          TimePoint now, Duration lease_until, std::vector<FetchedTask>& taken) {
  Shelf& pending = queue.shelf(TaskState::kPending);
  for (; max > 0 && taken.size() < request.max && !pending.empty(); --max) {
    Task& task = *pending.begin()->second;
    store.to_active(queue, task);
    task.owner = owner;
    task.started_at = now;
    task.lease_until = lease_until;
    task.progress.reset();
    taken.push_back({task.message, store.token_of(task), task.crashes});
  }
}

void complete(Store& store, Queue& queue, Task& task, TimePoint now) {
  task.message.completed_at = now;
  store.release_lock(task);
  store.to_timed(queue, task, TaskState::kCompleted, core::saturated_sum(now, task.message.retention));
}

void retry(Store& store, Queue& queue, Task& task, const Finish& item, TimePoint now) {
  note_failure(task, item.failure, now);
  if (item.charged) {
    ++task.message.retried;
    count_run(queue, now, true);
  }
  store.to_timed(queue, task, TaskState::kRetry, item.at);
}

void archive(Store& store, Queue& queue, Task& task, const Failure& failure, TimePoint now) {
  note_failure(task, failure, now);
  if (failure.kind == FailureKind::kExpired) {
    count_expired(queue, now);
  } else {
    count_run(queue, now, true);
  }
  store.to_timed(queue, task, TaskState::kArchived, now);
}

bool keeps_result(FinishKind kind) {
  return kind == FinishKind::kComplete || kind == FinishKind::kRetry || kind == FinishKind::kArchive;
}

void apply(Store& store, Queue& queue, Task& task, const Finish& item, TimePoint now) {
  task.owner.reset();
  if (item.result && keeps_result(item.kind)) task.result = item.result;
  if (item.crashed) ++task.crashes;
  switch (item.kind) {
    case FinishKind::kDone: count_run(queue, now, false); return store.remove(queue, task);
    case FinishKind::kComplete: count_run(queue, now, false); return complete(store, queue, task, now);
    case FinishKind::kRetry: return retry(store, queue, task, item, now);
    case FinishKind::kArchive: return archive(store, queue, task, item.failure, now);
    case FinishKind::kSnooze: return store.to_timed(queue, task, TaskState::kScheduled, item.at);
    case FinishKind::kRequeue: return store.requeue(queue, task, now);
    case FinishKind::kDiscard: count_expired(queue, now); return store.remove(queue, task);
  }
}

void tell(Signals& signals, const Queue& queue, FinishKind kind) {
  if (kind == FinishKind::kRequeue) signals.pending(queue.name);
  if (kind == FinishKind::kRetry || kind == FinishKind::kSnooze) signals.due(queue.name);
}

}  // namespace

Status MemoryBroker::check(const NewTask& task) const {
  const core::TaskMessage& message = task.message;
  if (message.id.empty() || message.queue.empty() || message.type.empty()) {
    return Error(ErrorCode::kInvalidArgument, "a task needs an id, a queue and a type; nothing was stored");
  }
  if (task.unique_ttl > Duration::zero() && message.unique_key.empty()) {
    return Error(ErrorCode::kInvalidArgument, "task '" + message.id + "' is to be unique but has no unique key");
  }
  if (message.payload.size() > payload_max_) {
    return Error(ErrorCode::kResourceExhausted, "the payload of task '" + message.id + "' has " +
                                                    std::to_string(message.payload.size()) + " bytes, more than the " +
                                                    std::to_string(payload_max_) +
                                                    " this broker takes; nothing was stored");
  }
  return {};
}

Result<std::vector<EnqueueOutcome>> MemoryBroker::enqueue(std::span<const NewTask> tasks) {
  for (const NewTask& task : tasks) {
    if (Status status = check(task); !status) return status.error();
    if (Status safe = check_durability(task, false, "this broker keeps its tasks in memory"); !safe) return safe.error();
  }
  std::vector<EnqueueOutcome> outcomes;
  outcomes.reserve(tasks.size());
  Signals signals(*hub_);
  base::Lock lock(mu_);
  const TimePoint now = clock_.now();
  for (const NewTask& task : tasks) {
    outcomes.push_back(store_.add(task, now));
    if (outcomes.back().status != EnqueueStatus::kEnqueued) continue;
    memory::tell(signals, *store_.find_queue(task.message.queue), outcomes.back().state);
  }
  return outcomes;
}

Result<std::vector<FetchedTask>> MemoryBroker::fetch(const FetchRequest& request) {
  std::vector<FetchedTask> taken;
  base::Lock lock(mu_);
  const TimePoint now = clock_.now();
  const Duration lease_until = core::saturated_sum(clock_.steady(), request.lease);
  const std::shared_ptr<Owner> owner = store_.owner(request.owner);
  for (const bool within_share : {true, false}) {
    for (const auto& [name, share] : request.queues) {
      if (taken.size() == request.max) return taken;
      Queue* queue = store_.find_queue(name);
      if (queue == nullptr || queue->paused) continue;
      take(store_, *queue, within_share ? share : request.max, request, owner, now, lease_until, taken);
    }
  }
  return taken;
}

Result<std::vector<FinishOutcome>> MemoryBroker::finish(std::span<const Finish> items) {
  std::vector<FinishOutcome> outcomes;
  outcomes.reserve(items.size());
  Signals signals(*hub_);
  base::Lock lock(mu_);
  const TimePoint now = clock_.now();
  for (const Finish& item : items) {
    const auto [queue, task] = store_.find_leased(item.lease);
    outcomes.push_back(task != nullptr ? FinishOutcome::kApplied : FinishOutcome::kLeaseLost);
    if (task == nullptr) continue;
    apply(store_, *queue, *task, item, now);
    tell(signals, *queue, item.kind);
  }
  return outcomes;
}

Result<std::vector<bool>> MemoryBroker::extend(std::span<const LeaseRef> leases, Duration lease) {
  std::vector<bool> extended;
  extended.reserve(leases.size());
  base::Lock lock(mu_);
  const Duration until = core::saturated_sum(clock_.steady(), lease);
  for (const LeaseRef& ref : leases) {
    Task* task = store_.find_leased(ref).second;
    if (task != nullptr) task->lease_until = until;
    extended.push_back(task != nullptr);
  }
  return extended;
}

Status MemoryBroker::update(std::span<const TaskUpdate> updates) {
  base::Lock lock(mu_);
  for (const TaskUpdate& update : updates) {
    Task* task = store_.find_leased(update.lease).second;
    if (task == nullptr) continue;
    if (update.result) task->result = update.result;
    if (update.progress) task->progress = update.progress;
  }
  return {};
}

}  // namespace windlass::broker::memory
