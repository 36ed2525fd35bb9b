// Watch: one way to learn that queues may have something to do. The best one that Redis allows is used (waiting.cpp):
//
//   tracking   Redis tells that a key changed, whoever changed it. Nothing is asked while nothing happens
//   blocking   a command of each queue blocks in Redis until there is a pending task
//   polling    once a second
//
// A Watch looks at Redis itself where it must, so a change is never lost between two waits.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/broker.hpp"
#include "redis/client.hpp"

namespace windlass::broker {

// Confined to one thread, but for wake().
class Watch {
 public:
  virtual ~Watch() = default;

  // True: there may be something to do before `until`. False: the deadline has come, or wake() was called.
  //
  // A connection that cannot be had is slept off (with Backoff) and answered with true: whoever looks then meets the trouble.
  // Errors: kUnsupported: this way is closed here, by the server, a proxy or an ACL. Use another.
  virtual Result<bool> wait(TimePoint until, net::Deadline deadline) = 0;
  virtual void wake() = 0;  // thread-safe
};

std::unique_ptr<Watch> make_tracking_watch(redis::Client& client, const std::vector<std::string>& queues, WaitFor what);
// For WaitFor::kPending only.
std::unique_ptr<Watch> make_blocking_watch(redis::Client& client, const std::vector<std::string>& queues);
std::unique_ptr<Watch> make_polling_watch();

}  // namespace windlass::broker
