#include "broker/memory/waiting.hpp"

#include <algorithm>

namespace windlass::broker::memory {

// One alarm for all its queues.
class Hub::QueueWaiter final : public Waiter {
 public:
  QueueWaiter(std::shared_ptr<Hub> hub, std::vector<std::string> queues, WaitFor what)
      : hub_(std::move(hub)), queues_(std::move(queues)), what_(what), alarm_(hub_->clock_) {
    base::Lock lock(hub_->mu_);
    for (const std::string& queue : queues_) hub_->waiters_.emplace(Key(queue, what_), this);
  }

  ~QueueWaiter() override {
    base::Lock lock(hub_->mu_);
    std::erase_if(hub_->waiters_, [&](const auto& entry) { return entry.second == this; });
  }

  void wait(TimePoint until) override { alarm_.sleep_until(until); }
  void wake() override { alarm_.wake(); }

 private:
  std::shared_ptr<Hub> hub_;
  std::vector<std::string> queues_;
  WaitFor what_;
  base::Alarm alarm_;
};

class Hub::Feed final : public CancelFeed {
 public:
  explicit Feed(std::shared_ptr<Hub> hub) : hub_(std::move(hub)), alarm_(hub_->clock_) {
    base::Lock lock(hub_->mu_);
    hub_->feeds_.push_back(this);
  }

  ~Feed() override {
    base::Lock lock(hub_->mu_);
    std::erase(hub_->feeds_, this);
  }

  Result<std::vector<CancelRequest>> wait(TimePoint until) override {
    alarm_.sleep_until(until);
    base::Lock lock(mu_);
    return std::exchange(requests_, {});
  }

  void wake() override { alarm_.wake(); }

  void push(std::span<const CancelRequest> requests) {
    {
      base::Lock lock(mu_);
      requests_.insert(requests_.end(), requests.begin(), requests.end());
    }
    alarm_.wake();
  }

 private:
  std::shared_ptr<Hub> hub_;
  base::Alarm alarm_;
  base::Mutex mu_;
  std::vector<CancelRequest> requests_ WINDLASS_GUARDED_BY(mu_);
};

std::unique_ptr<Waiter> Hub::make_waiter(std::vector<std::string> queues, WaitFor what) {
  return std::make_unique<QueueWaiter>(shared_from_this(), std::move(queues), what);
}

std::unique_ptr<CancelFeed> Hub::make_feed() { return std::make_unique<Feed>(shared_from_this()); }

void Hub::signal(const std::string& queue, WaitFor what) {
  base::Lock lock(mu_);
  const auto [begin, end] = waiters_.equal_range(Key(queue, what));
  for (auto it = begin; it != end; ++it) it->second->wake();
}

void Hub::publish(std::span<const CancelRequest> requests) {
  if (requests.empty()) return;
  base::Lock lock(mu_);
  for (Feed* feed : feeds_) feed->push(requests);
}

Signals::~Signals() {
  for (const auto& [queue, what] : told_) hub_.signal(queue, what);
}

void Signals::add(const std::string& queue, WaitFor what) {
  for (const auto& told : told_) {
    if (told.second == what && told.first == queue) return;
  }
  told_.emplace_back(queue, what);
}

}  // namespace windlass::broker::memory
