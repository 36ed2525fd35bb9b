#include "runtime/coroutine_loop.hpp"

#include <utility>

namespace windlass::runtime {

CoroutineLoop::CoroutineLoop(const ExecutorTools& tools, CallThreads& threads, base::Random random)
    : tools_(tools), threads_(threads), events_(tools.clock), steps_(tools, random) {
  number_ = tools.queue.add_loop([this] {
    work_ = true;
    events_.wake();
  });
}

CoroutineLoop::~CoroutineLoop() = default;

void CoroutineLoop::loop() {
  bool open = true;
  while (open || busy()) {
    events_.collect(!work_ && took_.empty());
    resume_some();
    if (work_.exchange(false) || !took_.empty()) open = take_tasks();
  }
}

// False when the queue is closed.
bool CoroutineLoop::take_tasks() {
  const bool open = tools_.queue.take_many(number_, std::exchange(took_, {}), kBatch, tasks_);
  if (!tasks_.empty()) work_ = true;
  for (TaskRun* task : tasks_) begin(*task);
  tasks_.clear();
  return open;
}

LoopRun& CoroutineLoop::take_run() {
  if (free_.empty()) {
    free_.push_back(runs_.emplace_back(std::make_unique<LoopRun>(events_, threads_, tools_.slots.add())).get());
  }
  LoopRun* run = free_.back();
  free_.pop_back();
  return *run;
}

void CoroutineLoop::begin(TaskRun& task) {
  LoopRun& run = take_run();
  const std::optional<Duration> began = steps_.begin(run.slot(), task);
  if (!began) {
    took_.push_back(Duration::zero());
    free_.push_back(&run);
    return;
  }
  ++active_;
  pulse_.beat(run.slot());
  std::optional<Outcome> outcome = run.start(task, *began, tools_.mux);
  pulse_.rest();
  if (outcome) end(run, std::move(*outcome));
}

void CoroutineLoop::resume_some() {
  for (std::size_t i = 0; i < kStepsMax; ++i) {
    LoopEvents::Operation* op = events_.take_ready();
    if (op == nullptr) return;
    auto& run = static_cast<LoopRun&>(op->run());
    pulse_.beat(run.slot());
    std::optional<Outcome> outcome = run.resume(*op);
    pulse_.rest();
    if (outcome) end(run, std::move(*outcome));
  }
}

void CoroutineLoop::end(LoopRun& run, Outcome outcome) {
  const std::optional<Duration> took = steps_.end(run.slot(), run.task(), {std::move(outcome)}, run.began());
  // An abandoned slot stays so, and its task stays outstanding in the queue.
  if (took) {
    took_.push_back(*took);
    free_.push_back(&run);
  }
  --active_;
}

}  // namespace windlass::runtime
