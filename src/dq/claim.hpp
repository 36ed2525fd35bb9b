// Claim: what a consumer does with a copy of a message, by what it found under the message's key. Pure: the rules of
// docs/decisions/dq-lock.md.
#pragma once

#include <optional>
#include <string>

#include "dq/record.hpp"

namespace windlass::dq {

struct ClaimRules {
  std::string owner;  // of this run, never used again
  int max_retry = 25;
  Duration lease{};  // what this consumer promises
  Duration remember{};
};

// A record that has stood longer than it should: its owner may be dead, or the store may just be back after an outage,
// and the owner about to write.
struct Suspicion {
  std::string value;  // of the record; empty: none
  Duration since{};   // steady
};

struct ClaimStep {
  enum class Kind : std::uint8_t {
    kRun,        // store `record` in the place of what was found, then run
    kBury,       // store `record`, if there is one, then bury this copy
    kDelete,     // this copy is not needed any more
    kLookAgain,  // after `wait`, with this copy in hand
    kPutOff,     // release this copy for `wait`
  };
  Kind kind = Kind::kLookAgain;
  std::optional<Record> record;
  Duration wait{};
  bool takes_over = false;  // kRun, kBury: from an owner that is dead
  bool again = false;       // kRun: the message ran before
};

// How long to wait before looking again at the record of a run that goes on.
inline constexpr Duration kLookInterval = std::chrono::milliseconds(500);

// What is tried first: the record of the first run, in the place of nothing.
Record first_run(const ClaimRules& rules);

// After an exchange that did not store. `buries` is how often this copy was buried before; `suspicion` is of the last
// look at this copy, and is brought up to date.
ClaimStep next_step(const Exchange& found, std::uint64_t buries, const ClaimRules& rules, Duration steady,
                    Suspicion& suspicion);

}  // namespace windlass::dq
