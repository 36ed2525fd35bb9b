// Store: what all verbs of the Redis broker share: the client, the clock, and how replies become Errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <windlass/error.hpp>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/random.hpp"
#include "broker/redis/keys.hpp"
#include "broker/redis/scripts.hpp"
#include "broker/redis/task_hash.hpp"
#include "redis/client.hpp"
#include "redis/error_reply.hpp"

namespace windlass::broker {

// A fetch whose reply was lost: it may hold tasks that nobody runs.
struct LostFetch {
  std::string queue;
  std::string nonce;
  Duration until{};  // steady: its leases have ended then
};

// Thread-safe.
class Store {
 public:
  Store(std::shared_ptr<redis::Client> client, base::Clock& clock, std::size_t payload_max, bool restricted)
      : client_(std::move(client)),
        clock_(clock),
        payload_max_(payload_max),
        restricted_(restricted),
        random_(base::Random::seeded()) {}

  redis::Client& client() { return *client_; }
  std::shared_ptr<redis::Client> shared_client() const { return client_; }
  std::uint64_t connections_opened() const { return client_->connections_opened(); }
  // A client of its own for calls that wait until what they wrote is safe: the others should not wait behind them. Opened when it
  // is first asked for.
  Result<std::shared_ptr<redis::Client>> durable_client();
  base::Clock& clock() { return clock_; }
  TimePoint now() const { return clock_.now(); }
  std::size_t payload_max() const { return payload_max_; }
  bool is_cluster() const { return client_->config().topology == redis::Topology::kCluster; }

  // The script as the present user runs it here.
  const redis::Script& script(ScriptName name) const { return broker::script(name, {restricted_, is_cluster()}); }

  // Runs the commands. An error reply among them becomes an Error: its own if it is so for all commands that must not be repeated
  // (they refused before they wrote anything), else kUnknownOutcome, because some were carried out. An empty pipeline is no call.
  Result<redis::Replies> call(const redis::Pipeline& commands);

  // The same for commands that only read, each from a key of its own. A key of another type says nothing of the others: its reply
  // stays an error.
  Result<redis::Replies> read(const redis::Pipeline& commands);

  // What the keys begin with that say which ticks were taken by tasks of `queue`: one prefix for all queues, but in a cluster that of
  // the queue, because a script can touch the keys of one node only. So in a cluster the ticks of an entry are taken within one queue.
  std::string tick_prefix(const std::string& queue) const;

  std::uint64_t random();
  void remember_lost(LostFetch fetch);
  // Those whose leases may still last; older ones are forgotten.
  std::vector<LostFetch> lost_fetches();

 private:
  const std::shared_ptr<redis::Client> client_;
  base::Clock& clock_;
  const std::size_t payload_max_;
  const bool restricted_;
  base::Mutex mu_;
  std::shared_ptr<redis::Client> durable_client_ WINDLASS_GUARDED_BY(mu_);
  base::Random random_ WINDLASS_GUARDED_BY(mu_);
  std::vector<LostFetch> lost_ WINDLASS_GUARDED_BY(mu_);
};

}  // namespace windlass::broker
