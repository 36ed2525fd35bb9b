#include "sim/history.hpp"

#include <algorithm>

namespace windlass::sim {

using namespace windlass::broker;

namespace {

const char* kind_name(FinishKind kind) {
  static constexpr const char* kNames[] = {"done", "complete", "retry", "archive", "snooze", "requeue", "discard"};
  return kNames[static_cast<std::size_t>(kind)];
}

// A server that was in trouble until so long before a lease ends can still extend it.
constexpr Duration kTimeToExtend = std::chrono::seconds(3);

constexpr const char* kRefusals[] = {"",
                                     "its unique lock is held",
                                     "there is one with its id",
                                     "its tick is taken",
                                     "not durable",
                                     "an earlier one of its entry runs"};

}  // namespace

void History::violated(const Id& id, const std::string& what) { world_.fail("task " + name(id) + ": " + what); }

// Ids made at random differ from run to run of one seed: a number stands for them.
std::string History::name(const Id& id) {
  const auto number = ever_.try_emplace(id, ever_.size() + 1).first->second;
  return id.first + "/" + (id.second.size() < 36 ? id.second : "#" + std::to_string(number));
}

History::Run& History::run_of(const LeaseRef& lease) {
  Run& run = runs_[{lease.task.queue, lease.task.id, lease.token.row, lease.token.attempt}];
  if (run.number == 0) run.number = runs_.size();
  return run;
}

std::string History::run_name(const LeaseRef& lease) {
  return "run " + std::to_string(run_of(lease).number) + " of " + name({lease.task.queue, lease.task.id});
}

History::Entry* History::find(const Id& id) {
  const auto place = entries_.find(id);
  return place == entries_.end() ? nullptr : &place->second;
}

bool History::over(Duration until) const { return until <= world_.steady() + traits_.grain; }

std::vector<TaskRef> History::tasks() const {
  std::vector<TaskRef> refs;
  for (const auto& [id, entry] : entries_) refs.push_back({id.first, id.second});
  return refs;
}

// ----------------------------------------------------------------------------------------------------------- storing

void History::enqueued(std::span<const NewTask> tasks, std::span<const EnqueueOutcome> outcomes) {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const NewTask& task = tasks[i];
    const Id id{task.message.queue, task.message.id};
    const bool stored = outcomes[i].status == EnqueueStatus::kEnqueued;
    world_.note("enqueue " + name(id) + ": " +
                (stored ? std::string(task_state_name(outcomes[i].state))
                        : kRefusals[static_cast<std::size_t>(outcomes[i].status)]));
    if (task.tick) check_tick(task, outcomes[i]);
    if (task.unique_ttl > Duration::zero()) check_lock(task, outcomes[i]);
    if (outcomes[i].status == EnqueueStatus::kIdConflict && find(id) == nullptr)
      violated(id, "refused, but there is none with this id");
    if (!stored) continue;
    // It may have been cleaned since the last look at the store.
    if (const Entry* const earlier = find(id)) note_gone(id, *earlier, "stored while it was there");
    store_task(task);
  }
}

void History::store_task(const NewTask& task) {
  const Id id{task.message.queue, task.message.id};
  Entry entry;
  entry.due = task.process_at;
  entry.group = task.message.group;
  entry.retention = task.message.retention;
  entry.unique_key = task.message.unique_key;
  entries_[id] = std::move(entry);
  ever_.try_emplace(id, ever_.size() + 1);
  stored_ever_.insert(id);
  ++stored_;
  if (task.unique_ttl <= Duration::zero()) return;
  locks_[task.message.unique_key] = {id, world_.least_now() + task.unique_ttl,
                                     world_.greatest_ever() + task.unique_ttl};
}

void History::check_lock(const NewTask& task, const EnqueueOutcome& outcome) {
  const Id id{task.message.queue, task.message.id};
  const auto lock = locks_.find(task.message.unique_key);
  const bool held = lock != locks_.end() && world_.greatest_ever() < lock->second.until_least;
  const bool may_be_held = lock != locks_.end() && world_.least_now() < lock->second.until_most;
  if (outcome.status == EnqueueStatus::kEnqueued && held)
    violated(id, "stored while " + lock->second.holder.second + " held its unique lock");
  if (outcome.status != EnqueueStatus::kDuplicate) return;
  if (!may_be_held) return violated(id, "refused by a unique lock that nobody holds, or that has ended");
  if (outcome.holder != lock->second.holder.second)
    violated(id, "refused by a lock of " + outcome.holder + ", which does not hold it");
}

