#include "dq/lock_stores.hpp"
#include "redis/url.hpp"

namespace windlass::dq {

Result<LockStorePtr> open_lock_store(std::string_view url) {
  constexpr std::string_view kSqlite = "sqlite:";
  if (url.starts_with(kSqlite)) {
    const std::string path(url.substr(kSqlite.size()));
    if (!path.empty()) return open_sqlite_lock_store(path);
    return Error(ErrorCode::kInvalidArgument,
                 "lock store '" + std::string(url) + "': the path is missing: give sqlite:PATH");
  }
  const std::string where = "lock store '" + redis::redacted(url) + "'";
  if (!url.starts_with("redis")) {
    return Error(ErrorCode::kInvalidArgument, where + ": unknown scheme; use redis://HOST:PORT/DB or sqlite:PATH");
  }
  const Result<redis::Config> config = redis::parse_url(url);
  if (!config) return config.error().at(where);
  Result<std::shared_ptr<redis::Client>> client = redis::open_client(*config);
  if (!client) return client.error().at(where);
  return make_redis_lock_store(*std::move(client));
}

}  // namespace windlass::dq
