// The traces of an enqueue call: each task carries the context of its span "enqueue TYPE", or passes on the caller's.
#pragma once

#include <vector>

#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "trace/spans.hpp"

namespace windlass::api {

// Thread-compatible.
class EnqueueSpans {
 public:
  // The parent is what the task's headers carry, else the context of this thread.
  EnqueueSpans(std::vector<broker::NewTask>& tasks, TimePoint now);
  // `tasks` as before, not moved from yet.
  void end(const std::vector<broker::NewTask>& tasks, const Result<std::vector<broker::EnqueueOutcome>>& outcomes,
           const base::Clock& clock);

 private:
  std::vector<trace::OpenSpan> spans_;  // one a task while tracing is on; else none
};

}  // namespace windlass::api
