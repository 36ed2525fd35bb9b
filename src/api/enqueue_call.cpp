#include "api/enqueue_call.hpp"

#include <string>
#include <utility>

#include "api/enqueue_spans.hpp"
#include "core/enqueue_plan.hpp"
#include "core/ids.hpp"
#include "runtime/enqueue_answer.hpp"

namespace windlass::api {
namespace {

using broker::NewTask;

Error at_queue(const Error& error, const std::string& queue) { return error.at("enqueue on '" + queue + "'"); }

}  // namespace

std::vector<Result<TaskInfo>> enqueue(broker::Broker& broker, const base::Clock& clock, std::span<const EnqueueItem> items) {
  const TimePoint now = clock.now();
  const std::size_t payload_max = broker.payload_max();
  std::vector<Result<TaskInfo>> answers;
  answers.reserve(items.size());
  std::vector<NewTask> tasks;
  tasks.reserve(items.size());
  std::vector<std::size_t> places;  // tasks[i] is items[places[i]]
  places.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto plan = core::plan_enqueue(*items[i].task, *items[i].options, now, core::new_uuid(now), payload_max);
    answers.emplace_back(plan ? Error(ErrorCode::kInternal, "enqueue: not answered") : plan.error().at("enqueue"));
    if (!plan) continue;
    tasks.push_back({std::move(plan->message), plan->process_at, plan->unique_ttl, std::nullopt, plan->durability});
    places.push_back(i);
  }
  if (tasks.empty()) return answers;
  EnqueueSpans spans(tasks, now);
  const auto outcomes = broker.enqueue(tasks);
  spans.end(tasks, outcomes, clock);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    answers[places[i]] = outcomes ? runtime::enqueue_answer(std::move(tasks[i]), (*outcomes)[i], now)
                                  : at_queue(outcomes.error(), tasks[i].message.queue);
  }
  return answers;
}

}  // namespace windlass::api
