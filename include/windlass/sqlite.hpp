// Transactional enqueue: tasks that appear if, and only if, the user's own SQLite transaction commits.
//
//   sqlite3_exec(db, "BEGIN; INSERT INTO orders ...", ...);
//   windlass::SqliteEnqueuer tasks(db);
//   tasks.enqueue(windlass::Task("order:confirm", id));
//   sqlite3_exec(db, "COMMIT", ...);              // now, and only now, a server may run it
#pragma once

#include <memory>

#include <windlass/error.hpp>
#include <windlass/info.hpp>
#include <windlass/task.hpp>

struct sqlite3;

namespace windlass {

// Thread-compatible, as the connection itself. The connection stays the user's: it must outlive this object, and its main
// database must be a file that a `sqlite:` broker has been opened on (its tables all begin with windlass_).
class SqliteEnqueuer {
 public:
  // Does not touch the connection before the first enqueue.
  explicit SqliteEnqueuer(sqlite3* connection);
  ~SqliteEnqueuer();
  SqliteEnqueuer(SqliteEnqueuer&&) noexcept;
  SqliteEnqueuer& operator=(SqliteEnqueuer&&) noexcept;

  // As Client::enqueue, inside the connection's open transaction; without one, in a transaction of its own. After an error
  // the transaction stands as before the call.
  // Errors: those of Client::enqueue, kFailedPrecondition (no windlass tables in this database), kUnavailable (locked).
  Result<TaskInfo> enqueue(const Task& task, const EnqueueOptions& options = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass
