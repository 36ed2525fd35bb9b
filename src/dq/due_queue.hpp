// DueQueue: copies in the order in which something is to be done about them, between the readers, which put them in,
// and the workers, which take each one when its time has come, to the nanosecond. And who says how many more a reader
// may reserve: what this consumer cannot run soon belongs to others.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "dq/copy.hpp"

namespace windlass::dq {

// Thread-safe.
class DueQueue {
 public:
  // Copies that are due and that no worker took for so long go back to their node.
  static constexpr Duration kStalledAfter = std::chrono::milliseconds(200);

  // `wanted` is called, with no lock held, when a worker finds nothing to do.
  DueQueue(base::Clock& clock, std::size_t workers, std::function<void()> wanted)
      : clock_(clock), workers_(workers), wanted_(std::move(wanted)), taken_at_(clock.steady()) {}

  void push(CopyPtr copy, TimePoint at);
  // For a worker, which counts as idle from its call on. Blocks until a copy's time has come; null after close().
  CopyPtr take();
  // take() gives out nothing more. What is in stays.
  void close();

  // How many due copies more would find a worker soon.
  std::size_t room() const;
  // Removes and returns the due copies of this reader if all workers have been busy for kStalledAfter.
  std::vector<CopyPtr> take_stalled(const NodeReader& reader);
  std::vector<CopyPtr> take_all();

 private:
  std::size_t due_count(TimePoint now, std::size_t enough) const WINDLASS_REQUIRES(mu_);
  bool stalled() const WINDLASS_REQUIRES(mu_);

  base::Clock& clock_;
  const std::size_t workers_;
  const std::function<void()> wanted_;
  mutable base::Mutex mu_;
  base::CondVar first_changed_;  // of the worker that waits for the first copy's time
  base::CondVar work_or_watch_;  // of the other idle workers
  std::multimap<TimePoint, CopyPtr> copies_ WINDLASS_GUARDED_BY(mu_);
  bool watched_ WINDLASS_GUARDED_BY(mu_) = false;  // some worker waits for the first copy's time
  bool closed_ WINDLASS_GUARDED_BY(mu_) = false;
  std::size_t idle_ WINDLASS_GUARDED_BY(mu_) = 0;
  Duration taken_at_ WINDLASS_GUARDED_BY(mu_);  // steady; when a worker last took one or became idle
};

}  // namespace windlass::dq
