#include "runtime/work_queue.hpp"

#include <algorithm>
#include <utility>

namespace windlass::runtime {

// ------------------------------------------------------------------------------------------------------------- ready

void WorkQueue::Ready::push(TaskRun* run, Duration now) {
  if (runs.empty()) {
    seen_taken = taken;
    seen_since = now;
  }
  runs.push_back(run);
}

TaskRun* WorkQueue::Ready::pop() {
  TaskRun* run = runs.front();
  runs.pop_front();
  ++taken;
  return run;
}

bool WorkQueue::Ready::stalled(Duration now) {
  if (taken != seen_taken) {
    seen_taken = taken;
    seen_since = now;
  }
  return !runs.empty() && now - seen_since >= kStalledAfter;
}

void WorkQueue::Ready::take_unless_told(std::vector<TaskRun*>& out) {
  std::deque<TaskRun*> told;
  for (TaskRun* run : runs) run->stop_reason() == StopReason::kNone ? out.push_back(run) : told.push_back(run);
  runs = std::move(told);
}

void WorkQueue::Ready::take(std::vector<TaskRun*>& out) {
  out.insert(out.end(), runs.begin(), runs.end());
  runs.clear();
}

namespace {

// As they were fetched, whatever kind they are of.
std::vector<TaskRun*> in_order(std::vector<TaskRun*> runs) {
  std::sort(runs.begin(), runs.end(), [](const TaskRun* a, const TaskRun* b) { return a->serial() < b->serial(); });
  return runs;
}

}  // namespace

// ----------------------------------------------------------------------------------------------------------- fetcher

WorkQueue::WorkQueue(base::Clock& clock, std::size_t limit, std::size_t ahead_max, StartWorker start_worker)
    : limit_(limit), ahead_max_(ahead_max), start_worker_(std::move(start_worker)), clock_(clock), room_(clock), drain_(clock), workers_(limit) {}

// Half of what may be fetched ahead must be gone, so that batches stay large under load. With nothing ahead, one free slot is enough.
bool WorkQueue::has_room() {
  const std::size_t ahead = handler_time_.ahead(limit_, ahead_max_);
  return running_ + ready() + std::max<std::size_t>(1, ahead / 2) <= limit_ + ahead;
}

std::size_t WorkQueue::wait_for_room() {
  base::Lock lock(mu_);
  if (fetching_ && !has_room()) {
    const Duration at_most = ready() == 0 ? Duration(std::chrono::hours(1)) : kStalledAfter;
    fetcher_waits_ = true;
    lock.unlock();
    room_.sleep_for(at_most);
    lock.lock();
    fetcher_waits_ = false;
  }
  return room_now();
}

std::size_t WorkQueue::room() {
  base::Lock lock(mu_);
  return room_now();
}

std::size_t WorkQueue::room_now() {
  if (!fetching_ || !has_room()) return 0;
  return limit_ + handler_time_.ahead(limit_, ahead_max_) - running_ - ready();
}

void WorkQueue::wake_fetcher() {
  if (!fetcher_waits_ || !has_room()) return;
  fetcher_waits_ = false;
  room_.wake();
}

std::vector<TaskRun*> WorkQueue::take_stalled() {
  const Duration now = clock_.steady();
  std::vector<TaskRun*> runs;
  base::Lock lock(mu_);
  for (Ready* ready : {&for_workers_, &for_loops_}) {
    if (ready->stalled(now)) ready->take_unless_told(runs);
  }
  if (!runs.empty()) handler_time_.at_least(kStalledAfter);
  return in_order(std::move(runs));
}

bool WorkQueue::has_ready() const {
  base::Lock lock(mu_);
  return ready() > 0;
}

void WorkQueue::push(std::span<TaskRun* const> runs) {
  const Duration now = clock_.steady();
  base::Lock lock(mu_);
  for (TaskRun* run : runs) (run->on_loop() ? for_loops_ : for_workers_).push(run, now);
  const std::optional<std::size_t> worker = wake_next();
  lock.unlock();
  start(worker);
}

void WorkQueue::stop_fetching() {
  {
    base::Lock lock(mu_);
    fetching_ = false;
  }
  room_.wake();
}

std::vector<TaskRun*> WorkQueue::take_back() {
  std::vector<TaskRun*> runs;
  base::Lock lock(mu_);
  for_workers_.take_unless_told(runs);
  for_loops_.take_unless_told(runs);
  return in_order(std::move(runs));
}

std::vector<TaskRun*> WorkQueue::take_all() {
  std::vector<TaskRun*> runs;
  base::Lock lock(mu_);
  for_workers_.take(runs);
  for_loops_.take(runs);
  return in_order(std::move(runs));
}

// --------------------------------------------------------------------------------------------------------- executors

// The last free slot is for the task that was fetched first, so that neither kind starves the other.
bool WorkQueue::may_take(const Ready& mine, const Ready& other) const {
  if (mine.runs.empty() || running_ >= limit_) return false;
  return other.runs.empty() || running_ + 1 < limit_ || mine.runs.front()->serial() < other.runs.front()->serial();
}

// Wakes a loop and a worker, if there is something for them to do. Returns the worker to start() without the lock, if one is needed.
std::optional<std::size_t> WorkQueue::wake_next() {
  if (may_take(for_loops_, for_workers_)) {
    const auto idle = std::find_if(loops_.begin(), loops_.end(), [](const Loop& loop) { return loop.idle; });
    if (idle != loops_.end()) {
      idle->idle = false;
      idle->wake();
    }
  }
  if (waking_ || !may_take(for_workers_, for_loops_)) return std::nullopt;
  if (!idle_.empty()) {
    Worker& worker = workers_[idle_.back()];
    idle_.pop_back();
    waking_ = worker.woken = true;
    worker.woken_cv.notify_one();
    return std::nullopt;
  }
  if (started_ == limit_) return std::nullopt;
  waking_ = true;
  return started_++;
}

// A worker that cannot be started is tried again when there is news: at the latest when the tasks have come back as stalled ones.
void WorkQueue::start(std::optional<std::size_t> worker) {
  if (!worker || start_worker_(*worker)) return;
  base::Lock lock(mu_);
  waking_ = false;
  --started_;
}

TaskRun* WorkQueue::take(std::size_t worker) { return take(worker, std::nullopt); }

TaskRun* WorkQueue::finish_and_take(std::size_t worker, Duration took) { return take(worker, std::optional(took)); }

TaskRun* WorkQueue::take(std::size_t worker, std::optional<Duration> took) {
  base::Lock lock(mu_);
  if (took) finished(*took);
  else waking_ = false;
  wait_for_turn(worker);
  if (!may_take(for_workers_, for_loops_)) return nullptr;
  TaskRun* run = for_workers_.pop();
  ++running_;
  const std::optional<std::size_t> next = wake_next();
  wake_fetcher();
  lock.unlock();
  start(next);
  return run;
}

void WorkQueue::wait_for_turn(std::size_t worker) {
  Worker& self = workers_[worker];
  while (!may_take(for_workers_, for_loops_)) {
    if (closed_ && for_workers_.runs.empty()) return;
    wake_next();  // the free slot may be for a loop: no worker may take it, so none is to be started
    wake_fetcher();
    idle_.push_back(worker);
    self.woken = false;
    while (!self.woken) self.woken_cv.wait(mu_);
    waking_ = false;
  }
}

void WorkQueue::finished(Duration took) {
  --running_;
  handler_time_.add(took);
  if (draining_) drain_.wake();
}

std::size_t WorkQueue::add_loop(std::function<void()> wake) {
  base::Lock lock(mu_);
  loops_.push_back({std::move(wake), false});
  return loops_.size() - 1;
}

bool WorkQueue::take_many(std::size_t loop, std::span<const Duration> took, std::size_t max, std::vector<TaskRun*>& runs) {
  base::Lock lock(mu_);
  for (const Duration length : took) finished(length);
  std::size_t count = 0;
  for (; count < max && may_take(for_loops_, for_workers_); ++count) {
    runs.push_back(for_loops_.pop());
    ++running_;
  }
  loops_[loop].idle = count == 0;
  const std::optional<std::size_t> worker = wake_next();
  wake_fetcher();
  const bool open = !closed_;
  lock.unlock();
  start(worker);
  return open;
}

void WorkQueue::close() {
  base::Lock lock(mu_);
  closed_ = true;
  for (const std::size_t i : idle_) {
    workers_[i].woken = true;
    workers_[i].woken_cv.notify_one();
  }
  idle_.clear();
  for (const Loop& loop : loops_) loop.wake();
}

bool WorkQueue::wait_until_outstanding(std::size_t count, Duration at_most) {
  const Duration end = clock_.steady() + at_most;
  base::Lock lock(mu_);
  draining_ = true;
  while (running_ + ready() > count) {
    const Duration left = end - clock_.steady();
    if (left <= Duration::zero()) return false;
    lock.unlock();
    drain_.sleep_for(left);
    lock.lock();
  }
  return true;
}

}  // namespace windlass::runtime
