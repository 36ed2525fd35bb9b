// One run: clients and servers as processes on a stage, trouble for some time, then peace, and a verdict.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "fault/checker.hpp"
#include "fault/scenario.hpp"

namespace windlass::fault {

struct RunOptions {
  int seconds = 20;   // of trouble
  int rate = 150;     // tasks a second, of each client
  std::uint64_t seed = 0;
  bool asynq = false;     // clients and servers are Go Asynq's
  bool go_server = false; // one of the three servers is
  std::string keep;       // the folder of the run's files is copied there; empty: only where it fails
};

struct Report {
  Findings findings;
  Promise promise;                      // that held for this run
  std::map<std::string, int> troubles;  // what was done, how often
  std::vector<std::string> violations;  // of the scenario's promise
};

// Throws std::runtime_error if the stage itself fails.
Report run_scenario(const Scenario& scenario, const RunOptions& options);

}  // namespace windlass::fault
