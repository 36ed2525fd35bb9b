// WorkQueue: between the fetcher, which puts fetched tasks in, and the worker threads, which take them one by one.
//
// Waking a thread costs more than a small task, so at most one worker is being woken at a time: the woken one wakes the next
// if there is more to do. The idle worker that slept last is woken first: its memory is still warm, and the others may sleep on.
// The fetcher is woken when there is room for a batch, not for every task.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/alarm.hpp"
#include "base/mutex.hpp"
#include "runtime/handler_time.hpp"
#include "runtime/task_run.hpp"

namespace windlass::runtime {

// Thread-safe; wait_for_room() and take_stalled() are for one thread, take() of a worker for its own thread.
class WorkQueue {
 public:
  // Tasks fetched ahead are given back when no worker took any for so long: servers with free workers may have them.
  static constexpr Duration kStalledAfter = std::chrono::milliseconds(200);

  WorkQueue(base::Clock& clock, std::size_t workers, std::size_t ahead_max);

  // For the fetcher. Blocks until a batch may be fetched, and returns how many; 0 after stop_fetching(), and when it is time
  // to look for stalled tasks.
  std::size_t wait_for_room();
  // As take_back(), if no worker was free to take any of them for kStalledAfter; else nothing.
  std::vector<TaskRun*> take_stalled();
  bool has_ready() const;
  void push(std::span<TaskRun* const> runs);
  // Ends wait_for_room(), now and for good.
  void stop_fetching();
  // Takes out what no worker has begun, for giving back. What has been cancelled stays: a worker will say so of it.
  std::vector<TaskRun*> take_back();
  // Takes out all that no worker has begun.
  std::vector<TaskRun*> take_all();

  // For workers. Blocks for the next task; nullptr when the queue is closed.
  TaskRun* take(std::size_t worker);
  // The task taken before is over, and took so long: its slot is free. Then as take().
  TaskRun* finish_and_take(std::size_t worker, Duration took);

  // Lets take() return nullptr once nothing is left.
  void close();
  // Waits until no more than `count` tasks are running or wait for a worker, for at most `at_most`. False if the time passed.
  bool wait_until_outstanding(std::size_t count, Duration at_most);

 private:
  struct Worker {
    base::CondVar woken_cv;
    bool woken = false;
  };

  TaskRun* take_locked(std::size_t worker) WINDLASS_REQUIRES(mu_);
  void wake_one() WINDLASS_REQUIRES(mu_);
  bool has_room() WINDLASS_REQUIRES(mu_);
  std::vector<TaskRun*> take_unless_told() WINDLASS_REQUIRES(mu_);
  void finished(Duration took) WINDLASS_REQUIRES(mu_);

  const std::size_t ahead_max_;
  base::Clock& clock_;
  base::Alarm room_;   // the fetcher sleeps here
  base::Alarm drain_;  // wait_until_outstanding()

  mutable base::Mutex mu_;
  std::deque<TaskRun*> ready_ WINDLASS_GUARDED_BY(mu_);
  std::vector<std::unique_ptr<Worker>> workers_ WINDLASS_GUARDED_BY(mu_);
  std::vector<std::size_t> idle_ WINDLASS_GUARDED_BY(mu_);  // last = slept last
  std::size_t running_ WINDLASS_GUARDED_BY(mu_) = 0;
  std::uint64_t taken_ WINDLASS_GUARDED_BY(mu_) = 0;
  // What take_stalled() saw last, and the steady time since when it is so.
  std::uint64_t seen_taken_ WINDLASS_GUARDED_BY(mu_) = 0;
  Duration seen_since_ WINDLASS_GUARDED_BY(mu_){};
  bool waking_ WINDLASS_GUARDED_BY(mu_) = false;            // a worker was woken and has not taken anything yet
  bool fetcher_waits_ WINDLASS_GUARDED_BY(mu_) = false;
  bool draining_ WINDLASS_GUARDED_BY(mu_) = false;
  bool fetching_ WINDLASS_GUARDED_BY(mu_) = true;
  bool closed_ WINDLASS_GUARDED_BY(mu_) = false;
  HandlerTime handler_time_ WINDLASS_GUARDED_BY(mu_);
};

}  // namespace windlass::runtime
