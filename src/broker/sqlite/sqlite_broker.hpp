// The broker on an SQLite file: durable, and shared by any number of processes of one machine.
//
// Writes go through one connection and are gathered into transactions (writer.hpp); reads have connections of their own and
// block nobody. See docs/reference/sqlite-schema.md for the tables, docs/decisions/ for why it is so.
#pragma once

#include <cstddef>
#include <memory>

#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "broker/sqlite/database.hpp"

namespace windlass::broker {

inline constexpr std::size_t kSqlitePayloadMax = std::size_t{64} << 20;

// `clock` must outlive the broker and its waiters and feeds.
// Errors: kUnavailable, kPermissionDenied, kCorrupt, kUnsupported, kResourceExhausted, kInvalidArgument.
Result<std::shared_ptr<Broker>> open_sqlite_broker(const DatabaseOptions& options, base::Clock& clock,
                                                   std::size_t payload_max = kSqlitePayloadMax);

}  // namespace windlass::broker
