#include "broker/redis/enqueue_combiner.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

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
  std::exception_ptr failure;  // in place of the answer
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
  Request request{tasks, {}, false, {}, {}};
  base::Lock lock(mu_);
  waiting_.push_back(&request);
  request.leads = in_flight_ < kInFlight;
  while (!request.answer && !request.failure) {
    if (request.leads) {
      request.leads = false;
      lead();
    } else {
      request.changed.wait(mu_);
    }
  }
  if (request.failure) std::rethrow_exception(request.failure);
  return std::move(*request.answer);
}

// The oldest requests, as many as fit; at least one.
std::list<EnqueueCombiner::Request*> EnqueueCombiner::take_batch() {
  auto end = waiting_.begin();
  std::size_t tasks = 0;
  while (end != waiting_.end() && (end == waiting_.begin() || tasks + (*end)->tasks.size() <= kTasks)) {
    tasks += (*end++)->tasks.size();
  }
  std::list<Request*> batch;
  batch.splice(batch.begin(), waiting_, waiting_.begin(), end);
  return batch;
}

std::vector<Result<std::vector<EnqueueOutcome>>> EnqueueCombiner::run(const std::list<Request*>& batch) {
  std::vector<const NewTask*> tasks;
  for (const Request* request : batch) {
    for (const NewTask& task : request->tasks) tasks.push_back(&task);
  }
  const std::vector<Result<EnqueueOutcome>> answers = enqueue_tasks(store_, tasks);
  std::vector<Result<std::vector<EnqueueOutcome>>> folded;
  std::size_t begin = 0;
  for (const Request* request : batch) {
    folded.push_back(fold(std::span(answers).subspan(begin, request->tasks.size())));
    begin += request->tasks.size();
  }
  return folded;
}

// Nothing may be thrown while other callers wait for their answers, so what is thrown meanwhile goes to all of them.
void EnqueueCombiner::lead() {
  const std::list<Request*> batch = take_batch();
  if (batch.empty()) return;
  ++in_flight_;
  mu_.unlock();
  std::vector<Result<std::vector<EnqueueOutcome>>> answers;
  std::exception_ptr failure;
  try {
    answers = run(batch);
  } catch (...) {
    failure = std::current_exception();
  }
  mu_.lock();
  --in_flight_;
  std::size_t n = 0;
  for (Request* request : batch) {
    request->failure = failure;
    if (!failure) request->answer = std::move(answers[n++]);
    request->changed.notify_one();
  }
  if (!waiting_.empty()) {
    waiting_.front()->leads = true;
    waiting_.front()->changed.notify_one();
  }
}

}  // namespace windlass::broker
