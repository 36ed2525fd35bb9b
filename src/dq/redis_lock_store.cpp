#include "dq/lock_stores.hpp"
#include "redis/error_reply.hpp"
#include "redis/script.hpp"

namespace windlass::dq {
namespace {

// KEYS[1]  the key
// ARGV     1 what is expected ('': nothing), 2 what shall be there, 3 for how many milliseconds
// Returns 1 if it is there now; else {what is there, milliseconds that it has left}.
const redis::Script kExchange(R"lua(
local found = redis.call('GET', KEYS[1]) or ''
if found == ARGV[1] or found == ARGV[2] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end
return {found, redis.call('PTTL', KEYS[1])}
)lua");

class RedisLockStore final : public LockStore {
 public:
  explicit RedisLockStore(std::shared_ptr<redis::Client> client) : client_(std::move(client)) {}

  Result<Exchange> exchange(const std::string& key, const std::string& expected, const std::string& desired,
                            Duration keep) override {
    redis::Pipeline p;
    p.eval(kExchange, 1, 3).key(key).arg(expected).arg(desired).arg(keep / std::chrono::milliseconds(1)).idempotent();
    const Result<redis::Replies> replies = client_->call(p);
    if (!replies) return replies.error();
    const redis::Value reply = (*replies)[0];
    if (reply.is_error()) return redis::to_error(reply);
    Exchange result;
    result.stored = !reply.is_aggregate();
    if (result.stored) return result;
    if (reply.size() != 2)
      return Error(ErrorCode::kCorrupt, "redis: the script of the lock store returned something else");
    result.value = reply[0].text();
    result.left = std::chrono::milliseconds(reply[1].integer().value_or(0));
    return result;
  }

 private:
  const std::shared_ptr<redis::Client> client_;
};

}  // namespace

LockStorePtr make_redis_lock_store(std::shared_ptr<redis::Client> client) {
  return std::make_shared<RedisLockStore>(std::move(client));
}

}  // namespace windlass::dq
