// Conclusion: what becomes of a message and of the copy in hand when a run has ended. Pure.
//
//   done, RevokeTask       done; the copy is deleted
//   Snooze{d}              wait d, nothing charged; released
//   failure, exception     wait for the back-off; released. After the last retry as SkipRetry
//   SkipRetry              dead; buried
//   told to stop by the    wait 0, nothing charged; released
//   end of the consumer
#pragma once

#include <cstdint>

#include <windlass/outcome.hpp>

#include "dq/record.hpp"

namespace windlass::dq {

struct Settlement {
  enum class Kind : std::uint8_t { kDelete, kRelease, kBury };
  Kind kind = Kind::kDelete;
  Duration delay{};  // kRelease
};

struct Conclusion {
  Record record;
  Settlement settlement;
};

struct ConclusionRules {
  int max_retry = 25;
  Duration remember{};
  Duration retry_delay{};      // if there is a retry
  std::uint64_t buries = 0;    // how often this copy was buried before
  bool shutting_down = false;  // the run was told to stop by the end of the consumer
};

// `run` is the record of the run.
Conclusion conclude(const Record& run, const Outcome& outcome, const ConclusionRules& rules);
// A message that came too late: done (deleted) or dead (buried), without a run.
Conclusion give_up_late(const Record& run, bool bury, const ConclusionRules& rules);

}  // namespace windlass::dq
