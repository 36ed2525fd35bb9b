// WorkQueue: between the fetcher, which puts fetched tasks in, and the executors, which take them: worker threads one by one,
// loop threads many at once.
//
// Waking a thread costs more than a small task, so at most one worker is being woken at a time: the woken one wakes the next
// if there is more to do. The idle worker that slept last is woken first: its memory is still warm, and the others may sleep on;
// a new one is started only where none is idle. The fetcher is woken when there is room for a batch, not for every task.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
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
  // Tasks fetched ahead are given back when no executor took any for so long: servers with free ones may have them.
  static constexpr Duration kStalledAfter = std::chrono::milliseconds(200);

  // Starts the thread of a worker, which calls take(worker). False if it cannot be started now.
  using StartWorker = std::function<bool(std::size_t worker)>;

  // At most `limit` tasks run at once, on workers 0 to limit - 1 and on loops.
  WorkQueue(base::Clock& clock, std::size_t limit, std::size_t ahead_max, StartWorker start_worker);

  // For the fetcher. Blocks until a batch may be fetched, and returns how many; 0 after stop_fetching(), and when it is time
  // to look for stalled tasks.
  std::size_t wait_for_room();
  // The same without waiting.
  std::size_t room();
  // As take_back(), if no executor was free to take any of their kind for kStalledAfter; else nothing.
  std::vector<TaskRun*> take_stalled();
  bool has_ready() const;
  void push(std::span<TaskRun* const> runs);
  // Ends wait_for_room(), now and for good.
  void stop_fetching();
  // Takes out what nobody has begun, for giving back. What has been cancelled stays: an executor will say so of it.
  std::vector<TaskRun*> take_back();
  // Takes out all that nobody has begun.
  std::vector<TaskRun*> take_all();

  // For workers. Blocks for the next task; nullptr when the queue is closed.
  TaskRun* take(std::size_t worker);
  // The task taken before is over, and took so long: its slot is free. Then as take().
  TaskRun* finish_and_take(std::size_t worker, Duration took);

  // For loops. `wake` is called, with a lock held, when a loop that take_many() gave nothing should call it again. Returns the
  // loop's number. REQUIRES: before the first push().
  std::size_t add_loop(std::function<void()> wake);
  // Tasks of this loop are over, and took so long. Appends at most `max` new ones to `runs`; does not block. False when the
  // queue is closed.
  bool take_many(std::size_t loop, std::span<const Duration> took, std::size_t max, std::vector<TaskRun*>& runs);

  // Lets take() return nullptr once nothing is left.
  void close();
  // Waits until no more than `count` tasks are running or wait for an executor, for at most `at_most`. False if the time passed.
  bool wait_until_outstanding(std::size_t count, Duration at_most);

 private:
  struct Worker {
    base::CondVar woken_cv;
    bool woken = false;
  };
  struct Loop {
    std::function<void()> wake;
    bool idle = false;
  };
  // What nobody has begun, of one kind of executor.
  struct Ready {
    std::deque<TaskRun*> runs;
    std::uint64_t taken = 0;
    // What take_stalled() saw last, and the steady time since when it is so.
    std::uint64_t seen_taken = 0;
    Duration seen_since{};

    void push(TaskRun* run, Duration now);
    TaskRun* pop();
    bool stalled(Duration now);
    void take(std::vector<TaskRun*>& out);
    void take_unless_told(std::vector<TaskRun*>& out);
  };

  TaskRun* take(std::size_t worker, std::optional<Duration> took);
  void wait_for_turn(std::size_t worker) WINDLASS_REQUIRES(mu_);
  bool may_take(const Ready& mine, const Ready& other) const WINDLASS_REQUIRES(mu_);
  std::optional<std::size_t> wake_next() WINDLASS_REQUIRES(mu_);
  void start(std::optional<std::size_t> worker);
  void wake_fetcher() WINDLASS_REQUIRES(mu_);
  bool has_room() WINDLASS_REQUIRES(mu_);
  std::size_t room_now() WINDLASS_REQUIRES(mu_);
  std::size_t ready() const WINDLASS_REQUIRES(mu_) { return for_workers_.runs.size() + for_loops_.runs.size(); }
  void finished(Duration took) WINDLASS_REQUIRES(mu_);

  const std::size_t limit_;
  const std::size_t ahead_max_;
  const StartWorker start_worker_;
  base::Clock& clock_;
  base::Alarm room_;   // the fetcher sleeps here
  base::Alarm drain_;  // wait_until_outstanding()

  mutable base::Mutex mu_;
  Ready for_workers_ WINDLASS_GUARDED_BY(mu_);
  Ready for_loops_ WINDLASS_GUARDED_BY(mu_);
  std::vector<Worker> workers_ WINDLASS_GUARDED_BY(mu_);
  std::vector<std::size_t> idle_ WINDLASS_GUARDED_BY(mu_);  // last = slept last
  std::vector<Loop> loops_ WINDLASS_GUARDED_BY(mu_);
  std::size_t started_ WINDLASS_GUARDED_BY(mu_) = 0;  // workers
  std::size_t running_ WINDLASS_GUARDED_BY(mu_) = 0;
  bool waking_ WINDLASS_GUARDED_BY(mu_) = false;  // a worker was woken or started and has not taken anything yet
  bool fetcher_waits_ WINDLASS_GUARDED_BY(mu_) = false;
  bool draining_ WINDLASS_GUARDED_BY(mu_) = false;
  bool fetching_ WINDLASS_GUARDED_BY(mu_) = true;
  bool closed_ WINDLASS_GUARDED_BY(mu_) = false;
  HandlerTime handler_time_ WINDLASS_GUARDED_BY(mu_);
};

}  // namespace windlass::runtime
