#include "api/async_enqueuer.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "api/enqueue_call.hpp"

namespace windlass::api {

AsyncEnqueuer::AsyncEnqueuer(BrokerPtr broker, base::Clock& clock) : broker_(std::move(broker)), clock_(clock) {}

AsyncEnqueuer::~AsyncEnqueuer() {
  std::thread thread;
  {
    base::Lock lock(mu_);
    closing_ = true;
    thread = std::move(thread_);
    changed_.notify_all();
  }
  if (thread.joinable()) thread.join();
}

void AsyncEnqueuer::enqueue(Task task, EnqueueOptions options, Answer answer) {
  Entry entry{std::move(task), std::move(options), std::move(answer)};
  base::Lock lock(mu_);
  if (pending_ >= kPendingMax) {
    lock.unlock();
    entry.answer(Error(ErrorCode::kResourceExhausted, "enqueue_async: " + std::to_string(kPendingMax) +
                                                          " tasks are on their way already: wait for some of them"));
    return;
  }
  ++pending_;
  entries_.push_back(std::move(entry));
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
  if (asleep_) changed_.notify_one();
}

void AsyncEnqueuer::loop() {
  for (;;) {
    std::deque<Entry> batch = take_batch();
    if (batch.empty()) return;
    send(std::move(batch));
  }
}

// Waits for tasks; an empty batch is the end.
std::deque<AsyncEnqueuer::Entry> AsyncEnqueuer::take_batch() {
  base::Lock lock(mu_);
  asleep_ = true;
  while (entries_.empty() && !closing_) changed_.wait(mu_);
  asleep_ = false;
  if (entries_.size() <= kBatchMax) return std::exchange(entries_, {});
  std::deque<Entry> batch;
  for (std::size_t i = 0; i < kBatchMax; ++i) {
    batch.push_back(std::move(entries_.front()));
    entries_.pop_front();
  }
  return batch;
}

void AsyncEnqueuer::send(std::deque<Entry> batch) {
  std::vector<EnqueueItem> items;
  for (const Entry& entry : batch) items.push_back({&entry.task, &entry.options});
  std::vector<Result<TaskInfo>> answers = api::enqueue(*broker_, clock_, items);
  {
    base::Lock lock(mu_);
    pending_ -= batch.size();
  }
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].answer(std::move(answers[i]));
}

}  // namespace windlass::api
