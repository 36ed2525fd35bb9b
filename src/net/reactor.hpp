// Reactor: one thread waits for many times and descriptors at once.
//
// It knows neither coroutines nor callbacks: what is waited for has a tag, and wait() gives the tags of what has come.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include <windlass/error.hpp>

#include "base/clock.hpp"
#include "net/fd.hpp"

namespace windlass::net {

enum class Direction : std::uint8_t { kRead, kWrite };

// Confined to its thread, except wake().
class Reactor {
 public:
  using Tag = void*;

  // Throws std::system_error where the process is out of descriptors.
  explicit Reactor(base::Clock& clock);
  ~Reactor();

  // `due` is a time of Clock::steady(). A tag may have one timer.
  void add_timer(Duration due, Tag tag) { timers_.emplace(due, tag); }
  void remove_timer(Duration due, Tag tag) { timers_.erase({due, tag}); }

  // Waits for one event; errors and hang-ups count as both. Errors: kInvalidArgument (not a descriptor that one can
  // wait for), kFailedPrecondition (this direction of it is waited for already), kResourceExhausted.
  Status add_fd(int fd, Direction direction, Tag tag);
  void remove_fd(int fd, Direction direction);

  // Appends to `come` what has come, which is not waited for any more. Blocks until there is something, or wake(), if
  // `block`.
  void wait(std::vector<Tag>& come, bool block);
  // Ends the wait() that is under way, or the next one. Thread-safe.
  void wake() { wake_.wake(); }

 private:
  struct Waiting {
    Tag reader = nullptr;
    Tag writer = nullptr;
  };

  void poll_fds(std::vector<Tag>& come);
  void take_timers(std::vector<Tag>& come);
  void sleep();
  int control(int operation, int fd, const Waiting& waiting) const;

  base::Clock& clock_;
  const Fd epoll_;
  const WakeFd wake_;
  std::set<std::pair<Duration, Tag>> timers_;
  std::unordered_map<int, Waiting> fds_;
  std::shared_ptr<void> listener_;  // last: must be gone before what it wakes
};

}  // namespace windlass::net
