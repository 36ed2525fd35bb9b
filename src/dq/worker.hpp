// Worker: one thread that takes copies whose time has come, claims their messages, runs the handler and records how it
// ended.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

#include <windlass/dq.hpp>

#include "base/alarm.hpp"
#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/random.hpp"
#include "dq/claim.hpp"
#include "dq/conclusion.hpp"
#include "dq/due_queue.hpp"
#include "dq/message_run.hpp"
#include "dq/run_keeper.hpp"
#include "runtime/hooks.hpp"
#include "runtime/trouble.hpp"

namespace windlass::dq {

// Messages that this consumer has done: their other copies need not be asked for. Only the latest are known; the store
// knows all. Thread-safe.
class DoneList {
 public:
  void add(const std::string& key);
  bool contains(const std::string& key) const;

 private:
  static constexpr std::size_t kMax = 20'000;

  mutable base::Mutex mu_;
  std::unordered_set<std::string> keys_ WINDLASS_GUARDED_BY(mu_);
  std::deque<std::string> order_ WINDLASS_GUARDED_BY(mu_);
};

// How many runs may begin. Thread-safe.
class Admission {
 public:
  // 0: any number.
  explicit Admission(std::uint64_t runs_max) : runs_max_(runs_max) {}

  // Reserves one; give_back() if it came to nothing.
  bool enter();
  void give_back();
  // A run has ended. True if it was the last one.
  bool leave();

 private:
  const std::uint64_t runs_max_;
  base::Mutex mu_;
  std::uint64_t entered_ WINDLASS_GUARDED_BY(mu_) = 0;
  std::uint64_t left_ WINDLASS_GUARDED_BY(mu_) = 0;
};

// The lock store's troubles, as all workers meet them. Thread-safe.
class LockTrouble {
 public:
  explicit LockTrouble(base::Clock& clock) : trouble_("lock store", clock, base::Random::seeded()) {}

  void failed(const Error& error);
  void ended();

 private:
  std::atomic<bool> there_{false};
  base::Mutex mu_;
  runtime::Trouble trouble_ WINDLASS_GUARDED_BY(mu_);
};

// What all workers of a consumer share.
struct WorkerTools {
  const ConsumerConfig& config;
  const runtime::Hooks& hooks;
  const std::string owner;  // of this consumer; each run adds a number
  const Mux& mux;
  LockStore& locks;
  DueQueue& queue;
  RunKeeper& keeper;
  base::Clock& clock;
  DoneList& done;
  Admission& admission;
  std::function<void()> wake_keeper;
  std::function<void()> last_run_ended;
  LockTrouble& trouble;
  std::atomic<std::uint64_t> runs{0};
  std::atomic<bool> stopping{false};  // outcomes that cannot be recorded are given up
};

// Confined to its thread.
class Worker {
 public:
  explicit Worker(WorkerTools& tools);

  // Returns when the queue is closed.
  void loop();

 private:
  void serve(const CopyPtr& copy);
  void serve_compatible(const CopyPtr& copy);
  // A kRun if the run is ours now. Else the copy was dealt with.
  std::optional<ClaimStep> claim(const CopyPtr& copy);
  void run(const CopyPtr& copy, const ClaimStep& claimed);
  bool refuse_late(const CopyPtr& copy, const ClaimStep& claimed);
  void finish(const RunPtr& run, Outcome outcome);
  // False: it could not be written, or is not ours to write.
  bool write(MessageRun& run, const Record& outcome);
  void leave_to_others(const CopyPtr& copy);
  ConclusionRules rules_for(const Copy& copy) const;
  void settle(const MessageRun& run, const Conclusion& end, const Outcome& outcome);
  void tell(const MessageRun& run, const Outcome& outcome) const;
  void look_again(const CopyPtr& copy, Duration wait);

  WorkerTools& tools_;
  base::Random random_;
  base::Alarm alarm_;
};

}  // namespace windlass::dq