void History::check_tick(const NewTask& task, const EnqueueOutcome& outcome) {
  const Id id{task.message.queue, task.message.id};
  std::set<TimePoint>& taken = ticks_[task.tick->entry];
  const auto last = tick_task_.find(task.tick->entry);
  const Entry* const before = last == tick_task_.end() ? nullptr : find(last->second);
  const bool runs = before != nullptr && (before->place == Place::kWaiting || before->place == Place::kActive);
  if (outcome.status == EnqueueStatus::kTickSkipped) {
    if (!runs) violated(id, "its tick was skipped, but the task of the one before is done");
    taken.insert(task.tick->nominal);
  }
  if (outcome.status == EnqueueStatus::kTickTaken && !taken.contains(task.tick->nominal))
    violated(id, "its tick was refused as taken, but nobody took it");
  if (outcome.status != EnqueueStatus::kEnqueued) return;
  if (task.tick->skip_if_running && runs) violated(id, "stored while the task of the tick before is not done");
  tick_task_[task.tick->entry] = id;
  if (task.tick->nominal > world_.greatest_ever()) violated(id, "its tick has not come yet");
  if (!taken.insert(task.tick->nominal).second) violated(id, "a second task of one tick of " + task.tick->entry);
}

void History::acknowledged(const std::string& queue, const std::string& id) {
  if (!stored_ever_.contains({queue, id})) violated({queue, id}, "acknowledged, but never stored");
}

// ----------------------------------------------------------------------------------------------------------- running

void History::fetched(const FetchRequest& request, std::span<const FetchedTask> tasks) {
  for (const FetchedTask& task : tasks) {
    const Id id{task.message.queue, task.message.id};
    if (runs_.contains({id.first, id.second, task.token.row, task.token.attempt}))
      violated(id, "fetched under an old token");
    world_.note("fetched by " + request.owner + ": " + run_name({{id.first, id.second}, task.token}));
    Entry* const entry = find(id);
    if (entry == nullptr) return violated(id, "fetched, but it is gone");
    if (entry->place != Place::kWaiting || (!entry->group.empty() && !entry->moved))
      return violated(id, "fetched, but it was not pending");
    if (entry->due > world_.greatest_ever()) violated(id, "fetched before its time");
    if (paused_.contains(id.first)) violated(id, "fetched from a paused queue");
    if (task.crashes != entry->crashes) violated(id, "fetched with another count of crashes than it had");
    entry->place = Place::kActive;
    entry->token = task.token;
    entry->owner = request.owner;
    entry->lease_until = world_.steady() + request.lease;
  }
}

void History::run_started(const LeaseRef& lease, const std::string& server, TimePoint expires_at, TimePoint now) {
  const Id id{lease.task.queue, lease.task.id};
  world_.note(run_name(lease) + " starts on " + server);
  const Entry* const entry = find(id);
  if (entry == nullptr || entry->place != Place::kActive || entry->token != lease.token) {
    violated(id, "a run starts on " + server + ", whose task it is not any more");
  }
  if (expires_at != kNoTime && now >= expires_at) violated(id, "a run starts after its expiry");
  Run& run = run_of(lease);
  if (run.started) violated(id, "it starts twice under one token");
  run.started = true;
}

void History::run_ended(const LeaseRef& lease, Outcome::Kind outcome) { run_of(lease).outcome = outcome; }

// A server has its tasks until it finishes them, or until it was not heard of for too long: no other answer is right.
void History::finished(std::span<const Finish> items, std::span<const FinishOutcome> outcomes) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const LeaseRef& lease = items[i].lease;
    const Id id{lease.task.queue, lease.task.id};
    Entry* const entry = find(id);
    const bool owned = entry != nullptr && entry->place == Place::kActive && entry->token == lease.token;
    const bool applied = outcomes[i] == FinishOutcome::kApplied;
    world_.note(run_name(lease) + " finishes as " + kind_name(items[i].kind) + (applied ? "" : ": refused"));
    if (applied != owned)
      return violated(id, applied ? "finished by one who does not own it" : "its owner may not finish it");
    if (!applied) continue;
    check_finish(items[i]);
    apply(items[i], *entry);
  }
}

