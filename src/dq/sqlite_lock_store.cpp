#include <chrono>
#include <string_view>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "dq/lock_stores.hpp"
#include "sqlite/connection.hpp"
#include "sqlite/file.hpp"

namespace windlass::dq {
namespace {

enum Sql : std::size_t { kStore, kFind, kExpire };
constexpr std::string_view kStatements[] = {
    // ?1 key, ?2 expected, ?3 desired, ?4 expires at, ?5 now. The condition of the insert is that of an absent key.
    "INSERT INTO dq_lock(key, value, expires_at) SELECT ?1, ?3, ?4"
    " WHERE ?2 = '' OR EXISTS (SELECT 1 FROM dq_lock WHERE key = ?1 AND expires_at > ?5)"
    " ON CONFLICT(key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at"
    " WHERE dq_lock.value IN (?2, ?3) OR (?2 = '' AND dq_lock.expires_at <= ?5)",
    "SELECT value, expires_at FROM dq_lock WHERE key = ?1 AND expires_at > ?2",
    "DELETE FROM dq_lock WHERE key IN (SELECT key FROM dq_lock WHERE expires_at <= ?1 LIMIT 200)",
};
constexpr const char* kSchema = R"sql(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA secure_delete = OFF;
CREATE TABLE IF NOT EXISTS dq_lock(key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dq_lock_expiry ON dq_lock(expires_at);
)sql";
constexpr int kExpireEvery = 500;  // exchanges

class SqliteLockStore final : public LockStore {
 public:
  explicit SqliteLockStore(std::unique_ptr<sqlite::Connection> db) : db_(std::move(db)) {}

  Result<Exchange> exchange(const std::string& key, const std::string& expected, const std::string& desired,
                            Duration keep) override {
    base::Lock lock(mu_);
    const std::int64_t now = base::real_clock().now().time_since_epoch() / std::chrono::milliseconds(1);
    if (++exchanges_ % kExpireEvery == 0) db_->execute(kExpire, now);
    Exchange result;
    result.stored = db_->execute(kStore, key, expected, desired, now + keep / std::chrono::milliseconds(1), now) > 0;
    if (!result.stored) {
      sqlite::Cursor row = db_->run(kFind, key, now);
      if (row.next()) {
        result.value = row.text(0);
        result.left = std::chrono::milliseconds(row.integer(1) - now);
      }
    }
    if (auto failure = db_->take_failure()) return failure->at("lock store");
    return result;
  }

 private:
  base::Mutex mu_;
  const std::unique_ptr<sqlite::Connection> db_ WINDLASS_PT_GUARDED_BY(mu_);
  int exchanges_ WINDLASS_GUARDED_BY(mu_) = 0;
};

}  // namespace

Result<LockStorePtr> open_sqlite_lock_store(const std::string& path) {
  if (Status file = sqlite::prepare_file(path); !file) return file.error();
  auto db = sqlite::Connection::open(path, false, kStatements);
  if (!db) return db.error();
  (*db)->set_busy_timeout(std::chrono::seconds(5));
  (*db)->script(kSchema);
  if (auto failure = (*db)->take_failure()) return *failure;
  return LockStorePtr(std::make_shared<SqliteLockStore>(*std::move(db)));
}

}  // namespace windlass::dq
