// Checker: decides from what clients and handlers saw, and what is left in the store, whether anything was lost, done twice, or done at a
// time when it must not be. Pure; knows nothing of the system under test.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fault/history.hpp"

namespace windlass::fault {

// A time in which somebody could not do its part: a server that was frozen, killed or cut off, or the store itself.
struct Disturbance {
  std::string who;  // a server's name; empty: the store
  std::int64_t from = 0, to = 0;
};

// Where a task is at the end.
enum class Rest : std::uint8_t {
  kGone,      // done and deleted, or lost
  kKept,      // completed, and its record is kept
  kArchived,  // given up, with its failure
  kWaiting,   // anywhere else: it should not be there any more
};

struct Findings {
  std::size_t acked = 0, refused = 0, unknown = 0;
  std::size_t done = 0;      // tasks that a handler finished at least once
  std::size_t archived = 0;  // of the acknowledged ones
  std::size_t twice = 0;     // finished by a handler more than once: allowed (at least once), but counted
  std::size_t lost = 0;      // acknowledged, and neither finished nor anywhere
  std::size_t stuck = 0;     // acknowledged, and neither finished nor given up when all was well again
  std::size_t overlaps = 0;  // began while another run of it went on, on a server that was well, with a store that was well
  std::size_t early = 0;     // began before its time
  std::size_t late = 0;      // began after it had expired
  std::size_t unique_broken = 0;  // stored although one with the same key was waiting
  std::size_t ticks = 0, ticks_missed = 0, ticks_twice = 0;
  std::vector<std::string> examples;  // a line for each of the first violations

  bool operator==(const Findings&) const = default;
};

struct CheckOptions {
  bool clocks_stepped = false;        // due and expiry are on clocks that were stepped: early and late mean nothing
  std::int64_t grace_ns = 1'000'000'000;  // between a server's look at the clock and the handler's first line
};

Findings check(const std::vector<Event>& events, const std::map<std::string, Rest>& rests,
               const std::vector<Disturbance>& disturbances, const CheckOptions& options = {});

}  // namespace windlass::fault