void History::check_finish(const Finish& item) {
  const Id id{item.lease.task.queue, item.lease.task.id};
  const Run& run = run_of(item.lease);
  const auto ended_as = [&](Outcome::Kind a, Outcome::Kind b) {
    return run.started && (run.outcome == a || run.outcome == b);
  };
  using Kind = Outcome::Kind;
  switch (item.kind) {
    case FinishKind::kDone:
    case FinishKind::kComplete:
      if (!ended_as(Kind::kDone, Kind::kRevoke)) violated(id, "done, but no handler said so");
      break;
    case FinishKind::kSnooze:
      if (!ended_as(Kind::kSnooze, Kind::kSnooze)) violated(id, "snoozed, but no handler said so");
      break;
    case FinishKind::kDiscard:
      if (run.started) violated(id, "discarded after it started");
      break;
    case FinishKind::kArchive:
    case FinishKind::kRetry:
      if (run.started && !ended_as(Kind::kFail, Kind::kSkipRetry)) violated(id, "failed, but no handler said so");
      break;
    case FinishKind::kRequeue: break;
  }
}

void History::count_failed(const std::string& queue) {
  ++counts_[queue].processed;
  ++counts_[queue].failed;
}

void History::apply(const Finish& item, Entry& entry) {
  const Id id{item.lease.task.queue, item.lease.task.id};
  if (item.crashed) ++entry.crashes;
  switch (item.kind) {
    case FinishKind::kDone: ++counts_[id.first].processed; return remove(id);
    case FinishKind::kDiscard: ++counts_[id.first].expired; return remove(id);
    case FinishKind::kComplete:
      ++counts_[id.first].processed;
      entry.place = Place::kCompleted;
      entry.kept_until = world_.least_now() + entry.retention;
      return release_lock(id, entry);
    case FinishKind::kArchive:
      if (item.failure.kind == FailureKind::kExpired)
        ++counts_[id.first].expired;
      else
        count_failed(id.first);
      entry.place = Place::kArchived;
      return;
    case FinishKind::kRetry:
      if (item.charged) count_failed(id.first);
      [[fallthrough]];
    case FinishKind::kSnooze: entry.due = item.at; [[fallthrough]];
    case FinishKind::kRequeue: entry.place = Place::kWaiting; return;
  }
}

void History::extended(std::span<const LeaseRef> leases, Duration lease, const std::vector<bool>& held) {
  for (std::size_t i = 0; i < leases.size(); ++i) {
    const Id id{leases[i].task.queue, leases[i].task.id};
    Entry* const entry = find(id);
    const bool owned = entry != nullptr && entry->place == Place::kActive && entry->token == leases[i].token;
    if (owned != held[i])
      return violated(id, held[i] ? "extended by one who does not own it" : "its owner may not extend it");
    if (owned) entry->lease_until = world_.steady() + lease;
  }
}

void History::remove(const Id& id) {
  release_lock(id, *find(id));
  entries_.erase(id);
}

void History::release_lock(const Id& id, const Entry& entry) {
  const auto lock = locks_.find(entry.unique_key);
  if (lock != locks_.end() && lock->second.holder == id) locks_.erase(lock);
}

// ---------------------------------------------------------------------------------------------------------- recovery

void History::kept_alive(const std::string& owner, Duration ttl) { alive_until_[owner] = world_.steady() + ttl; }

void History::cleared(const std::string& owner) {
  world_.note(owner + " signs off");
  alive_until_[owner] = world_.steady();
}

