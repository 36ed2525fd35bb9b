// Listener: what Subscriber, Tracker and BlockingCall share: a connection of their own that is opened when it is needed, opened
// again (with Backoff) after it broke, and waited on by one thread that any other may wake.
#pragma once

#include <memory>
#include <optional>

#include "net/backoff.hpp"
#include "net/fd.hpp"
#include "redis/connection.hpp"

namespace windlass::redis {

// Confined to one thread, but for wake().
class Listener {
 public:
  explicit Listener(Dial dial) : dial_(std::move(dial)), backoff_(base::Random::seeded()) {}

  bool connected() const { return connection_ != nullptr; }
  // REQUIRES: connected().
  Connection& connection() { return *connection_; }

  // Connects, unless it is or has just failed to.
  //
  // Errors: those of the dial; within the back-off the last one again.
  Status connect(net::Deadline deadline);
  // Drops the connection: it broke. The next connect() may try at once.
  void drop(const Error& cause);
  // Drops it because it could not be set up; counts as a failure to connect.
  void refuse(const Error& cause);

  // When connect() is worth trying. In the past: now.
  net::Deadline retry_at() const { return retry_at_; }

  // Sleeps until `until` or until woken. True: woken.
  bool sleep(net::Deadline until);
  // The next message, within the deadline or until woken. REQUIRES: connected(). On an Error the connection is dropped.
  Result<Received> receive(Replies& into, net::Deadline deadline);
  void wake() { wake_.wake(); }

 private:
  const Dial dial_;
  const net::WakeFd wake_;
  ConnectionPtr connection_;
  net::Backoff backoff_;
  net::Deadline retry_at_;
  std::optional<Error> last_cause_;
};

}  // namespace windlass::redis
