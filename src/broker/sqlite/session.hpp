// Session: what the operations of one transaction share: the moment, the queues they touch with their counters, the names
// they looked up, and whom to wake after the commit.
//
// Counters are gathered here and written once, by flush(), however many tasks were moved. Nothing is remembered from one
// transaction to the next, so another process can never make it stale.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <windlass/info.hpp>

#include "broker/sqlite/statements.hpp"
#include "sqlite/connection.hpp"

namespace windlass::broker {

// A row of windlass_queue, and what this transaction adds to the statistics of the day.
struct QueueRow {
  std::int64_t id = 0;
  std::string name;
  bool paused = false;
  std::int64_t head = 0;       // order number before that of the first pending task
  std::int64_t tail = 0;       // order number for the next one that comes last
  std::int64_t turn = 0;       // order number for the next active one
  std::int64_t counts[kTaskStateCount + 1] = {};  // by TaskState; [0] unused
  std::int64_t processed = 0, failed = 0, expired = 0;
  std::int64_t new_processed = 0, new_failed = 0, new_expired = 0;
  std::int64_t earliest_due = INT64_MAX;  // of the tasks made to wait by this transaction
  bool got_pending = false;
  bool changed = false;

  std::int64_t& count(TaskState state) { return counts[static_cast<int>(state)]; }
};

// Confined to the thread that runs the transaction.
class Session {
 public:
  Session(sqlite::Connection& db, TimePoint now, Duration steady) : db_(db), now_(now), steady_(steady) {}

  TimePoint now() const { return now_; }
  std::int64_t now_ns() const { return now_.time_since_epoch().count(); }
  std::int64_t steady_ns() const { return steady_.count(); }

  template <class... Args>
  sqlite::Cursor run(Sql statement, const Args&... args) {
    return db_.run(static_cast<std::size_t>(statement), args...);
  }
  template <class... Args>
  std::int64_t execute(Sql statement, const Args&... args) {
    return db_.execute(static_cast<std::size_t>(statement), args...);
  }
  std::int64_t last_row() const { return db_.last_row(); }
  // Rows seen so far must not be trusted when the database has failed.
  bool failed() const { return db_.failure().has_value(); }
  sqlite::Connection& db() { return db_; }

  // Null if there is no such queue. Pointers live as long as the session.
  QueueRow* find_queue(std::string_view name);
  QueueRow& add_queue(std::string_view name);
  // The queue was removed; its row is not written any more.
  void forget_queue(const std::string& name) { queues_.erase(name); }

  std::int64_t type_id(std::string_view name);                      // registers it
  std::optional<std::int64_t> find_type(std::string_view name);
  const std::string& type_name(std::int64_t id);
  std::int64_t owner_id(std::string_view name);                     // registers it
  std::string owner_name(std::optional<std::int64_t> id);

  // Tells who waits for cancel requests.
  void ring_cancel();
  // Tells who waits for pending tasks of the queue.
  void ring_pending(QueueRow& queue) { queue.got_pending = true; }

  // Writes what was gathered. Afterwards bell() tells whom to wake once it is committed.
  void flush();
  std::uint32_t bell() const { return bell_; }

 private:
  void save(QueueRow& queue);
  bool is_earliest(const QueueRow& queue);

  sqlite::Connection& db_;
  const TimePoint now_;
  const Duration steady_;
  std::map<std::string, QueueRow, std::less<>> queues_;
  std::map<std::string, std::int64_t, std::less<>> type_ids_;
  std::map<std::int64_t, std::string> type_names_;
  std::uint32_t bell_ = 0;
};

}  // namespace windlass::broker
