#include "runtime/aggregator.hpp"

#include <algorithm>
#include <utility>

#include <windlass/log.hpp>

#include "core/enqueue_plan.hpp"
#include "core/ids.hpp"

namespace windlass::runtime {
namespace {

std::vector<Task> tasks_of(const broker::AggregationSet& set) {
  std::vector<Task> tasks;
  for (const core::TaskMessage& message : set.tasks) {
    EnqueueOptions options;
    for (const auto& [key, value] : message.headers) options.header(key, value);
    tasks.emplace_back(message.type, message.payload, std::move(options));
  }
  return tasks;
}

void log_trouble(const broker::AggregationSet& set, const std::string& why) {
  log_error("group could not be aggregated, and waits on", {{"queue", set.queue}, {"group", set.group}, {"error", why}});
}

}  // namespace

GroupAggregator::GroupAggregator(broker::Broker& broker, base::Clock& clock, std::vector<std::string> queues,
                       broker::AggregationRules rules, const Hooks& hooks, Trouble trouble)
    : broker_(broker), clock_(clock), queues_(std::move(queues)), rules_(rules), hooks_(hooks), trouble_(std::move(trouble)) {}

TimePoint GroupAggregator::step(TimePoint now) {
  Status status = put_back();  // what an earlier step could not
  for (const std::string& queue : queues_) {
    if (!status) break;
    status = serve_queue(queue);
  }
  // Now that all others had their turn: the store would hand them out again at once.
  if (const Status back = put_back(); !back && status) status = back;
  if (!status) return now + trouble_.failed(status.error());
  trouble_.ended();
  return now + std::min<Duration>(std::chrono::seconds(1), rules_.grace);
}

// All of them, or none of those behind the first that fails.
Status GroupAggregator::put_back() {
  while (!failed_.empty()) {
    const Status released = broker_.release_group(failed_.back());
    if (!released) return released;
    failed_.pop_back();
  }
  return {};
}

Status GroupAggregator::serve_queue(const std::string& queue) {
  for (;;) {
    auto taken = broker_.take_group(queue, rules_, kHold);
    if (!taken) return taken.error();
    if (!*taken) return {};
    const auto made = make(**taken);
    if (!made || !*made) failed_.push_back(std::move(**taken));
    if (!made) return made.error();
  }
}

Result<bool> GroupAggregator::make(const broker::AggregationSet& set) {
  const std::optional<Task> task = hooks_.aggregate(set.group, tasks_of(set));
  if (!task) {
    log_trouble(set, "the aggregator threw");
    return false;
  }
  return store(set, *task);
}

Result<bool> GroupAggregator::store(const broker::AggregationSet& set, const Task& made) {
  const TimePoint now = clock_.now();
  auto plan = core::plan_enqueue(made, EnqueueOptions().queue(set.queue), now, core::new_uuid(now), broker_.payload_max());
  if (!plan) {
    log_trouble(set, plan.error().message());
    return false;
  }
  const broker::NewTask aggregate{std::move(plan->message), plan->process_at, plan->unique_ttl, std::nullopt, {}};
  const auto outcome = broker_.finish_group(set, &aggregate);
  if (!outcome && outcome.error().code() == ErrorCode::kLeaseLost) {
    log_trouble(set, "the aggregator took longer than the group is held");
    return true;  // its tasks are back in the group already
  }
  if (!outcome) return outcome.error();
  if (outcome->status == broker::EnqueueStatus::kEnqueued) return true;
  log_trouble(set, broker::refusal(aggregate, *outcome).message());
  return false;
}

}  // namespace windlass::runtime
