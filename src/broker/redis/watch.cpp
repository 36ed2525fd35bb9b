#include "broker/redis/watch.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

#include "base/mutex.hpp"
#include "base/random.hpp"
#include "broker/redis/fan_watch.hpp"
#include "broker/redis/keys.hpp"
#include "broker/redis/task_hash.hpp"
#include "net/backoff.hpp"
#include "redis/blocking_call.hpp"
#include "redis/error_reply.hpp"
#include "redis/tracker.hpp"

namespace windlass::broker {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// Keys are read again after so long without a change: a master that was replaced while it hung tells nothing, and is found out
// by that.
constexpr auto kRearmAfter = 10s;
// Changes of due times are told at most so often.
constexpr auto kPace = 1ms;
// How long a blocking command may block, in seconds: as kRearmAfter.
constexpr int kBlockSeconds = 10;

std::string pending_key(const std::string& queue) { return queue_prefix(queue) + "pending"; }
std::string paused_key(const std::string& queue) { return queue_prefix(queue) + "paused"; }

// Once a second, spread by chance.
std::chrono::milliseconds poll_interval(base::Random& random) {
  return std::chrono::milliseconds(750 + random.below(500));
}

// What the watches over key tracking share.
class TrackingWatch : public Watch {
 public:
  TrackingWatch(redis::Dial dial, redis::Pipeline reads, std::chrono::milliseconds timeout)
      : tracker_(std::move(dial)), reads_(std::move(reads)), timeout_(timeout), backoff_(base::Random::seeded()) {}

  void wake() override { tracker_.wake(); }

 protected:
  // Reads the keys; from then on their changes are told. `not_armed` says what to answer if that failed.
  std::optional<redis::Replies> arm(net::Deadline deadline, Result<bool>& not_armed) {
    Result<redis::Replies> replies = tracker_.arm(reads_, net::after(timeout_));
    const bool refused = replies && any_refusal(*replies);
    if (replies && !refused) {
      backoff_.reset();
      armed_at_ = SteadyClock::now();
      return *std::move(replies);
    }
    armed_at_.reset();
    not_armed = true;
    if (!replies && replies.error().code() == ErrorCode::kUnsupported) not_armed = replies.error();
    else (void)tracker_.wait(std::min(deadline, SteadyClock::now() + backoff_.next()));
    return std::nullopt;
  }
  bool armed() const { return armed_at_ && SteadyClock::now() - *armed_at_ < kRearmAfter; }
  void disarm() { armed_at_.reset(); }

  // False: deadline, wake(), or it is time to arm again.
  bool wait_for_change(net::Deadline deadline) {
    const net::Deadline rearm = *armed_at_ + kRearmAfter;
    return !tracker_.wait(std::min(deadline, rearm)).empty();
  }

 private:
  // A key of another type has nothing to do, and is told when it changes.
  static bool any_refusal(const redis::Replies& replies) {
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (replies[i].is_error() && !redis::is_error_with(replies[i], "WRONGTYPE")) return true;
    }
    return false;
  }

  redis::Tracker tracker_;
  const redis::Pipeline reads_;
  const std::chrono::milliseconds timeout_;
  net::Backoff backoff_;
  std::optional<net::Deadline> armed_at_;  // and no change was told since
};

// Looks at the lists themselves, so nothing that happened before a wait can be missed.
class PendingWatch final : public TrackingWatch {
 public:
  using TrackingWatch::TrackingWatch;

  static redis::Pipeline reads(const std::vector<std::string>& queues) {
    redis::Pipeline p;
    for (const std::string& queue : queues) {
      p.add("LLEN", redis::Key{pending_key(queue)}).idempotent();
      p.add("EXISTS", redis::Key{paused_key(queue)}).idempotent();
    }
    return p;
  }

  Result<bool> wait(TimePoint, net::Deadline deadline) override {
    if (!armed()) {
      Result<bool> not_armed = true;
      const auto replies = arm(deadline, not_armed);
      if (!replies) return not_armed;
      if (any_to_fetch(*replies)) {
        disarm();
        return true;
      }
    }
    const bool changed = wait_for_change(deadline);
    if (changed) disarm();
    return changed;
  }

