// Groups: tasks that wait to be made into one.
#include "broker/memory/broker_impl.hpp"
#include "core/time_math.hpp"

namespace windlass::broker::memory {
namespace {

bool is_ready(const Shelf& group, const AggregationRules& rules, TimePoint now) {
  const TimePoint first = to_time(group.begin()->first.score);
  const TimePoint last = to_time(group.rbegin()->first.score);
  return (rules.max_size > 0 && group.size() >= rules.max_size) ||
         (rules.max_delay > Duration::zero() && core::saturated_sum(first, rules.max_delay) <= now) ||
         core::saturated_sum(last, rules.grace) <= now;
}

// Takes the oldest tasks out of the group.
HeldSet take(Shelf& group, const std::string& name, std::size_t max_size, TimePoint deadline) {
  HeldSet set{name, deadline, {}};
  while (!group.empty() && (max_size == 0 || set.tasks.size() < max_size)) {
    set.tasks.push_back(group.begin()->second);
    set.tasks.back()->held = true;
    group.erase(group.begin());
  }
  return set;
}

AggregationSet to_public(const Queue& queue, const std::string& id, const HeldSet& set) {
  AggregationSet out{queue.name, set.group, id, set.deadline, {}};
  out.tasks.reserve(set.tasks.size());
  for (const Task* task : set.tasks) out.tasks.push_back(task->message);
  return out;
}

}  // namespace

Result<std::optional<AggregationSet>> MemoryBroker::take_group(const std::string& queue_name,
                                                               const AggregationRules& rules, Duration hold) {
  base::Lock lock(mu_);
  const TimePoint now = clock_.now();
  Queue* queue = store_.find_queue(queue_name);
  if (queue == nullptr) return std::optional<AggregationSet>();
  store_.put_back_ended(*queue, now);
  for (auto group = queue->groups.begin(); group != queue->groups.end(); ++group) {
    if (!is_ready(group->second, rules, now)) continue;
    const std::string id = std::to_string(++turns_);
    const HeldSet& set = queue->sets[id] =
        take(group->second, group->first, rules.max_size, core::saturated_sum(now, hold));
    if (group->second.empty()) queue->groups.erase(group);
    return std::optional<AggregationSet>(to_public(*queue, id, set));
  }
  return std::optional<AggregationSet>();
}

Result<EnqueueOutcome> MemoryBroker::finish_group(const AggregationSet& set, const NewTask* aggregate) {
  if (aggregate != nullptr) {
    if (Status status = check(*aggregate); !status) return status.error();
  }
  EnqueueOutcome outcome;
  Signals signals(*hub_);
  base::Lock lock(mu_);
  const TimePoint now = clock_.now();
  Queue* queue = store_.find_queue(set.queue);
  const auto held = queue != nullptr ? queue->sets.find(set.id) : decltype(queue->sets.end()){};
  if (queue == nullptr || held == queue->sets.end() || held->second.deadline <= now) {
    return Error(ErrorCode::kLeaseLost, "the hold on group '" + set.group + "' of queue '" + set.queue +
                                            "' ended: its tasks went back, nothing was stored");
  }
  if (aggregate != nullptr) outcome = store_.add(*aggregate, now);
  if (outcome.status != EnqueueStatus::kEnqueued) return outcome;
  if (aggregate != nullptr) tell(signals, *queue, outcome.state);
  for (Task* task : held->second.tasks) store_.remove(*queue, *task);
  queue->sets.erase(held);
  return outcome;
}

Status MemoryBroker::release_group(const AggregationSet& set) {
  base::Lock lock(mu_);
  Queue* queue = store_.find_queue(set.queue);
  if (queue == nullptr) return {};
  const auto held = queue->sets.find(set.id);
  if (held == queue->sets.end()) return {};
  store_.put_back(*queue, held->second);
  queue->sets.erase(held);
  return {};
}

}  // namespace windlass::broker::memory
