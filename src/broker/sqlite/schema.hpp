// The tables, and how a database gets from one version of them to the next. docs/reference/sqlite-schema.md describes them.
//
// The tables may stand in a user's own database: all names begin with windlass_, and neither user_version nor
// application_id is touched.
#pragma once

#include <string_view>

#include <windlass/error.hpp>

#include "sqlite/connection.hpp"

namespace windlass::broker {

inline constexpr int kSchemaVersion = 3;

// Version of the tables in this database; 0 = there are none. Errors: those of SQLite (kCorrupt: not a database).
Result<int> read_schema_version(sqlite::Connection& db);

// Creates or migrates the tables, in one transaction; safe for any number of processes at a time.
// Errors: kUnsupported (written by a newer windlass), and those of SQLite.
Status prepare_schema(sqlite::Connection& db);

// Whatever was leased or alive before the machine was started again is so no more: `boot_id` tells boots apart.
Status note_boot(sqlite::Connection& db, std::string_view boot_id);

}  // namespace windlass::broker
