#include "runtime/work_queue.hpp"

#include <algorithm>
#include <utility>

namespace windlass::runtime {

WorkQueue::WorkQueue(base::Clock& clock, std::size_t workers, std::size_t ahead_max)
    : ahead_max_(ahead_max), clock_(clock), room_(clock), drain_(clock) {
  for (std::size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>());
}

// Half of what may be fetched ahead must be gone, so that batches stay large under load. With nothing ahead, one free slot is enough.
bool WorkQueue::has_room() {
  const std::size_t ahead = handler_time_.ahead(workers_.size(), ahead_max_);
  const std::size_t outstanding = running_ + ready_.size();
  return outstanding + std::max<std::size_t>(1, ahead / 2) <= workers_.size() + ahead;
}

std::size_t WorkQueue::wait_for_room() {
  base::Lock lock(mu_);
  if (fetching_ && !has_room()) {
    const Duration at_most = ready_.empty() ? Duration(std::chrono::hours(1)) : kStalledAfter;
    fetcher_waits_ = true;
    lock.unlock();
    room_.sleep_for(at_most);
    lock.lock();
    fetcher_waits_ = false;
  }
  if (!fetching_ || !has_room()) return 0;
  return workers_.size() + handler_time_.ahead(workers_.size(), ahead_max_) - running_ - ready_.size();
}

std::vector<TaskRun*> WorkQueue::take_stalled() {
  const Duration now = clock_.steady();
  base::Lock lock(mu_);
  if (taken_ != seen_taken_) {
    seen_taken_ = taken_;
    seen_since_ = now;
  }
  if (ready_.empty() || now - seen_since_ < kStalledAfter) return {};
  handler_time_.at_least(kStalledAfter);
  return take_unless_told();
}

bool WorkQueue::has_ready() const {
  base::Lock lock(mu_);
  return !ready_.empty();
}

void WorkQueue::push(std::span<TaskRun* const> runs) {
  const Duration now = clock_.steady();
  base::Lock lock(mu_);
  if (ready_.empty()) {
    seen_taken_ = taken_;
    seen_since_ = now;
  }
  ready_.insert(ready_.end(), runs.begin(), runs.end());
  wake_one();
}

void WorkQueue::wake_one() {
  if (waking_ || idle_.empty() || ready_.empty()) return;
  Worker& worker = *workers_[idle_.back()];
  idle_.pop_back();
  waking_ = worker.woken = true;
  worker.woken_cv.notify_one();
}

void WorkQueue::stop_fetching() {
  {
    base::Lock lock(mu_);
    fetching_ = false;
  }
  room_.wake();
}

std::vector<TaskRun*> WorkQueue::take_back() {
  base::Lock lock(mu_);
  return take_unless_told();
}

std::vector<TaskRun*> WorkQueue::take_unless_told() {
  std::vector<TaskRun*> runs;
  std::deque<TaskRun*> told;
  for (TaskRun* run : ready_) run->stop_reason() == StopReason::kNone ? runs.push_back(run) : told.push_back(run);
  ready_ = std::move(told);
  return runs;
}

std::vector<TaskRun*> WorkQueue::take_all() {
  base::Lock lock(mu_);
  std::vector<TaskRun*> runs(ready_.begin(), ready_.end());
  ready_.clear();
  return runs;
}

TaskRun* WorkQueue::take(std::size_t worker) {
  base::Lock lock(mu_);
  return take_locked(worker);
}

TaskRun* WorkQueue::finish_and_take(std::size_t worker, Duration took) {
  base::Lock lock(mu_);
  finished(took);
  return take_locked(worker);
}

void WorkQueue::finished(Duration took) {
  --running_;
  handler_time_.add(took);
  if (draining_) drain_.wake();
}

TaskRun* WorkQueue::take_locked(std::size_t worker) {
  Worker& self = *workers_[worker];
  while (ready_.empty()) {
    if (closed_) return nullptr;
    if (fetcher_waits_ && has_room()) {
      fetcher_waits_ = false;
      room_.wake();
    }
    idle_.push_back(worker);
    self.woken = false;
    while (!self.woken) self.woken_cv.wait(mu_);
    waking_ = false;
  }
  TaskRun* run = ready_.front();
  ready_.pop_front();
  ++running_;
  ++taken_;
  wake_one();
  if (fetcher_waits_ && has_room()) {
    fetcher_waits_ = false;
    room_.wake();
  }
  return run;
}

void WorkQueue::close() {
  base::Lock lock(mu_);
  closed_ = true;
  for (const std::size_t i : idle_) {
    workers_[i]->woken = true;
    workers_[i]->woken_cv.notify_one();
  }
  idle_.clear();
}

bool WorkQueue::wait_until_outstanding(std::size_t count, Duration at_most) {
  const Duration end = clock_.steady() + at_most;
  base::Lock lock(mu_);
  draining_ = true;
  while (running_ + ready_.size() > count) {
    const Duration left = end - clock_.steady();
    if (left <= Duration::zero()) return false;
    lock.unlock();
    drain_.sleep_for(left);
    lock.lock();
  }
  return true;
}

}  // namespace windlass::runtime
