// RunKeeper: says of all runs of a consumer that they go on, by writing their records anew, three times in a lease; and
// tells those to stop whose time is up.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include <windlass/dq.hpp>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "dq/message_run.hpp"
#include "runtime/role_thread.hpp"
#include "runtime/trouble.hpp"

namespace windlass::dq {

using RunPtr = std::shared_ptr<MessageRun>;

// Thread-safe, but for step().
class RunKeeper final : public runtime::Role {
 public:
  RunKeeper(LockStore& locks, Duration lease, base::Clock& clock);

  // From now on until remove(). The caller wakes the thread of this role if the run has a deadline.
  void add(const RunPtr& run);
  void remove(const RunPtr& run);
  void tell_all_to_stop(StopReason reason);

  std::string_view name() const override { return "dq run keeper"; }
  TimePoint step(TimePoint now) override;

 private:
  std::vector<RunPtr> runs() const;
  // False: the store was not reached.
  bool beat(MessageRun& run);

  LockStore& locks_;
  const Duration interval_;
  mutable base::Mutex mu_;
  std::set<RunPtr> runs_ WINDLASS_GUARDED_BY(mu_);
  // Of the stepping thread.
  runtime::Trouble trouble_;
  TimePoint next_beat_;
};

}  // namespace windlass::dq
