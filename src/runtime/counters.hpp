// Counters: what the servers that share a Metrics have done. All only grow.
#pragma once

#include <windlass/metrics.hpp>

namespace windlass::runtime {

// Thread-safe.
struct Counters {
  explicit Counters(MetricsPtr m);

  const MetricsPtr metrics;  // they are its own

  Counter& fetched;           // tasks taken from the store

  // Finishes that were applied, by kind.
  Counter& done;
  Counter& completed;
  Counter& retried;
  Counter& archived;
  Counter& snoozed;
  Counter& expired;           // expires_at or deadline passed before the start
  Counter& given_back;        // unstarted, or still running at a stop

  Counter& lease_lost;        // finishes that were refused, and leases that could not be extended
  Counter& finish_failures;   // finish calls that failed and were made again
  Counter& finishes_dropped;  // finishes that the store refused for good, or that were still unwritten at the end of a stop
  Counter& recovered;         // tasks of dead servers put back
  Counter& overruns;          // runs that went on for a second after they were told to stop
  Counter& cancelled;         // runs that were told to stop by a cancel request
};

}  // namespace windlass::runtime
