#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <windlass/log.hpp>

#include "base/mutex.hpp"
#include "broker/redis/operations.hpp"
#include "broker/redis/watch.hpp"

namespace windlass::broker {
namespace {

// Sleeps on a watch, a clock and wake() at once.
class WatchWaiter final : public Waiter {
 public:
  using Way = std::function<std::unique_ptr<Watch>()>;

  // `ways`: the best last, so that the next best is at the end when it is taken away.
  WatchWaiter(base::Clock& clock, std::vector<Way> ways) : clock_(clock), ways_(std::move(ways)), watch_(ways_.back()()) {
    clock_listener_ = clock.add_listener([this] { nudge(); });
  }

  void wait(TimePoint until) override {
    for (;;) {
      if (woken_.exchange(false)) return;
      const Duration slice = clock_.sleep_slice(until);
      if (slice <= Duration::zero()) return;
      // Only this thread changes watch_.
      const Result<bool> found = watch_->wait(until, net::after(slice));
      if (!found) take_next_way(found.error());
      else if (*found) return;
    }
  }

  void wake() override {
    woken_.store(true);
    nudge();
  }

 private:
  void nudge() {
    base::Lock lock(mu_);
    watch_->wake();
  }

  void take_next_way(const Error& closed) {
    log_info("waiting for tasks in another way, because Redis refuses " + closed.message());
    ways_.pop_back();
    std::unique_ptr<Watch> watch = ways_.back()();
    base::Lock lock(mu_);
    std::swap(watch_, watch);
    lock.unlock();  // the old one may have threads to wait for
  }

  base::Clock& clock_;
  std::vector<Way> ways_;
  std::atomic<bool> woken_{false};
  base::Mutex mu_;                        // a swap of watch_ against wake()
  std::unique_ptr<Watch> watch_;
  std::shared_ptr<void> clock_listener_;  // last: must be gone before the members it touches
};

}  // namespace

std::unique_ptr<Waiter> make_waiter(Store& store, std::vector<std::string> queues, WaitFor what) {
  const std::shared_ptr<redis::Client> client = store.shared_client();
  std::vector<WatchWaiter::Way> ways{[] { return make_polling_watch(); }};
  if (what == WaitFor::kPending) ways.push_back([=] { return make_blocking_watch(*client, queues); });
  ways.push_back([=] { return make_tracking_watch(*client, queues, what); });
  return std::make_unique<WatchWaiter>(store.clock(), std::move(ways));
}

}  // namespace windlass::broker
