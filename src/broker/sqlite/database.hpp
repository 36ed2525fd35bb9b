// Database: how the broker opens an SQLite file, and what all its connections share.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <windlass/error.hpp>

#include "broker/sqlite/side_file.hpp"
#include "broker/sqlite/wal_sync.hpp"
#include "sqlite/connection.hpp"

namespace windlass::broker {

// What survives what; see docs/reference/sqlite-schema.md.
enum class Durability : std::uint8_t { kFull, kNormal, kOff };
std::string_view durability_name(Durability durability);

struct DatabaseOptions {
  std::string path;
  Durability durability = Durability::kFull;
  // How long to wait for another connection that holds the write lock (a user's open transaction, say).
  std::chrono::milliseconds patience = std::chrono::seconds(5);
  // Tells one boot of the machine from another; empty: ask the kernel.
  std::string boot_id;
};

struct Database {
  std::unique_ptr<sqlite::Connection> writer;
  std::unique_ptr<WalSync> wal_sync;   // null if the durability asks for no syncs
  std::shared_ptr<SideFile> side_file;
};

// Creates the file and the tables where needed.
// Errors: kUnavailable, kPermissionDenied, kCorrupt, kUnsupported, kResourceExhausted, kInvalidArgument.
Result<Database> open_database(const DatabaseOptions& options);

Result<std::unique_ptr<sqlite::Connection>> open_reader(const DatabaseOptions& options);

// For checkpoints alone, of a database that is open.
Result<std::unique_ptr<sqlite::Connection>> open_checkpointer(const std::string& path, Durability durability);

}  // namespace windlass::broker