 private:
  static bool any_to_fetch(const redis::Replies& replies) {
    for (std::size_t i = 0; i + 1 < replies.size(); i += 2) {
      if (replies[i].integer().value_or(0) > 0 && replies[i + 1].integer().value_or(0) == 0) return true;
    }
    return false;
  }
};

// Tells changes. The keys are armed before it answers, so that what changes while the owner looks is told by the next wait.
class DueWatch final : public TrackingWatch {
 public:
  using TrackingWatch::TrackingWatch;

  static redis::Pipeline reads(const std::vector<std::string>& queues) {
    redis::Pipeline p;
    for (const std::string& queue : queues) {
      for (const char* set : {"scheduled", "retry"}) {
        p.add("ZRANGE", redis::Key{queue_prefix(queue) + set}, 0, 0, "WITHSCORES").idempotent();
      }
    }
    return p;
  }

  Result<bool> wait(TimePoint until, net::Deadline deadline) override {
    changed_ = changed_ || !armed() || wait_for_change(deadline);
    if (!changed_) return false;
    // Not past the deadline: something may be due then.
    std::this_thread::sleep_until(std::min(deadline, told_at_ + kPace));
    if (SteadyClock::now() >= deadline) return false;
    changed_ = false;
    Result<bool> not_armed = true;
    const auto replies = arm(deadline, not_armed);
    if (!replies) return not_armed;
    // What was before the first look of all, or while there was no connection, is not known.
    const bool matters = !std::exchange(looked_, true) || earliest(*replies) <= unix_seconds(until);
    if (matters) told_at_ = SteadyClock::now();
    return matters;
  }

 private:
  static std::int64_t earliest(const redis::Replies& replies) {
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    for (std::size_t i = 0; i < replies.size(); ++i) {
      // One pair of member and score: [[member, score]] in RESP3, which tracking needs.
      if (replies[i].size() == 0) continue;
      const auto score = replies[i][0].size() == 2 ? replies[i][0][1].real() : std::nullopt;
      first = std::min(first, score ? static_cast<std::int64_t>(std::clamp(*score, -9e18, 9e18)) : 0);
    }
    return first;
  }

  bool changed_ = false;  // and not told yet
  bool looked_ = false;
  net::Deadline told_at_;
};

// One queue.
class BlockingWatch final : public Watch {
 public:
  BlockingWatch(redis::Dial dial, const std::string& queue, std::chrono::milliseconds timeout)
      : call_(std::move(dial)), pending_(pending_key(queue)), paused_(paused_key(queue)),
        timeout_(timeout), random_(base::Random::seeded()), backoff_(base::Random(random_.next())) {}

  Result<bool> wait(TimePoint, net::Deadline deadline) override {
    for (;;) {
      if (!call_.outstanding()) {
        if (Status started = call_.start(next_command(), net::after(timeout_)); !started) return sleep_off(deadline);
      }
      Result<std::optional<redis::Replies>> reply = call_.wait(deadline);
      if (!reply) return sleep_off(deadline);
      if (!*reply) return false;
      const redis::Value value = (**reply)[0];
      if (value.is_error()) return refused(value, deadline);
      backoff_.reset();
      if (blocks_) {
        blocks_ = false;
        if (!value.is_null()) return true;
      } else if (value.integer() == 0) {
        blocks_ = true;
      } else {
        // Paused. Nothing tells the end of that.
        (void)call_.sleep(std::min<net::Deadline>(deadline, SteadyClock::now() + poll_interval(random_)));
        return false;
      }
    }
  }

  void wake() override { call_.wake(); }

 private:
  // A paused queue must not block: its tasks would end the wait each time.
  redis::Pipeline next_command() const {
    redis::Pipeline p;
    if (!blocks_) p.add("EXISTS", redis::Key{paused_});
    // Takes the task that is next to run and puts it where it was.
    else p.add("BLMOVE", redis::Key{pending_}, redis::Key{pending_}, "RIGHT", "RIGHT", kBlockSeconds);
    return p;
  }

