#include "broker/redis/fan_watch.hpp"

#include <cstdint>
#include <optional>
#include <thread>
#include <utility>

#include "base/mutex.hpp"

namespace windlass::broker {
namespace {

// A thread whose watch found something rests until the owner has looked and waits again: what it found may still be there.
class FanWatch final : public Watch {
 public:
  explicit FanWatch(std::vector<std::unique_ptr<Watch>> watches) : watches_(std::move(watches)) {
    for (const auto& watch : watches_) threads_.emplace_back([this, &watch] { loop(*watch); });
  }

  ~FanWatch() override {
    {
      base::Lock lock(mu_);
      stopping_ = true;
      go_on_.notify_all();
    }
    for (const auto& watch : watches_) watch->wake();
    for (std::thread& thread : threads_) thread.join();
  }

  Result<bool> wait(TimePoint, net::Deadline deadline) override {
    base::Lock lock(mu_);
    if (!found_) {
      ++round_;
      go_on_.notify_all();
    }
    while (!found_ && !woken_ && !closed_) {
      const auto left = deadline - std::chrono::steady_clock::now();
      if (left <= left.zero()) break;
      changed_.wait_for(mu_, left);
    }
    woken_ = false;
    if (closed_) return *closed_;
    return std::exchange(found_, false);
  }

  void wake() override {
    base::Lock lock(mu_);
    woken_ = true;
    changed_.notify_all();
  }

 private:
  void loop(Watch& watch) {
    std::uint64_t looked_in = 0;
    while (rest(looked_in)) {
      Result<bool> found = false;
      while (found && !*found && !stopping()) found = watch.wait(kForever, net::after(std::chrono::hours(1)));
      base::Lock lock(mu_);
      looked_in = round_;
      found_ = found_ || (found && *found);
      if (!found) closed_ = found.error();
      changed_.notify_all();
      if (!found) return;
    }
  }

  // False: it is over.
  bool rest(std::uint64_t looked_in) {
    base::Lock lock(mu_);
    while (round_ == looked_in && !stopping_) go_on_.wait(mu_);
    return !stopping_;
  }

  bool stopping() {
    base::Lock lock(mu_);
    return stopping_;
  }

  static constexpr TimePoint kForever = TimePoint::max();

  const std::vector<std::unique_ptr<Watch>> watches_;
  base::Mutex mu_;
  base::CondVar changed_;  // for the owner
  base::CondVar go_on_;    // for the threads
  bool found_ WINDLASS_GUARDED_BY(mu_) = false;
  bool woken_ WINDLASS_GUARDED_BY(mu_) = false;
  bool stopping_ WINDLASS_GUARDED_BY(mu_) = false;
  std::uint64_t round_ WINDLASS_GUARDED_BY(mu_) = 0;
  std::optional<Error> closed_ WINDLASS_GUARDED_BY(mu_);
  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace

std::unique_ptr<Watch> make_fan_watch(std::vector<std::unique_ptr<Watch>> watches) {
  return std::make_unique<FanWatch>(std::move(watches));
}

}  // namespace windlass::broker
