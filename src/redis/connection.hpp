// Connection: one connection to one Redis node, used by one thread: for subscriptions, tracking, blocking commands and for
// asking sentinels. Ordinary commands go through a SharedConnection. And Connector, which opens connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/transport.hpp"
#include "redis/pipeline.hpp"
#include "redis/reply.hpp"
#include "redis/resp.hpp"
#include "redis/url.hpp"

namespace windlass::redis {

enum class Received : std::uint8_t { kReply, kPush, kWoken, kTimeout };

// Confined to one thread. After an Error from any call it is of no more use.
class Connection {
 public:
  // `name` stands in front of error messages.
  Connection(std::unique_ptr<net::Transport> transport, std::string name);

  // Sends the commands and returns their replies. Pushes that come in between are kept for receive().
  //
  // Errors: kUnavailable, or kUnknownOutcome if a command that is not idempotent was sent; kCorrupt (not RESP).
  Result<Replies> call(const Pipeline& commands, net::Deadline deadline);

  Status send(const Pipeline& commands, net::Deadline deadline);
  // Waits for the next message, or for `wake_fd` (-1: none), or for the deadline. kReply: `into` is the one reply. kPush: it
  // holds one or more pushes. A message under way when the deadline comes is gone on with at the next call.
  Result<Received> receive(Replies& into, int wake_fd, net::Deadline deadline);

  const std::string& name() const { return name_; }
  // Set by the Connector: the server speaks RESP3, so it can push.
  bool resp3() const { return resp3_; }
  void set_resp3() { resp3_ = true; }
  // Gives the transport away. Nothing if bytes are left over, which nobody asked for.
  std::unique_ptr<net::Transport> take_transport();

 private:
  Result<Received> next_message(Replies& into, int wake_fd, net::Deadline deadline);
  Result<bool> parse_next(Replies& into);

  std::unique_ptr<net::Transport> transport_;
  std::string name_;
  bool resp3_ = false;
  Parser parser_;
  Replies message_;   // under way
  Replies pushes_;    // came while a reply was awaited
  std::string input_;
  std::size_t input_taken_ = 0;
};

using ConnectionPtr = std::unique_ptr<Connection>;

// Opens one more connection to wherever it has to go: a fixed node, the present master, the node that owns a key. Thread-safe.
using Dial = std::function<Result<ConnectionPtr>(net::Deadline)>;

// Opens connections as a Config says: TCP, unix socket or TLS; HELLO 3 with a fall-back to RESP2; user, password, database,
// name. Immutable; thread-safe.
class Connector {
 public:
  // Errors: kInvalidArgument (TLS files).
  static Result<std::shared_ptr<const Connector>> open(const Config& config);

  // To a Redis node. A node that still loads its data is refused with kUnavailable.
  //
  // Errors: kUnavailable, kPermissionDenied (password, user, certificate), kInvalidArgument (database number), kCorrupt.
  Result<ConnectionPtr> to_node(const Endpoint& endpoint, net::Deadline deadline) const;
  Result<ConnectionPtr> to_sentinel(const Endpoint& endpoint, net::Deadline deadline) const;

  const Config& config() const { return config_; }
  // To nodes, not to sentinels.
  std::uint64_t connections_opened() const { return opened_.load(std::memory_order_relaxed); }

 private:
  explicit Connector(const Config& config) : config_(config) {}
  Result<ConnectionPtr> open_to(const Endpoint& endpoint, const Credentials& login, int db, net::Deadline deadline) const;
  Result<std::unique_ptr<net::Transport>> open_transport(const Endpoint& endpoint, net::Deadline deadline) const;

  const Config config_;
  std::shared_ptr<const net::TlsContext> tls_;
  mutable std::atomic<std::uint64_t> opened_ = 0;
};

}  // namespace windlass::redis
