// RunTable: all tasks that this server holds: fetched ahead, running, or waiting for their finish to be written. It owns
// them, knows how long each lease lasts, and finds them for cancel requests.
//
// The key of a task is its TaskRun (queue, id and token): the same id in two queues, or fetched twice, are two entries. Looking
// for one goes through all; that is seldom, and there are never more than a few thousand.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/mutex.hpp"
#include "runtime/task_run.hpp"

namespace windlass::runtime {

// A lease that should be extended.
struct LeaseDue {
  std::uint64_t serial = 0;
  broker::LeaseRef lease;
};

// Thread-safe.
class RunTable {
 public:
  // `became_empty` is called, with no lock held, whenever the last run was removed.
  explicit RunTable(std::function<void()> became_empty = [] {});
  ~RunTable();

  // For the fetcher: brackets a fetch. Cancel requests that are heard in between may mean tasks that the store has handed out
  // already and that are not here yet: they are kept until the fetch has ended.
  void fetch_begins();
  // Takes the runs over; their leases last until `leased_until` (steady). Returns how many of them are cancelled already.
  std::size_t fetch_ends(std::vector<std::unique_ptr<TaskRun>> runs, Duration leased_until, Duration steady);
  // Destroys them. REQUIRES: they are in the table, and nobody uses them any more.
  void remove(std::span<TaskRun* const> runs);
  std::size_t size() const;

  // The store was told that this server is alive, and will hold it for that until `until` (steady; at first: for ever). It is `steady`
  // now: where the time before had run out by then, others may have taken any of the tasks, and all leases are to be extended.
  void heard_of(Duration until, Duration steady);
  bool alive(Duration steady) const;
  // Nobody can have taken the task away: its lease lasts, and this server is held for alive. After a time in which it did not run
  // (it was stopped, its machine slept) or did not reach the store, others may be at its tasks.
  bool surely_owns(const TaskRun& run, Duration steady) const;

  // The leases that end before `before` (steady).
  std::vector<LeaseDue> leases_due(Duration before) const;
  // The answer to an extension: `held[i]` belongs to `leases[i]`. Those held last until `until`; returned are the sources of
  // the others, which are told to stop (kLeaseLost), for the caller to request_stop(); `lost` counts them.
  std::vector<std::stop_source> extended(std::span<const LeaseDue> leases, const std::vector<bool>& held, Duration until,
                                         Duration steady, std::size_t& lost);

  // Tells the runs that the requests mean to stop (kCancelled); `told` counts them. Returns the sources for the caller to
  // request_stop().
  std::vector<std::stop_source> cancel(std::span<const broker::CancelRequest> requests, Duration steady, std::size_t& told);

 private:
  void link(TaskRun& run) WINDLASS_REQUIRES(mu_);
  void unlink(TaskRun& run) WINDLASS_REQUIRES(mu_);

  const std::function<void()> became_empty_;
  mutable base::Mutex mu_;
  TaskRun* first_ WINDLASS_GUARDED_BY(mu_) = nullptr;
  std::size_t size_ WINDLASS_GUARDED_BY(mu_) = 0;
  bool fetching_ WINDLASS_GUARDED_BY(mu_) = false;
  bool fetch_is_doubtful_ WINDLASS_GUARDED_BY(mu_) = false;  // what is being fetched may have been taken away already
  std::vector<broker::CancelRequest> heard_while_fetching_ WINDLASS_GUARDED_BY(mu_);
  Duration alive_until_ WINDLASS_GUARDED_BY(mu_) = Duration::max();  // steady
};

}  // namespace windlass::runtime