void History::recovered(const RecoverRequest& request, std::span<const RecoveredTask> tasks) {
  for (const RecoveredTask& task : tasks) {
    const Id id{task.task.queue, task.task.id};
    world_.note("recovered " + name(id) + " from " + task.owner + (task.archived ? ": archived" : ""));
    Entry* const entry = find(id);
    if (entry == nullptr || entry->place != Place::kActive) return violated(id, "recovered, but it was not active");
    const auto alive = alive_until_.find(entry->owner);
    const bool dead = alive != alive_until_.end() && over(alive->second);
    if (!dead && !over(entry->lease_until)) violated(id, "taken away from " + entry->owner + ", which is alive");
    const bool began = run_of({{id.first, id.second}, entry->token}).started;
    if (!dead && began && world_.trouble_until(entry->owner) < entry->lease_until - kTimeToExtend)
      violated(id, entry->owner + " was well, and let go of it without an outcome");
    if (task.crashes != ++entry->crashes) violated(id, "recovered with a wrong count of crashes");
    const bool poison = request.crash_limit > 0 && entry->crashes >= request.crash_limit;
    if (task.archived != poison)
      violated(id, poison ? "requeued after too many crashes" : "archived before too many crashes");
    if (task.archived) count_failed(id.first);
    entry->place = task.archived ? Place::kArchived : Place::kWaiting;
  }
}

void History::cleaned(const CleanRequest& request, const CleanResult& result) {
  std::map<std::string, std::size_t> archived;
  for (const auto& [id, entry] : entries_) archived[id.first] += entry.place == Place::kArchived ? 1 : 0;
  std::size_t too_many = 0;
  for (const std::string& queue : request.queues)
    too_many += archived[queue] - std::min(archived[queue], request.archive_max);
  if (result.archived > 0 && result.archived + may_be_trimmed_ > too_many)
    world_.fail("an archive was trimmed that was not full");
  may_be_trimmed_ += result.archived;
  may_be_deleted_ += result.completed;
}

// ------------------------------------------------------------------------------------------------------------ groups

void History::group_taken(const AggregationSet& set) {
  for (const core::TaskMessage& message : set.tasks) {
    const Id id{set.queue, message.id};
    Entry* const entry = find(id);
    if (entry == nullptr || entry->place != Place::kWaiting || entry->group != set.group) {
      return violated(id, "taken out of a group in which it was not");
    }
    if (!entry->set.empty() && entry->set_deadline > world_.greatest_ever()) violated(id, "is in two aggregation sets");
    entry->set = set.id;
    entry->set_deadline = set.deadline;
  }
}

void History::group_finished(const AggregationSet& set, const NewTask* aggregate, const EnqueueOutcome& outcome) {
  if (aggregate != nullptr) enqueued({aggregate, 1}, {&outcome, 1});
  if (outcome.status != EnqueueStatus::kEnqueued) return;
  for (const core::TaskMessage& message : set.tasks) {
    const Id id{set.queue, message.id};
    const Entry* const entry = find(id);
    if (entry == nullptr || entry->set != set.id) return violated(id, "aggregated by one who does not hold it");
    remove(id);
  }
}

void History::group_released(const AggregationSet& set) {
  for (const core::TaskMessage& message : set.tasks) {
    Entry* const entry = find({set.queue, message.id});
    if (entry != nullptr && entry->set == set.id) entry->set.clear();
  }
}

// --------------------------------------------------------------------------------------------------------- inspector

void History::acted(std::span<const TaskRef> tasks, TaskAction action, std::span<const ActionOutcome> outcomes) {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const Id id{tasks[i].queue, tasks[i].id};
    Entry* const entry = find(id);
    if (outcomes[i] != ActionOutcome::kApplied) continue;
    world_.note("action " + std::to_string(static_cast<int>(action)) + " on " + name(id));
    if (entry == nullptr || entry->place == Place::kActive)
      return violated(id, "an action on a task that is gone or active");
    switch (action) {
      case TaskAction::kDelete: remove(id); break;
      case TaskAction::kArchive: entry->place = Place::kArchived; break;
      case TaskAction::kRun:
        entry->place = Place::kWaiting;
        entry->due = kNoTime;
        entry->moved = true;
        entry->set.clear();
        break;
    }
  }
}

void History::paused(const std::string& queue, bool paused) {
  world_.note((paused ? "paused " : "resumed ") + queue);
  paused ? (void)paused_.insert(queue) : (void)paused_.erase(queue);
}

}  // namespace windlass::sim
