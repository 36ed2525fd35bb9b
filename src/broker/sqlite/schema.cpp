#include "broker/sqlite/schema.hpp"

#include <array>
#include <string>

#include "broker/sqlite/statements.hpp"

namespace windlass::broker {

namespace {

// Version 1.
//
// windlass_task is narrow and hot: a change of state rewrites some forty bytes and one index entry. What is written once
// (windlass_body), or only for some tasks (failure, result, progress, lock), stands beside it under the same seq.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE windlass_meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO windlass_meta VALUES('schema_version', 1);

CREATE TABLE windlass_queue(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  paused INTEGER NOT NULL DEFAULT 0,
  head INTEGER NOT NULL DEFAULT 0,
  tail INTEGER NOT NULL DEFAULT 0,
  turn INTEGER NOT NULL DEFAULT 0,
  active INTEGER NOT NULL DEFAULT 0,
  pending INTEGER NOT NULL DEFAULT 0,
  scheduled INTEGER NOT NULL DEFAULT 0,
  retry INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0,
  completed INTEGER NOT NULL DEFAULT 0,
  aggregating INTEGER NOT NULL DEFAULT 0,
  processed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  expired INTEGER NOT NULL DEFAULT 0);
CREATE TABLE windlass_stat(
  queue INTEGER NOT NULL, day INTEGER NOT NULL,
  processed INTEGER NOT NULL, failed INTEGER NOT NULL, expired INTEGER NOT NULL,
  PRIMARY KEY(queue, day)) WITHOUT ROWID;
CREATE TABLE windlass_type(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE windlass_task(
  seq INTEGER PRIMARY KEY,
  id NOT NULL,
  queue INTEGER NOT NULL,
  state INTEGER NOT NULL,
  ord INTEGER NOT NULL,
  since INTEGER NOT NULL,
  type INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  retried INTEGER NOT NULL,
  crashes INTEGER NOT NULL,
  fence INTEGER,
  holder INTEGER,
  ends INTEGER,
  grp INTEGER);
CREATE UNIQUE INDEX windlass_task_by_id ON windlass_task(id, queue);
CREATE INDEX windlass_task_by_order ON windlass_task(queue, state, ord);
CREATE INDEX windlass_task_by_group ON windlass_task(grp, ord) WHERE state = 7;
CREATE TABLE windlass_body(
  seq INTEGER PRIMARY KEY,
  payload BLOB,
  headers BLOB,
  max_retry INTEGER NOT NULL,
  timeout INTEGER,
  deadline INTEGER,
  retention INTEGER,
  unique_key TEXT,
  group_name TEXT,
  expires_at INTEGER,
  scheduled_at INTEGER,
  enqueued_at INTEGER);
CREATE TABLE windlass_failure(
  seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, message TEXT NOT NULL, exit_code INTEGER NOT NULL,
  signal INTEGER NOT NULL, detail TEXT NOT NULL, failed_at INTEGER NOT NULL);
CREATE TABLE windlass_result(seq INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE windlass_progress(seq INTEGER PRIMARY KEY, percent REAL NOT NULL, text TEXT NOT NULL);
CREATE TABLE windlass_lock(key TEXT PRIMARY KEY, task INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX windlass_lock_by_task ON windlass_lock(task);

CREATE TABLE windlass_owner(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, dead_at INTEGER, gone INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX windlass_owner_by_name ON windlass_owner(name) WHERE gone = 0;
CREATE TABLE windlass_server(
  name TEXT PRIMARY KEY, until INTEGER NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, concurrency INTEGER NOT NULL,
  queues BLOB NOT NULL, strict INTEGER NOT NULL, status TEXT NOT NULL, started_at INTEGER NOT NULL,
  running BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE windlass_cancel(
  id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, task TEXT NOT NULL, for_good INTEGER NOT NULL,
  until INTEGER NOT NULL);

CREATE TABLE windlass_group(
  id INTEGER PRIMARY KEY AUTOINCREMENT, queue INTEGER NOT NULL, name TEXT NOT NULL, waiting INTEGER NOT NULL DEFAULT 0,
  held INTEGER NOT NULL DEFAULT 0, first_at INTEGER NOT NULL DEFAULT 0, last_at INTEGER NOT NULL DEFAULT 0,
  UNIQUE(queue, name));
CREATE TABLE windlass_set(
  id INTEGER PRIMARY KEY AUTOINCREMENT, queue INTEGER NOT NULL, grp INTEGER NOT NULL, size INTEGER NOT NULL,
  until INTEGER NOT NULL);
CREATE INDEX windlass_set_by_queue ON windlass_set(queue);

CREATE TABLE windlass_scheduler(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, until INTEGER NOT NULL);
CREATE TABLE windlass_entry(scheduler TEXT NOT NULL, entry TEXT NOT NULL, record BLOB NOT NULL,
  PRIMARY KEY(scheduler, entry)) WITHOUT ROWID;
CREATE TABLE windlass_tick(entry TEXT NOT NULL, nominal INTEGER NOT NULL, until INTEGER NOT NULL,
  PRIMARY KEY(entry, nominal)) WITHOUT ROWID;
CREATE TABLE windlass_entry_log(entry TEXT PRIMARY KEY, last INTEGER NOT NULL, queue TEXT NOT NULL DEFAULT '',
  task TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE windlass_event(id INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL, nominal INTEGER NOT NULL,
  task TEXT NOT NULL, enqueued_at INTEGER NOT NULL);
CREATE INDEX windlass_event_by_entry ON windlass_event(entry);
)sql";

constexpr const char* kVersion2 = R"sql(
CREATE TABLE windlass_tick_run(entry TEXT NOT NULL, last INTEGER NOT NULL, after INTEGER NOT NULL, until INTEGER NOT NULL,
  PRIMARY KEY(entry, last)) WITHOUT ROWID;
INSERT INTO windlass_tick_run(entry, last, after, until)
  SELECT entry, max(nominal), min(nominal) - 1, max(until) FROM (
    SELECT entry, nominal, until, min(100, row_number() OVER (PARTITION BY entry ORDER BY nominal DESC)) AS run FROM windlass_tick)
  GROUP BY entry, run;
DROP TABLE windlass_tick;
)sql";

constexpr const char* kVersion3 = R"sql(
CREATE TABLE windlass_sample(queue TEXT NOT NULL, slot INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY(queue, slot)) WITHOUT ROWID;
INSERT INTO windlass_meta VALUES('sampled', 0);
)sql";

// kMigrations[n] leads from version n to n + 1. Append only: databases of every version are out there.
constexpr std::array<const char*, kSchemaVersion> kMigrations = {kVersion1, kVersion2, kVersion3};

Error newer_schema(const sqlite::Connection& db, int version) {
  return Error(ErrorCode::kUnsupported, "sqlite " + db.path() + ": its windlass tables have version " +
                                            std::to_string(version) + ", this program knows versions up to " +
                                            std::to_string(kSchemaVersion) + "; update windlass");
}

void migrate(sqlite::Connection& db, int from) {
  for (int version = from; version < kSchemaVersion; ++version) db.script(kMigrations[static_cast<std::size_t>(version)]);
  const std::string note = "UPDATE windlass_meta SET value = " + std::to_string(kSchemaVersion) + " WHERE key = 'schema_version'";
  db.script(note.c_str());
}

constexpr const char* kForgetLeases = R"sql(
UPDATE windlass_task SET ends = 0 WHERE state = 1 AND queue IN (SELECT id FROM windlass_queue);
UPDATE windlass_owner SET dead_at = 0;
DELETE FROM windlass_server;
DELETE FROM windlass_scheduler;
DELETE FROM windlass_entry;
UPDATE windlass_cancel SET until = 0;
)sql";

// Ends the transaction: with a commit if nothing failed.
Status end_transaction(sqlite::Connection& db) {
  db.script("COMMIT");
  std::optional<Error> failure = db.take_failure();
  if (db.in_transaction()) {
    db.script("ROLLBACK");
    db.take_failure();
  }
  if (failure) return *failure;
  return {};
}

}  // namespace

Result<int> read_schema_version(sqlite::Connection& db) {
  const auto table = db.ask("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'windlass_meta'");
  const auto version = table ? db.ask("SELECT value FROM windlass_meta WHERE key = 'schema_version'") : std::nullopt;
  if (auto failure = db.take_failure()) return *failure;
  if (!table) return 0;
  try {
    return std::stoi(version.value_or("none"));
  } catch (const std::exception&) {
    return Error(ErrorCode::kCorrupt, "sqlite " + db.path() + ": windlass_meta says no schema version; restore a backup");
  }
}

Status prepare_schema(sqlite::Connection& db) {
  Result<int> seen = read_schema_version(db);
  if (!seen) return seen.error();
  if (*seen == kSchemaVersion) return {};
  db.script("BEGIN IMMEDIATE");
  if (auto failure = db.take_failure()) return *failure;
  // Again, now that nobody else can be at it.
  const Result<int> version = read_schema_version(db);
  if (version && *version < kSchemaVersion) migrate(db, *version);
  const Status ended = end_transaction(db);
  if (!version) return version.error();
  if (*version > kSchemaVersion) return newer_schema(db, *version);
  return ended;
}

Status note_boot(sqlite::Connection& db, std::string_view boot_id) {
  const auto known = db.ask("SELECT value FROM windlass_meta WHERE key = 'boot'");
  if (auto failure = db.take_failure()) return *failure;
  if (known == boot_id) return {};
  db.script("BEGIN IMMEDIATE");
  if (auto failure = db.take_failure()) return *failure;
  if (db.ask("SELECT value FROM windlass_meta WHERE key = 'boot'") != boot_id) {
    if (known) db.script(kForgetLeases);
    db.execute(static_cast<std::size_t>(Sql::kBootSave), boot_id);
  }
  return end_transaction(db);
}

}  // namespace windlass::broker
