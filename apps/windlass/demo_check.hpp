// Is every task of the demo accounted for, and every digest right?
#pragma once

#include <string>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/inspector.hpp>

#include "demo_load.hpp"

namespace windlass::app {

struct DemoVerdict {
  int retries = 0;
  int expired = 0;
  int crashes_contained = 0;
  std::size_t verified = 0;            // digests that agree with sha256sum
  std::uint64_t bytes = 0, gzip_bytes = 0;
  std::vector<std::string> problems;   // none = all is well
};

// Tasks of the demo's queues that are not over yet.
Result<std::uint64_t> demo_remaining(const Inspector& inspector);

DemoVerdict check_demo(const BrokerPtr& broker, const DemoPlan& plan, DemoSeen& seen);

}  // namespace windlass::app
