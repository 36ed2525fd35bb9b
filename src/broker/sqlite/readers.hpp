// Readers: the connections that only read, one for each thread that reads at the moment.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "broker/sqlite/database.hpp"
#include "broker/sqlite/session.hpp"

namespace windlass::broker {

// Thread-safe.
class Readers {
 public:
  Readers(DatabaseOptions options, base::Clock& clock) : options_(std::move(options)), clock_(clock) {}

  // Runs `read(Session&)` on one state of the database and returns what it returns, a Result<T>.
  template <class F>
  auto run(F&& read) -> decltype(read(std::declval<Session&>())) {
    Result<std::unique_ptr<sqlite::Connection>> db = take();
    if (!db) return db.error();
    Session session(**db, clock_.now(), clock_.steady());
    session.execute(Sql::kBeginRead);
    auto result = read(session);
    session.execute(Sql::kCommit);
    if (auto failure = (*db)->take_failure()) return *failure;  // and the connection with it: it may be at fault
    give_back(std::move(*db));
    return result;
  }

 private:
  Result<std::unique_ptr<sqlite::Connection>> take();
  void give_back(std::unique_ptr<sqlite::Connection> db);

  const DatabaseOptions options_;
  base::Clock& clock_;
  base::Mutex mu_;
  std::vector<std::unique_ptr<sqlite::Connection>> idle_ WINDLASS_GUARDED_BY(mu_);
};

}  // namespace windlass::broker
