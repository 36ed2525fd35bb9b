#include "broker/sqlite/database.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "broker/sqlite/schema.hpp"
#include "broker/sqlite/statements.hpp"
#include "sqlite/file.hpp"

namespace windlass::broker {

namespace {

// Debian builds SQLite with secure_delete on: every deleted row would be overwritten with zeros.
constexpr const char* kPragmas = R"sql(
PRAGMA secure_delete = OFF;
PRAGMA foreign_keys = OFF;
PRAGMA trusted_schema = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -4096;
)sql";

std::string kernel_boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id.empty() ? "unknown" : id;
}

// The lock and the bell must be the same file for all, whatever links led them here.
std::string real_path(const std::string& path) {
  char* const resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string text(resolved);
  std::free(resolved);
  return text;
}

Status switch_to_wal(sqlite::Connection& db) {
  const auto mode = db.ask("PRAGMA journal_mode = WAL");
  if (auto failure = db.take_failure()) return *failure;
  if (mode == "wal") return {};
  return Error(ErrorCode::kUnsupported, "sqlite " + db.path() + ": its file system has no shared memory for a write-ahead log" +
                                            " (journal mode is " + mode.value_or("unknown") + "); use a local disk");
}

// NORMAL also for the full durability: the log is synced apart from the commit, see wal_sync.hpp.
const char* sync_pragma(Durability durability) {
  return durability == Durability::kOff ? "PRAGMA synchronous = OFF" : "PRAGMA synchronous = NORMAL";
}

Status set_up(sqlite::Connection& db, const DatabaseOptions& options) {
  db.set_busy_timeout(options.patience);
  db.script(kPragmas);
  // Reading the tables first tells a file that is no database before anything is written to it.
  if (Result<int> version = read_schema_version(db); !version) return version.error();
  if (Status wal = switch_to_wal(db); !wal) return wal;
  db.script(sync_pragma(options.durability));
  db.script("PRAGMA journal_size_limit = 67108864");
  if (auto failure = db.take_failure()) return *failure;
  if (Status tables = prepare_schema(db); !tables) return tables;
  return note_boot(db, options.boot_id.empty() ? kernel_boot_id() : options.boot_id);
}

}  // namespace

std::string_view durability_name(Durability durability) {
  switch (durability) {
    case Durability::kFull: return "full";
    case Durability::kNormal: return "normal";
    case Durability::kOff: return "off";
  }
  return "unknown";
}

Result<Database> open_database(const DatabaseOptions& options) {
  if (Status file = sqlite::prepare_file(options.path); !file) return file.error();
  const std::string path = real_path(options.path);
  Result<std::shared_ptr<SideFile>> side_file = SideFile::open(path);
  if (!side_file) return side_file.error();
  // One after the other: SQLite gives up at once when two switch a file to the write-ahead log together.
  if (Status turn = (*side_file)->lock(options.patience); !turn) return turn.error();
  Result<std::unique_ptr<sqlite::Connection>> db = sqlite::Connection::open(path, false, statement_texts());
  const Status ready = db ? set_up(**db, options) : Status(db.error());
  (*side_file)->unlock();
  if (!ready) return ready.error();
  Database database{std::move(*db), nullptr, std::move(*side_file)};
  if (options.durability != Durability::kFull) return database;
  Result<std::unique_ptr<WalSync>> wal_sync = WalSync::open(path);
  if (!wal_sync) return wal_sync.error();
  database.wal_sync = std::move(*wal_sync);
  return database;
}

Result<std::unique_ptr<sqlite::Connection>> open_reader(const DatabaseOptions& options) {
  Result<std::unique_ptr<sqlite::Connection>> db = sqlite::Connection::open(real_path(options.path), true, statement_texts());
  if (!db) return db;
  (*db)->set_busy_timeout(options.patience);
  (*db)->script("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -1024");
  if (auto failure = (*db)->take_failure()) return *failure;
  return db;
}

Result<std::unique_ptr<sqlite::Connection>> open_checkpointer(const std::string& path, Durability durability) {
  Result<std::unique_ptr<sqlite::Connection>> db = sqlite::Connection::open(path, false, statement_texts());
  if (!db) return db;
  (*db)->script(sync_pragma(durability));
  // A connection finds the log by reading, and a checkpoint without it does nothing.
  (*db)->ask("PRAGMA schema_version");
  if (auto failure = (*db)->take_failure()) return *failure;
  return db;
}

}  // namespace windlass::broker
