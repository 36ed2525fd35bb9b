// Counters: what a server has done since it started, for metrics. All only grow.
#pragma once

#include <atomic>
#include <cstdint>

namespace windlass::runtime {

using Counter = std::atomic<std::uint64_t>;

inline void add(Counter& counter, std::uint64_t n = 1) { counter.fetch_add(n, std::memory_order_relaxed); }

// Thread-safe.
struct Counters {
  Counter fetched = 0;          // tasks taken from the store
  Counter fetches = 0;          // fetch calls that brought some
  Counter given_back = 0;       // tasks given back unstarted, or still running at a stop
  Counter done = 0;             // finishes that were applied, by kind
  Counter completed = 0;
  Counter retried = 0;
  Counter archived = 0;
  Counter snoozed = 0;
  Counter expired = 0;          // expires_at or deadline passed before the start
  Counter lease_lost = 0;       // finishes that were refused, and leases that could not be extended
  Counter finish_calls = 0;     // finish calls that were answered: finishes / calls = batch size
  Counter finish_failures = 0;  // finish calls that failed and were made again
  Counter finishes_dropped = 0; // finishes that the store refused for good, or that were still unwritten at the end of a stop
  Counter recovered = 0;        // tasks of dead servers put back
  Counter overruns = 0;         // runs that went on for a second after they were told to stop
  Counter cancelled = 0;        // runs that were told to stop by a cancel request
};

}  // namespace windlass::runtime