  Result<bool> refused(const redis::Value& reply, net::Deadline deadline) {
    const Error error = redis::to_error(reply);
    blocks_ = false;
    if (error.code() == ErrorCode::kPermissionDenied || error.code() == ErrorCode::kUnsupported) {
      return Error(ErrorCode::kUnsupported, "a blocking command: " + error.message());
    }
    // It may be another node by now.
    if (error.code() == ErrorCode::kUnavailable) call_.drop(error);
    return sleep_off(deadline);
  }

  bool sleep_off(net::Deadline deadline) {
    blocks_ = false;
    (void)call_.sleep(std::min<net::Deadline>(deadline, SteadyClock::now() + backoff_.next()));
    return true;
  }

  redis::BlockingCall call_;
  const std::string pending_;
  const std::string paused_;
  const std::chrono::milliseconds timeout_;
  base::Random random_;
  net::Backoff backoff_;
  bool blocks_ = false;  // the command under way, or the next one, is the blocking one
};

class PollingWatch final : public Watch {
 public:
  PollingWatch() : random_(base::Random::seeded()) {}

  Result<bool> wait(TimePoint, net::Deadline deadline) override {
    base::Lock lock(mu_);
    const net::Deadline end = std::min(deadline, next_);
    while (!woken_) {
      const auto left = end - SteadyClock::now();
      if (left <= left.zero()) break;
      woken_changed_.wait_for(mu_, left);
    }
    woken_ = false;
    if (SteadyClock::now() < next_) return false;
    next_ = SteadyClock::now() + poll_interval(random_);
    return true;
  }

  void wake() override {
    base::Lock lock(mu_);
    woken_ = true;
    woken_changed_.notify_all();
  }

 private:
  base::Mutex mu_;
  base::CondVar woken_changed_;
  bool woken_ WINDLASS_GUARDED_BY(mu_) = false;
  base::Random random_ WINDLASS_GUARDED_BY(mu_);
  net::Deadline next_ WINDLASS_GUARDED_BY(mu_);  // when to look again
};

std::unique_ptr<Watch> make_node_watch(redis::Client& client, const std::vector<std::string>& queues, WaitFor what) {
  redis::Dial dial = client.dial_for(queues.empty() ? std::string() : pending_key(queues.front()));
  const auto timeout = client.config().read_timeout;
  if (what == WaitFor::kPending) return std::make_unique<PendingWatch>(std::move(dial), PendingWatch::reads(queues), timeout);
  return std::make_unique<DueWatch>(std::move(dial), DueWatch::reads(queues), timeout);
}

// One watch for each queue, as one.
template <class Make>
std::unique_ptr<Watch> for_each_queue(const std::vector<std::string>& queues, const Make& make) {
  if (queues.size() == 1) return make(queues.front());
  std::vector<std::unique_ptr<Watch>> watches;
  for (const std::string& queue : queues) watches.push_back(make(queue));
  return make_fan_watch(std::move(watches));
}

}  // namespace

std::unique_ptr<Watch> make_tracking_watch(redis::Client& client, const std::vector<std::string>& queues, WaitFor what) {
  if (client.config().topology != redis::Topology::kCluster) return make_node_watch(client, queues, what);
  // Each queue may be on another node, and move.
  return for_each_queue(queues, [&](const std::string& queue) { return make_node_watch(client, {queue}, what); });
}

std::unique_ptr<Watch> make_blocking_watch(redis::Client& client, const std::vector<std::string>& queues) {
  return for_each_queue(queues, [&](const std::string& queue) {
    return std::make_unique<BlockingWatch>(client.dial_for(pending_key(queue)), queue, client.config().read_timeout);
  });
}

std::unique_ptr<Watch> make_polling_watch() { return std::make_unique<PollingWatch>(); }

}  // namespace windlass::broker
