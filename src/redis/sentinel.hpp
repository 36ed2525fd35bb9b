// A master behind sentinels. Each connection asks the sentinels where the master is, goes there, and checks (ROLE) that it is
// one. A thread listens to the sentinels' +switch-master, so that a connection to a master that has been replaced, but has not
// gone, is given up at once; it is the only thread the client layer has.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "redis/client.hpp"

namespace windlass::redis {

// Where the sentinels say that things are. Thread-safe.
class Sentinels {
 public:
  explicit Sentinels(std::shared_ptr<const Connector> connector);

  // To the master. Asks one sentinel after the other, the one that was right last first, and learns of others from it. One that was cut
  // off may still name a former master: where what it names is not one, the next sentinel is asked.
  //
  // Errors: kUnavailable with what each said; kPermissionDenied; kInvalidArgument (none knows a master of this name).
  Result<ConnectionPtr> dial_master(net::Deadline deadline);
  // To the first sentinel that takes us.
  Result<ConnectionPtr> dial_sentinel(net::Deadline deadline);

 private:
  Result<ConnectionPtr> dial_as_master(const Endpoint& endpoint, net::Deadline deadline);
  Result<Endpoint> ask(const Endpoint& sentinel, net::Deadline deadline);
  std::vector<Endpoint> known();
  void prefer(const Endpoint& sentinel);
  void ask_last(const Endpoint& sentinel);
  void learn(const Value& others);

  const std::shared_ptr<const Connector> connector_;
  base::Mutex mu_;
  std::vector<Endpoint> known_ WINDLASS_GUARDED_BY(mu_);  // the best first
};

std::shared_ptr<Client> make_sentinel_client(std::shared_ptr<const Connector> connector);

}  // namespace windlass::redis
