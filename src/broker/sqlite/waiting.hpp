// Sleeping until a process, this one or another, has committed something of interest: see SideFile's bell.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "broker/sqlite/side_file.hpp"

namespace windlass::broker {

// Sleeps on a bell, a clock and wake() at once. Belongs to one thread, but for wake().
class BellSleeper {
 public:
  BellSleeper(base::Clock& clock, std::shared_ptr<SideFile> file, std::uint32_t bits);
  ~BellSleeper();
  BellSleeper(const BellSleeper&) = delete;
  BellSleeper& operator=(const BellSleeper&) = delete;

  // Until a ring or wake() not answered yet, or `until`; at most about a second on a real clock, so that a ring that was
  // never made (its process died between commit and bell) delays nobody for longer.
  void sleep_until(TimePoint until);
  void wake();

 private:
  base::Clock& clock_;
  SideFile::Listener bell_;
  std::atomic<bool> woken_{false};
  std::atomic<bool> clock_jumped_{false};
  std::shared_ptr<void> clock_listener_;  // last: must be gone before the members it touches
};

std::unique_ptr<Waiter> make_bell_waiter(base::Clock& clock, std::shared_ptr<SideFile> file,
                                         const std::vector<std::string>& queues, WaitFor what);

// `read` gives the requests that came since its last call.
std::unique_ptr<CancelFeed> make_bell_feed(base::Clock& clock, std::shared_ptr<SideFile> file,
                                           std::function<Result<std::vector<CancelRequest>>()> read);

}  // namespace windlass::broker
