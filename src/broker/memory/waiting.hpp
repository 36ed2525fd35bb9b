// Hub: where the memory broker's waiters and cancel feeds hang, and where its verbs say what happened.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/alarm.hpp"
#include "base/mutex.hpp"
#include "broker/broker.hpp"

namespace windlass::broker::memory {

// Thread-safe. Waiters and feeds share it, and may outlive the broker.
class Hub : public std::enable_shared_from_this<Hub> {
 public:
  explicit Hub(base::Clock& clock) : clock_(clock) {}

  std::unique_ptr<Waiter> make_waiter(std::vector<std::string> queues, WaitFor what);
  std::unique_ptr<CancelFeed> make_feed();

  void signal(const std::string& queue, WaitFor what);
  void publish(std::span<const CancelRequest> requests);

 private:
  class QueueWaiter;
  class Feed;
  using Key = std::pair<std::string, WaitFor>;

  base::Clock& clock_;
  base::Mutex mu_;
  std::multimap<Key, QueueWaiter*> waiters_ WINDLASS_GUARDED_BY(mu_);
  std::vector<Feed*> feeds_ WINDLASS_GUARDED_BY(mu_);
};

// Collects what a verb has to tell, each thing once, and tells it when it goes: declare it before the lock, so that
// nobody is woken only to wait for that lock. Thread-compatible.
class Signals {
 public:
  explicit Signals(Hub& hub) : hub_(hub) {}
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  void pending(const std::string& queue) { add(queue, WaitFor::kPending); }
  void due(const std::string& queue) { add(queue, WaitFor::kDue); }

 private:
  void add(const std::string& queue, WaitFor what);

  Hub& hub_;
  std::vector<std::pair<std::string, WaitFor>> told_;
};

}  // namespace windlass::broker::memory
