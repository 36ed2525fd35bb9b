#include "broker/sqlite/writer.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace windlass::broker {

namespace {

// A transaction takes as many jobs as come to about so many tasks: it holds up all other processes.
constexpr std::size_t kTransactionWeight = 2000;
// Pages of the write-ahead log after which it is copied into the database: about 16 MiB. Hot pages are in it many times
// and are copied once, so a longer log saves writing, and syncs of the database.
constexpr int kCheckpointPages = 4000;
// If the disk is so slow that the log has grown to this meanwhile, writers wait for it.
constexpr int kLogPagesMax = 4 * kCheckpointPages;

}  // namespace

Writer::Writer(Database database, const DatabaseOptions& options, base::Clock& clock)
    : clock_(clock),
      patience_(options.patience),
      side_file_(std::move(database.side_file)),
      db_(std::move(database.writer)),
      wal_sync_(std::move(database.wal_sync)),
      checkpointer_(db_->path(), options.durability) {}

Status Writer::submit(Job& job) {
  {
    base::Lock lock(mu_);
    const bool leads = !led_ && (syncs_ == 0 || job.sync == Sync::kNone);
    line_.insert(leads ? line_.begin() : line_.end(), &job);
    if (leads) {
      led_ = true;
      job.phase.store(kLeading, std::memory_order_relaxed);
    }
  }
  std::uint32_t phase = job.phase.load(std::memory_order_acquire);
  for (; phase == kWaiting; phase = job.phase.load(std::memory_order_acquire)) {
    futex_wait(job.phase, kWaiting, Duration(-1), FutexScope::kProcess);
  }
  if (phase == kLeading) lead();
  if (phase == kSyncing) sync(job, job.flock);
  if (job.error) return *std::move(job.error);
  return {};
}

void Writer::lead() {
  std::vector<Job*> jobs;
  {
    base::Lock lock(mu_);
    jobs = take_line();
  }
  commit_all(jobs);
  Job& own = *jobs.front();
  jobs.erase(jobs.begin());
  // Whoever need not wait for the disk goes now; of the others, one waits for all.
  std::vector<Job*> unsynced;
  for (Job* job : jobs) {
    if (needs_sync(*job)) {
      unsynced.push_back(job);
    } else {
      tell(*job, kFinished);
    }
  }
  checkpoint_if_due();
  pass_on(needs_sync(own) || !unsynced.empty());
  if (needs_sync(own)) return sync(own, unsynced);
  if (unsynced.empty()) return;
  Job& deputy = *unsynced.front();
  deputy.flock.assign(unsynced.begin() + 1, unsynced.end());
  tell(deputy, kSyncing);
}

bool Writer::needs_sync(const Job& job) const { return wal_sync_ && job.sync == Sync::kDurable && !job.error; }

// The job may be gone as soon as it is told.
void Writer::tell(Job& job, Phase phase) {
  FutexWord* const word = &job.phase;
  word->store(phase, std::memory_order_release);
  futex_wake(word, 1, FutexScope::kProcess);
}

void Writer::sync(Job& own, const std::vector<Job*>& flock) {
  const Status synced = wal_sync_->wait();
  release_line();
  if (!synced) own.error = synced.error();
  for (Job* job : flock) {
    if (!synced) job->error = synced.error();
    tell(*job, kFinished);
  }
}

std::vector<Writer::Job*> Writer::take_line() {
  std::size_t n = 0;
  for (std::size_t weight = 0; n < line_.size() && (n == 0 || weight + line_[n]->weight <= kTransactionWeight); ++n) {
    weight += line_[n]->weight;
  }
  const auto end = line_.begin() + static_cast<std::ptrdiff_t>(n);
  std::vector<Job*> jobs(line_.begin(), end);
  line_.erase(line_.begin(), end);
  return jobs;
}

bool Writer::line_can_go() const {
  return syncs_ == 0 || std::ranges::any_of(line_, [](const Job* job) { return job->sync == Sync::kNone; });
}

void Writer::pass_on(bool sync_follows) {
  base::Lock lock(mu_);
  if (sync_follows) ++syncs_;
  led_ = !line_.empty() && line_can_go();
  if (led_) tell(*line_.front(), kLeading);
}

void Writer::release_line() {
  base::Lock lock(mu_);
  --syncs_;
  if (led_ || line_.empty()) return;
  led_ = true;
  tell(*line_.front(), kLeading);
}

// If the whole fails, each for itself: one that cannot be stored must not take the others with it.
void Writer::commit_all(const std::vector<Job*>& jobs) {
  const Status all = commit(jobs);
  if (all) return;
  if (jobs.size() == 1 || all.error().code() == ErrorCode::kUnknownOutcome || all.error().code() == ErrorCode::kUnavailable) {
    for (Job* job : jobs) job->error = all.error();
    return;
  }
  for (Job* job : jobs) {
    const Status alone = commit({job});
    if (!alone) job->error = alone.error();
  }
}

Status Writer::commit(const std::vector<Job*>& jobs) {
  if (Status turn = side_file_->lock(patience_); !turn) return turn;
  Session session(*db_, clock_.now(), clock_.steady());
  const Status status = run_transaction(jobs, session);
  side_file_->unlock();
  if (status) side_file_->ring(session.bell());
  return status;
}

Status Writer::run_transaction(const std::vector<Job*>& jobs, Session& session) try {
  session.execute(Sql::kBegin);
  for (Job* job : jobs) {
    if (session.failed()) break;
    job->call(job->operation, session);
  }
  session.flush();
  if (!session.failed()) return end_transaction();
  Error failure = *db_->take_failure();
  roll_back();
  return failure;
} catch (const std::bad_alloc&) {
  // Others wait for this thread: it must not leave them to themselves.
  roll_back();
  return Error(ErrorCode::kResourceExhausted, "out of memory while writing to " + db_->path() + "; nothing was stored");
}

Status Writer::end_transaction() {
  db_->execute(static_cast<std::size_t>(Sql::kCommit));
  std::optional<Error> failure = db_->take_failure();
  if (!failure) return {};
  roll_back();
  if (failure->code() == ErrorCode::kResourceExhausted) return *failure;
  return Error(ErrorCode::kUnknownOutcome,
               failure->message() + ". The disk failed while this was written: it may or may not be stored; look it up by its id");
}

void Writer::roll_back() {
  if (db_->in_transaction()) db_->execute(static_cast<std::size_t>(Sql::kRollback));
  db_->take_failure();
}

// The bulk is copied while others write, and the rest, with all of them kept out, when that is done: only then does the log
// begin anew. After the results were handed out, so that it costs no caller but the leader. What fails here will fail again,
// or not, at the next commit; nothing is lost by it.
void Writer::checkpoint_if_due() {
  if (db_->wal_pages() < kCheckpointPages) return;
  if (!copying_) {
    checkpointer_.begin();
    copying_ = true;
    return;
  }
  if (!checkpointer_.idle() && db_->wal_pages() < kLogPagesMax) return;
  checkpointer_.wait_until_idle();
  copying_ = false;
  if (!side_file_->lock(patience_)) return;
  db_->checkpoint();
  db_->take_failure();
  side_file_->unlock();
}

}  // namespace windlass::broker
