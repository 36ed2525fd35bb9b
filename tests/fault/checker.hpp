// Checker: decides from what clients and handlers saw, and what is left in the store, whether anything was lost, done twice, or done at a
// time when it must not be. Pure; knows nothing of the system under test.
#pragma once

#include <cstdint>
#include <map>
#include <set>
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
  std::size_t not_promised = 0;   // overlaps, early and late runs that Go Asynq's servers explain, which promise no better; not in the numbers above
  std::int64_t loss_window_ns = 0;  // of what was lost: the longest that it had been acknowledged when the store was troubled next
  std::vector<std::string> examples;  // a line for each of the first violations

  bool operator==(const Findings&) const = default;
};

struct CheckOptions {
  bool clocks_stepped = false;        // due, expiry and the ends of locks are on clocks that were stepped: they mean nothing
  std::int64_t grace_ns = 1'000'000'000;  // between a server's look at the clock and the handler's first line
  std::int64_t find_out_ns = 3'000'000'000;  // until clients and servers know that a trouble of the store is over
  // Those that are Go Asynq's. They know no expiry; they forward by whole seconds, rounded down, for all who are quick to fetch then; and they
  // look at no fence, so one that was asleep may end the run of another (docs/reference/asynq-compatibility.md).
  std::set<std::string> go_servers = {};
  std::map<std::string, std::int64_t> ticks_left = {};  // in the store at the end: id, nominal time in s
};

Findings check(const std::vector<Event>& events, const std::map<std::string, Rest>& rests,
               const std::vector<Disturbance>& disturbances, const CheckOptions& options = {});

}  // namespace windlass::fault
