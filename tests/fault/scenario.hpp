// Scenario: a stage, what befalls it, and what is promised all the same.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fault/stage.hpp"

namespace windlass::fault {

// What is not promised is measured, and no violation.
struct Promise {
  bool nothing_lost = true;     // what was acknowledged is there
  bool order_kept = true;       // no overlaps, nothing early or late, locks and ticks hold
  bool clocks_stepped = false;
};

struct Scenario {
  std::string name;
  std::string what;  // one line for the report
  Promise promise;
  std::function<StagePtr()> stage;
  std::optional<Promise> with_go = {};  // where Go Asynq is in the fleet; none: it cannot be
  bool troubles_servers = false;        // kill -9 and SIGSTOP of clients and servers
  bool one_process = false;             // client and server in one
  bool replicated = false;              // clients ask for one replica
  std::string skip = {};                // why it cannot be run here
};

std::vector<Scenario> scenarios();

}  // namespace windlass::fault
