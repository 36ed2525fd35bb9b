// Tracker: learns that keys have changed, by whomever, without polling: client-side caching turned to another use (CLIENT
// TRACKING ON OPTIN, RESP3). Read the keys through arm(); if there is nothing to do, wait() until one of them changes.
//
//   tracker.arm(llen_of_each_queue, deadline);   // all zero?
//   tracker.wait(next_due);                      // then sleep; any LPUSH ends it, a Go client's too
//
// A change is told once: after that the key must be armed again.
#pragma once

#include <string>
#include <vector>

#include "redis/listener.hpp"

namespace windlass::redis {

struct Changes {
  std::vector<std::string> keys;
  bool all = false;  // everything may have changed: the connection broke, or the database was flushed

  bool empty() const { return keys.empty() && !all; }
};

// Confined to one thread, but for wake().
class Tracker {
 public:
  explicit Tracker(Dial dial) : listener_(std::move(dial)) {}

  // Runs the read commands; every change of a key they read, from that very moment, will be told by wait(). All keys must be
  // on the node that the dial leads to.
  //
  // Errors: kUnsupported (the server, a proxy or RESP2 cannot, or may not: use another way), kUnavailable and those of
  // connecting (nothing is armed any more).
  Result<Replies> arm(const Pipeline& reads, net::Deadline deadline);

  // Waits until an armed key changed, or the deadline has come, or wake() was called. Does not reconnect: when the connection
  // breaks, the answer is `all`. Without a connection it sleeps.
  Changes wait(net::Deadline deadline);
  void wake() { listener_.wake(); }

 private:
  Status connect(net::Deadline deadline);

  Listener listener_;
};

}  // namespace windlass::redis
