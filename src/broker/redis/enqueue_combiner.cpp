#include "broker/redis/enqueue_combiner.hpp"

#include <algorithm>
#include <string>

#include "broker/redis/operations.hpp"

namespace windlass::broker {
namespace {

// What the answers for the tasks of one call are together.
Result<std::vector<EnqueueOutcome>> fold(std::span<const Result<EnqueueOutcome>> answers) {
  std::vector<EnqueueOutcome> outcomes;
  outcomes.reserve(answers.size());
  const Error* error = nullptr;
  for (const Result<EnqueueOutcome>& answer : answers) {
    if (answer) {
      outcomes.push_back(*answer);
    } else {
      error = &answer.error();
    }
  }
  if (error == nullptr) return outcomes;
  if (outcomes.empty()) return *error;
  return Error(ErrorCode::kUnknownOutcome, "of " + std::to_string(answers.size()) + " tasks " +
                                               std::to_string(outcomes.size()) + " were handled: " + error->message());
}

}  // namespace

struct EnqueueCombiner::Request {
  std::span<const NewTask> tasks;
  std::optional<Result<std::vector<EnqueueOutcome>>> answer;
  bool leads = false;  // it is to make the next round trip
  base::CondVar changed;
};

Result<std::vector<EnqueueOutcome>> EnqueueCombiner::enqueue(std::span<const NewTask> tasks) {
  for (const NewTask& task : tasks) {
    if (Status status = check_new_task(task, store_.payload_max()); !status) return status.error();
  }
  if (tasks.empty()) return std::vector<EnqueueOutcome>();
  if (std::ranges::any_of(tasks, [](const NewTask& task) { return task.durability != EnqueueDurability(); })) {
    std::vector<const NewTask*> demanding;
    for (const NewTask& task : tasks) demanding.push_back(&task);
    return fold(enqueue_durably(store_, demanding));
  }
  Request request{tasks, {}, false, {}};
  base::Lock lock(mu_);
  waiting_.push_back(&request);
  request.leads = in_flight_ < kInFlight;
  while (!request.answer) {
    if (request.leads) {
      request.leads = false;
      lead();
    } else {
      request.changed.wait(mu_);
    }
  }
  return std::move(*request.answer);
}

// The oldest requests, as many as fit; at least one.
std::vector<EnqueueCombiner::Request*> EnqueueCombiner::take_batch() {
  std::size_t tasks = 0, n = 0;
  while (n < waiting_.size() && (n == 0 || tasks + waiting_[n]->tasks.size() <= kTasks)) tasks += waiting_[n++]->tasks.size();
  std::vector<Request*> batch(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(n));
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(n));
  return batch;
}

void EnqueueCombiner::lead() {
  const std::vector<Request*> batch = take_batch();
  if (batch.empty()) return;
  ++in_flight_;
  mu_.unlock();
  std::vector<const NewTask*> tasks;
  for (const Request* request : batch) {
    for (const NewTask& task : request->tasks) tasks.push_back(&task);
  }
  const std::vector<Result<EnqueueOutcome>> answers = enqueue_tasks(store_, tasks);
  mu_.lock();
  --in_flight_;
  std::size_t begin = 0;
  for (Request* request : batch) {
    request->answer = fold(std::span(answers).subspan(begin, request->tasks.size()));
    begin += request->tasks.size();
    request->changed.notify_one();
  }
  if (!waiting_.empty()) {
    waiting_.front()->leads = true;
    waiting_.front()->changed.notify_one();
  }
}

}  // namespace windlass::broker
