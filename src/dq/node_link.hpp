// NodeLink: the connection of a producer or an inspector to one node: opened when it is needed, left alone for a while
// after it could not be opened, opened anew when the server has ended the old one meanwhile.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <windlass/dq.hpp>

#include "beanstalk/connection.hpp"
#include "net/backoff.hpp"

namespace windlass::dq {

// Confined to one thread at a time.
class NodeLink {
 public:
  // REQUIRES: check_nodes() has nothing against the node.
  explicit NodeLink(Node node);

  const Node& node() const { return node_; }

  // A connection that uses the tube and, as far as one can see, still stands. Nothing was sent on it if this fails.
  //
  // Errors: kUnavailable; within the back-off the last one again.
  Result<beanstalk::Connection*> open(net::Deadline deadline);
  // The connection is in doubt: the next open() makes a new one.
  void drop() { connection_.reset(); }

 private:
  Status connect(net::Deadline deadline);

  const Node node_;
  const beanstalk::Address address_;
  std::unique_ptr<beanstalk::Connection> connection_;
  net::Backoff backoff_;
  net::Deadline retry_at_;
  std::optional<Error> last_cause_;
};

}  // namespace windlass::dq
