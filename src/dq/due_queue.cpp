#include "dq/due_queue.hpp"

#include <iterator>
#include <utility>

namespace windlass::dq {

void DueQueue::push(CopyPtr copy, TimePoint at) {
  base::Lock lock(mu_);
  const auto place = copies_.emplace(at, std::move(copy));
  if (place != copies_.begin()) return;
  if (watched_)
    first_changed_.notify_one();
  else
    work_or_watch_.notify_one();
}

CopyPtr DueQueue::take() {
  base::Lock lock(mu_);
  ++idle_;
  taken_at_ = clock_.steady();
  if (due_count(clock_.now(), 1) == 0) {
    lock.unlock();
    wanted_();
    lock.lock();
  }
  while (!closed_) {
    if (copies_.empty() || watched_) {
      work_or_watch_.wait(mu_);
      continue;
    }
    const TimePoint first = copies_.begin()->first;
    if (first <= clock_.now()) break;
    watched_ = true;
    first_changed_.wait_for(mu_, clock_.sleep_slice(first));
    watched_ = false;
  }
  --idle_;
  taken_at_ = clock_.steady();
  // Another one watches, or takes what is due as well.
  work_or_watch_.notify_one();
  if (closed_) return nullptr;
  CopyPtr copy = std::move(copies_.begin()->second);
  copies_.erase(copies_.begin());
  return copy;
}

void DueQueue::close() {
  base::Lock lock(mu_);
  closed_ = true;
  first_changed_.notify_all();
  work_or_watch_.notify_all();
}

std::size_t DueQueue::due_count(TimePoint now, std::size_t enough) const {
  std::size_t count = 0;
  for (auto at = copies_.begin(); at != copies_.end() && at->first <= now && count < enough; ++at) ++count;
  return count;
}

bool DueQueue::stalled() const { return idle_ == 0 && clock_.steady() - taken_at_ >= kStalledAfter; }

// The idle workers, and as much again as a worker each while they come and go quickly.
std::size_t DueQueue::room() const {
  base::Lock lock(mu_);
  const std::size_t room = idle_ + (stalled() ? 0 : workers_);
  return room - due_count(clock_.now(), room);
}

std::vector<CopyPtr> DueQueue::take_stalled(const NodeReader& reader) {
  base::Lock lock(mu_);
  std::vector<CopyPtr> taken;
  if (!stalled()) return taken;
  const TimePoint now = clock_.now();
  for (auto at = copies_.begin(); at != copies_.end() && at->first <= now;) {
    const auto next = std::next(at);
    if (at->second->reader == &reader) {
      taken.push_back(std::move(at->second));
      copies_.erase(at);
    }
    at = next;
  }
  return taken;
}

std::vector<CopyPtr> DueQueue::take_all() {
  base::Lock lock(mu_);
  std::vector<CopyPtr> taken;
  for (auto& [at, copy] : copies_) taken.push_back(std::move(copy));
  copies_.clear();
  return taken;
}

}  // namespace windlass::dq
