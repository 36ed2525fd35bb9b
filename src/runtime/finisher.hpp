// Finisher: writes how runs ended, and the results and progress that handlers report meanwhile.
//
// Smart batching: the workers hand over and go on; the finisher's thread sends all that has come in since its last call in one
// next call, without ever waiting for company. What a task reported is written before its finish, or with it.
//
// A finish that the store could not take is made again, with back-off, until the store answers: its lease is extended
// meanwhile, and once somebody else owns the task, the store says so (the fence), and it is dropped. Finishes that the store
// refuses as such are dropped alone and logged; the task then runs again after its lease has ended.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/alarm.hpp"
#include "base/mutex.hpp"
#include "broker/broker.hpp"
#include "runtime/counters.hpp"
#include "runtime/task_run.hpp"
#include "runtime/run_table.hpp"
#include "runtime/trouble.hpp"

namespace windlass::runtime {

// A finish, and the run to remove from the table once it is written: nullptr for a run that its handler still uses.
struct Finished {
  broker::Finish finish;
  TaskRun* run = nullptr;
};

// Thread-safe, but for start() and close().
class Finisher final : public UpdateSink {
 public:
  static constexpr std::size_t kBatchMax = 500;
  static constexpr std::size_t kPendingMax = 10000;
  // Progress of one task is written at most so often.
  static constexpr Duration kProgressEvery = std::chrono::milliseconds(250);

  // All must outlive start()..close(); table and clock the object.
  Finisher(broker::Broker& broker, base::Clock& clock, base::Random random, RunTable& table, Counters& counters);

  void start();
  // Blocks while kPendingMax are waiting, until close().
  void submit(Finished finished);
  void changed(TaskRun& run) override;

  // Writes what is there, with new attempts for at most `at_most`, and ends the thread. What comes later is dropped, as is what could not be
  // written by then (it is logged). Afterwards the broker is not used any more.
  void close(Duration at_most);

  // What the thread does again and again; simulations call it instead of start(). Writes what is due, and returns for how long there
  // is nothing to do unless something comes in; nothing once it is closed and done.
  std::optional<Duration> step();

 private:
  // What the thread works on: taken from the queue, not yet written. runs[i] belongs to finishes[i].
  struct Work {
    std::vector<broker::Finish> finishes;
    std::vector<TaskRun*> runs;
    std::vector<TaskRun*> updates;   // runs that go on
    // Calls for these finishes whose outcome is unknown: they may have been written.
    int unknowns = 0;
  };

  void loop();
  std::optional<Duration> take();
  void take_locked() WINDLASS_REQUIRES(mu_);
  Duration until_due() WINDLASS_REQUIRES(mu_);
  bool write_updates();
  bool send(std::vector<broker::TaskUpdate>& updates, std::span<TaskRun* const> runs);
  void write_finishes();
  std::size_t next_portion() const;
  bool write_portion(std::size_t n);
  Status write_first(std::size_t n);
  void note_unknown();
  void written(std::size_t n);
  void settle(std::span<const broker::Finish> finishes, std::span<const broker::FinishOutcome> outcomes);
  void drop(const broker::Finish& finish, const Error& why);
  void wait_after(const Error& error);
  PendingUpdate take_update(TaskRun& run);

  broker::Broker& broker_;
  base::Clock& clock_;
  RunTable& table_;
  Counters& counters_;
  const std::size_t result_max_;
  base::Alarm alarm_;

  base::Mutex mu_;
  base::CondVar room_;
  std::deque<Finished> finishes_ WINDLASS_GUARDED_BY(mu_);
  std::vector<TaskRun*> updates_ WINDLASS_GUARDED_BY(mu_);
  bool asleep_ WINDLASS_GUARDED_BY(mu_) = false;
  bool closing_ WINDLASS_GUARDED_BY(mu_) = false;
  bool closed_ WINDLASS_GUARDED_BY(mu_) = false;
  bool failed_while_closing_ WINDLASS_GUARDED_BY(mu_) = false;
  Duration close_by_ WINDLASS_GUARDED_BY(mu_){};  // steady

  // Confined to the thread.
  Work work_;
  Trouble trouble_;
  Duration not_before_{};  // steady

  std::thread thread_;
};

}  // namespace windlass::runtime
