// CommitBell: rings the bell when a transaction of the user's own connection commits.
//
// The hooks that SQLite has for commits are one to a connection, and may be the user's. A virtual table is told of the end
// of every transaction in which it was written to: so the bell is one. It stays registered as long as the connection
// lives, keeps nothing in the database, and its name is seen by this connection alone.
#pragma once

#include <cstdint>
#include <memory>

#include "broker/sqlite/side_file.hpp"
#include "sqlite/connection.hpp"

namespace windlass::broker {

// Registers the bell with the connection, unless it has one.
void register_commit_bell(sqlite::Connection& db, const std::shared_ptr<SideFile>& file);

// Lets the bits ring when the open transaction has committed. Failures stick to the connection.
void ring_at_commit(sqlite::Connection& db, std::uint32_t bits);

}  // namespace windlass::broker
