// Stage: a store with all that can go wrong with it, for a run of the fault harness.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "fault/checker.hpp"

namespace windlass::fault {

// What a scenario says of a store that keeps its promise. What is not promised is measured, and no violation.
struct Promise {
  bool nothing_lost = true;     // what was acknowledged is there
  bool order_kept = true;       // no overlaps, nothing early or late, locks and ticks hold
  bool clocks_stepped = false;
};

// Confined to the thread of the run.
class Stage {
 public:
  virtual ~Stage() = default;

  // Where clients and servers find it. A stage may send them by another way than the one that looks into it at the end.
  virtual std::string url() const = 0;
  virtual std::string url_for_peers() const { return url(); }
  // For the processes of clients and servers: "NAME=value".
  virtual std::vector<std::string> environment(const std::string& peer) { return (void)peer, std::vector<std::string>(); }

  // Does one thing that the store is made to bear, and undoes it; takes as long as it takes. Returns what it did, as a word.
  virtual std::string trouble(base::Random& random) = 0;
  // All is well from here on.
  virtual void heal() {}

  // Whether the trouble needs all clients and servers to be dead meanwhile (a loss of power); then it is done between killing and starting them.
  virtual bool takes_all_down() const { return false; }
};

struct Scenario {
  std::string name;
  std::string what;  // one line for the report
  Promise promise;
  std::function<std::unique_ptr<Stage>()> stage;
  bool troubles_servers = false;  // kill -9 and SIGSTOP of servers
  bool one_process = false;       // client and server in one
  bool replicated = false;        // clients ask for one replica
  bool asynq = false;             // can be run with Go Asynq, too
  std::string skip = {};          // why it cannot be run here
};

std::vector<Scenario> scenarios();

}  // namespace windlass::fault
