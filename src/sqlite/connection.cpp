#include "sqlite/connection.hpp"

#include <sqlite3.h>

#include <cassert>
#include <utility>

#include "sqlite/error_map.hpp"

namespace windlass::sqlite {

namespace {

int bind_value(sqlite3_stmt* statement, int index, const Value& value, sqlite3_destructor_type lifetime) {
  switch (value.kind()) {
    case Value::Kind::kNull: return sqlite3_bind_null(statement, index);
    case Value::Kind::kInteger: return sqlite3_bind_int64(statement, index, value.integer());
    case Value::Kind::kReal: return sqlite3_bind_double(statement, index, value.real());
    // A null pointer would bind NULL: an empty text or blob is not NULL.
    case Value::Kind::kText:
      return sqlite3_bind_text64(statement, index, value.bytes().data() == nullptr ? "" : value.bytes().data(),
                                 value.bytes().size(), lifetime, SQLITE_UTF8);
    case Value::Kind::kBlob:
      if (value.bytes().empty()) return sqlite3_bind_zeroblob(statement, index, 0);
      return sqlite3_bind_blob64(statement, index, value.bytes().data(), value.bytes().size(), lifetime);
  }
  return SQLITE_MISUSE;
}

int bind_all(sqlite3_stmt* statement, std::span<const Value> values, sqlite3_destructor_type lifetime) {
  assert(static_cast<int>(values.size()) == sqlite3_bind_parameter_count(statement));
  int index = 0;
  for (const Value& value : values) {
    const int code = bind_value(statement, ++index, value, lifetime);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

}  // namespace

Cursor::Cursor(Cursor&& other) noexcept
    : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)) {}

Cursor::~Cursor() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
}

bool Cursor::next() {
  if (statement_ == nullptr) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_->record_failure(code);
  sqlite3_reset(std::exchange(statement_, nullptr));
  return false;
}

bool Cursor::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
bool Cursor::is_blob(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_BLOB; }
std::int64_t Cursor::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Cursor::real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view Cursor::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, bool read_only,
                                                     std::span<const std::string_view> statements) {
  sqlite3* db = nullptr;
  const int access = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &db, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code != SQLITE_OK) {
    Error error = error_of(code, db, path);
    sqlite3_close(db);
    return error;
  }
  std::unique_ptr<Connection> opened(new Connection(db, true, path, statements));
  // Replaces SQLite's own checkpoint after 1000 pages: the owner decides when.
  sqlite3_wal_hook(
      db,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Connection*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      opened.get());
  return opened;
}

std::unique_ptr<Connection> Connection::borrow(sqlite3* connection, std::span<const std::string_view> statements) {
  const char* file = sqlite3_db_filename(connection, "main");
  return std::unique_ptr<Connection>(
      new Connection(connection, false, file == nullptr || *file == '\0' ? "(no file)" : file, statements));
}

Connection::Connection(sqlite3* connection, bool owned, std::string path, std::span<const std::string_view> statements)
    : db_(connection), owned_(owned), path_(std::move(path)), texts_(statements), statements_(statements.size()) {}

Connection::~Connection() {
  for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
  if (owned_) sqlite3_close(db_);
}

sqlite3_stmt* Connection::prepared(std::size_t statement) {
  assert(statement < statements_.size());
  sqlite3_stmt*& slot = statements_[statement];
  if (slot == nullptr) {
    const std::string_view text = texts_[statement];
    const int code = sqlite3_prepare_v3(db_, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT, &slot,
                                        nullptr);
    if (code != SQLITE_OK) record_failure(sqlite3_extended_errcode(db_));
  }
  return slot;
}

Cursor Connection::start(std::size_t statement, std::span<const Value> values) {
  if (failure_) return Cursor(*this, nullptr);
  sqlite3_stmt* const ready = prepared(statement);
  if (ready == nullptr) return Cursor(*this, nullptr);
  assert(sqlite3_stmt_busy(ready) == 0);
  if (const int code = bind_all(ready, values, SQLITE_TRANSIENT); code != SQLITE_OK) {
    record_failure(code);
    return Cursor(*this, nullptr);
  }
  return Cursor(*this, ready);
}

std::int64_t Connection::finish(std::size_t statement, std::span<const Value> values) {
  if (failure_) return 0;
  sqlite3_stmt* const ready = prepared(statement);
  if (ready == nullptr) return 0;
  int code = bind_all(ready, values, SQLITE_STATIC);
  while (code == SQLITE_OK || code == SQLITE_ROW) code = sqlite3_step(ready);
  if (code != SQLITE_DONE) record_failure(code);
  sqlite3_reset(ready);
  return code == SQLITE_DONE ? sqlite3_changes64(db_) : 0;
}

void Connection::script(const char* sql) {
  if (failure_) return;
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) record_failure(sqlite3_extended_errcode(db_));
}

std::optional<std::string> Connection::ask(const char* sql) {
  if (failure_) return std::nullopt;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) {
    record_failure(sqlite3_extended_errcode(db_));
    return std::nullopt;
  }
  Cursor cursor(*this, statement);
  std::optional<std::string> answer;
  if (cursor.next()) answer = cursor.text(0);
  while (cursor.next()) {
  }
  sqlite3_finalize(statement);
  return answer;
}

void Connection::checkpoint() {
  if (failure_) return;
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  wal_pages_ = 0;
  if (code != SQLITE_OK && code != SQLITE_BUSY) record_failure(code);
}

void Connection::set_busy_timeout(std::chrono::milliseconds timeout) {
  sqlite3_busy_timeout(db_, static_cast<int>(timeout.count()));
}

std::int64_t Connection::last_row() const { return sqlite3_last_insert_rowid(db_); }
std::int64_t Connection::changes_total() const { return sqlite3_total_changes64(db_); }
bool Connection::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

std::optional<Error> Connection::take_failure() {
  failure_code_ = 0;
  return std::exchange(failure_, std::nullopt);
}

void Connection::record_failure(int result_code) {
  if (failure_) return;
  // A borrowed connection may answer with primary codes only.
  const int extended = sqlite3_extended_errcode(db_);
  failure_code_ = (extended & 0xff) == (result_code & 0xff) ? extended : result_code;
  failure_ = error_of(failure_code_, db_, path_);
}

}  // namespace windlass::sqlite
