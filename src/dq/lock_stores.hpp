// The two lock stores.
#pragma once

#include <memory>
#include <string>

#include <windlass/dq.hpp>

#include "redis/client.hpp"

namespace windlass::dq {

LockStorePtr make_redis_lock_store(std::shared_ptr<redis::Client> client);

// Creates the file, in WAL mode. The last moments before a power cut may be lost: messages may run again then.
//
// Errors: those of opening the file.
Result<LockStorePtr> open_sqlite_lock_store(const std::string& path);

}  // namespace windlass::dq
