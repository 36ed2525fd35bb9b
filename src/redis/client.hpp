// Client: Redis as a whole, be it one server, a master behind sentinels, or a cluster. Knows nothing of queues.
//
//   auto client = redis::open_client(*redis::parse_url("redis://localhost"));
//   redis::Pipeline p;
//   p.add("SET", redis::Key{"greeting"}, "hello").idempotent();
//   auto replies = (*client)->call(p);
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "redis/connection.hpp"
#include "redis/shared_connection.hpp"

namespace windlass::redis {

struct CallOptions {
  std::optional<net::Deadline> deadline;  // default: now + read_timeout
  bool wait_for_connection = false;       // see CallLimits; in a cluster also: wait for a failover
};

// Thread-safe. The last shared_ptr may not go while a call is under way.
class Client {
 public:
  virtual ~Client() = default;

  // Runs the commands and returns as many replies. The commands of one key run in their order. Of those without a key it is
  // not said on which node of a cluster they run. Error replies are replies (see to_error()), but those that only say that
  // the command belongs elsewhere (MOVED, ASK) or that a script is not known (NOSCRIPT) are dealt with here.
  //
  // Commands of one call may go to several nodes; they are not a transaction.
  //
  // Errors: kUnavailable (none was executed), kUnknownOutcome (each may or may not have been executed), kPermissionDenied
  // (log-in), kInvalidArgument, kCorrupt.
  Result<Replies> call(const Pipeline& commands, const CallOptions& options = {});

  // Connects and asks for a sign of life.
  Status ping(const CallOptions& options = {});

  // Opens connections for a Subscriber, Tracker or BlockingCall to the node that owns `key` (any node if it is empty), as of
  // then. May outlive this client.
  virtual Dial dial_for(std::string_view key) = 0;

  const Config& config() const { return connector_->config(); }
  // Since this client was opened, of whatever use.
  std::uint64_t connections_opened() const { return connector_->connections_opened(); }

 protected:
  explicit Client(std::shared_ptr<const Connector> connector) : connector_(std::move(connector)) {}
  virtual Result<Replies> run(const Pipeline& commands, const CallLimits& limits) = 0;

  const std::shared_ptr<const Connector> connector_;
};

// Does not connect yet.
//
// Errors: kInvalidArgument (TLS files).
Result<std::shared_ptr<Client>> open_client(const Config& config);

}  // namespace windlass::redis
