// Writer: all writing of one broker, gathered into transactions without ever waiting for company.
//
// A thread with something to write puts it into the line. If nobody leads, it leads: it takes all that stands in line, runs
// it in one transaction, commits once, hands out the results, and makes the first of those that came meanwhile the next
// leader. So a lone caller commits on its own thread at once, and a crowd shares the syncs of the disk.
//
// Syncing comes after the commit, when the next leader is at work already (wal_sync.hpp). Operations that may be lost with
// the power (a fetch, a heartbeat) neither sync nor wait for those that do.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <windlass/error.hpp>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "broker/sqlite/checkpointer.hpp"
#include "broker/sqlite/database.hpp"
#include "broker/sqlite/session.hpp"

namespace windlass::broker {

enum class Sync : std::uint8_t { kNone, kDurable };

// Thread-safe.
class Writer {
 public:
  Writer(Database database, const DatabaseOptions& options, base::Clock& clock);

  // Runs `operation(Session&)` in a transaction and returns when it is committed. It may be run more than once (and undone
  // in between), so it must set its results anew each time. `weight`: about how many tasks it moves.
  // Errors: kUnavailable, kResourceExhausted and others: nothing was stored. kUnknownOutcome: see the message.
  template <class F>
  Status run(Sync sync, std::size_t weight, F& operation) {
    Job job;
    job.call = [](void* f, Session& session) { (*static_cast<F*>(f))(session); };
    job.operation = &operation;
    job.sync = sync;
    job.weight = weight;
    return submit(job);
  }

  SideFile& side_file() { return *side_file_; }
  const std::shared_ptr<SideFile>& shared_side_file() const { return side_file_; }

 private:
  enum Phase : std::uint32_t { kWaiting, kLeading, kSyncing, kFinished };

  // Lives on the stack of the thread that waits for it.
  struct Job {
    void (*call)(void*, Session&) = nullptr;
    void* operation = nullptr;
    Sync sync = Sync::kNone;
    std::size_t weight = 0;
    std::optional<Error> error;
    std::vector<Job*> flock;   // of the one told kSyncing: those it is to tell in turn
    FutexWord phase{kWaiting};
  };

  Status submit(Job& job);
  // What the leader does, its own job being the first in line.
  void lead();
  std::vector<Job*> take_line() WINDLASS_REQUIRES(mu_);
  // Whether somebody should lead. Jobs that would have to wait for the disk in any case gather while a sync is under way:
  // so one sync, and one transaction, serves as many as possible.
  bool line_can_go() const WINDLASS_REQUIRES(mu_);
  void pass_on(bool sync_follows);
  // A sync is over.
  void release_line();
  void commit_all(const std::vector<Job*>& jobs);
  Status commit(const std::vector<Job*>& jobs);
  Status run_transaction(const std::vector<Job*>& jobs, Session& session);
  Status end_transaction();
  void roll_back();
  void checkpoint_if_due();
  bool needs_sync(const Job& job) const;
  static void tell(Job& job, Phase phase);
  // Waits for the disk on behalf of all these jobs, and tells the flock.
  void sync(Job& own, const std::vector<Job*>& flock);

  base::Clock& clock_;
  const Duration patience_;
  const std::shared_ptr<SideFile> side_file_;
  const std::unique_ptr<sqlite::Connection> db_;   // of the leader
  const std::unique_ptr<WalSync> wal_sync_;        // null: nothing is synced. After db_: the log is there while that is
  Checkpointer checkpointer_;                      // of the leader, after db_ likewise
  bool copying_ = false;                           // of the leader: the checkpointer was told to begin

  base::Mutex mu_;
  std::vector<Job*> line_ WINDLASS_GUARDED_BY(mu_);
  bool led_ WINDLASS_GUARDED_BY(mu_) = false;
  int syncs_ WINDLASS_GUARDED_BY(mu_) = 0;   // under way or about to begin
};

}  // namespace windlass::broker
