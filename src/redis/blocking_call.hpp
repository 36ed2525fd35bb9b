// BlockingCall: one command that Redis itself may block (BLMOVE, BLPOP ...) on a connection of its own. The waiting thread can be
// woken; the command stays outstanding then, and the next wait() goes on with it.
#pragma once

#include <optional>

#include "redis/listener.hpp"

namespace windlass::redis {

// Confined to one thread, but for wake().
class BlockingCall {
 public:
  explicit BlockingCall(Dial dial) : listener_(std::move(dial)) {}

  bool outstanding() const { return outstanding_; }

  // Sends the one command in `command`. REQUIRES: !outstanding().
  Status start(const Pipeline& command, net::Deadline deadline);

  // Its reply; nothing if the deadline came or wake() was called first. REQUIRES: outstanding().
  //
  // Errors: kUnknownOutcome (the connection broke; the command may or may not have been executed).
  Result<std::optional<Replies>> wait(net::Deadline deadline);
  // Gives the connection up: its node is not the right one any more. REQUIRES: !outstanding().
  void drop(const Error& cause) { listener_.drop(cause); }
  // Sleeps while nothing is outstanding, for instance because it could not be started. True: woken.
  bool sleep(net::Deadline until) { return listener_.sleep(until); }
  void wake() { listener_.wake(); }

 private:
  Listener listener_;
  bool outstanding_ = false;
};

}  // namespace windlass::redis
