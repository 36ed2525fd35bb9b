// Stage: a store with all that can go wrong with it, for a run of the fault harness.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "fault/disk.hpp"

namespace windlass::fault {

// Confined to the thread of the run.
class Stage {
 public:
  virtual ~Stage() = default;

  // Where clients and servers find it. A stage may send them by another way than the one that looks into it at the end.
  virtual std::string url() const = 0;
  virtual std::string url_for_peers() const { return url(); }
  // For the processes of clients and servers, but for those of Go: "NAME=value".
  virtual std::vector<std::string> environment(const std::string& peer) { return (void)peer, std::vector<std::string>(); }

  // Does one thing that the store is made to bear, at once, and undoes it; takes as long as it takes. Returns what it did, as a word.
  virtual std::string trouble(base::Random& random) = 0;
  // All is well from here on.
  virtual void heal() {}

  // Whether the trouble needs all clients and servers to be dead meanwhile (a loss of power); then it is done between killing and starting them.
  virtual bool takes_all_down() const { return false; }
};

using StagePtr = std::unique_ptr<Stage>;

// -- those that there are

// A file; the trouble is of the disk below it.
StagePtr sqlite_stage(std::string durability, DiskTrouble trouble);
// A redis-server with these lines of redis.conf. Nothing befalls it: clients and servers have the trouble.
StagePtr quiet_redis();
StagePtr killed_redis(std::vector<std::string> config);
// The trouble is of the disk below it.
StagePtr redis_on_disk(std::vector<std::string> config, DiskTrouble trouble);
// Cuts, lost requests, lost replies, and connections that are open and silent.
StagePtr cut_redis();
// The wall clock of each server is stepped, each by its own.
StagePtr stepped_clocks();
// A master and its replica behind sentinels.
StagePtr failing_over(bool freeze);
StagePtr cluster_of_six_whose_masters_die();
StagePtr cluster_that_moves_slots();

}  // namespace windlass::fault
