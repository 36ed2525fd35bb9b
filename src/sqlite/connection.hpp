// A connection to an SQLite database and the statements prepared on it: SQLite's C API with owners and errors.
//
//   auto n = db.run(kCountByName, "low");          // texts of statements come from the table given at the start
//   while (n.next()) use(n.integer(0));
//   db.execute(kRename, 7, "high");
//   if (db.failure()) return *db.failure();
//
// Failures stick: the first one is kept, and every statement after it does nothing and finds nothing, until it is taken by
// take_failure(). So a transaction is written as a plain sequence of statements with one check at its end.
//
// Knows nothing of queues. Leaves out: transactions (they are statements), blobs as streams, user functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/error.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace windlass::sqlite {

class Connection;

// Bytes, where a string_view would be bound as text.
struct Blob {
  std::string_view bytes;
};

// One value of a statement's parameters. Refers to text and blobs, does not own them.
class Value {
 public:
  enum class Kind : std::uint8_t { kNull, kInteger, kReal, kText, kBlob };

  Value(std::nullptr_t) {}                                                                       // NOLINT
  Value(bool b) : kind_(Kind::kInteger), integer_(b ? 1 : 0) {}                                  // NOLINT
  Value(int n) : kind_(Kind::kInteger), integer_(n) {}                                           // NOLINT
  Value(std::int64_t n) : kind_(Kind::kInteger), integer_(n) {}                                  // NOLINT
  Value(double d) : kind_(Kind::kReal), real_(d) {}                                              // NOLINT
  Value(std::string_view text) : kind_(Kind::kText), bytes_(text) {}                             // NOLINT
  Value(const std::string& text) : kind_(Kind::kText), bytes_(text) {}                           // NOLINT
  Value(const char* text) : kind_(Kind::kText), bytes_(text) {}                                  // NOLINT
  Value(Blob blob) : kind_(Kind::kBlob), bytes_(blob.bytes) {}                                   // NOLINT
  Value(std::optional<std::int64_t> n) { if (n) { kind_ = Kind::kInteger; integer_ = *n; } }     // NOLINT

  Kind kind() const { return kind_; }
  std::int64_t integer() const { return integer_; }
  double real() const { return real_; }
  std::string_view bytes() const { return bytes_; }

 private:
  Kind kind_ = Kind::kNull;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::string_view bytes_;
};

// One run of a statement, reset at its end. Confined to the thread that uses the connection; not to outlive it, and no two
// runs of one statement at a time.
class Cursor {
 public:
  Cursor(Connection& connection, sqlite3_stmt* statement) : connection_(&connection), statement_(statement) {}
  Cursor(Cursor&& other) noexcept;
  Cursor& operator=(Cursor&&) = delete;
  ~Cursor();

  // Steps to the next row. False at the end, and after a failure.
  bool next();

  // Of the row that next() came to. Views are valid until the next call of next().
  bool is_null(int column) const;
  bool is_blob(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view bytes(int column) const;
  std::string text(int column) const { return std::string(bytes(column)); }

 private:
  Connection* connection_;
  sqlite3_stmt* statement_;  // null: nothing to run, as the connection has failed
};

// Thread-compatible: one thread at a time (opened without SQLite's own mutexes).
class Connection {
 public:
  // Opens the file. `statements` is the table that run() and execute() index; it must outlive the connection.
  static Result<std::unique_ptr<Connection>> open(const std::string& path, bool read_only,
                                                  std::span<const std::string_view> statements);
  // Uses a connection that someone else owns; its statements are finalized with this object.
  static std::unique_ptr<Connection> borrow(sqlite3* connection, std::span<const std::string_view> statements);

  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  template <class... Args>
  Cursor run(std::size_t statement, const Args&... args) {
    const Value values[] = {Value(args)..., Value(nullptr)};
    return start(statement, std::span(values, sizeof...(Args)));
  }

  // Runs to the end; returns how many rows changed.
  template <class... Args>
  std::int64_t execute(std::size_t statement, const Args&... args) {
    const Value values[] = {Value(args)..., Value(nullptr)};
    return finish(statement, std::span(values, sizeof...(Args)));
  }

  // Any SQL, not cached, results dropped. Does nothing after a failure.
  void script(const char* sql);
  // First column of the first row of any SQL, as text; nothing if there is no row, or after a failure.
  std::optional<std::string> ask(const char* sql);

  // Pages in the write-ahead log after the last commit of this connection.
  int wal_pages() const { return wal_pages_; }
  // Copies as much of the write-ahead log into the database as readers allow.
  void checkpoint();
  // How long statements wait for locks of other connections.
  void set_busy_timeout(std::chrono::milliseconds timeout);

  std::int64_t last_row() const;
  // Rows changed since the connection was opened.
  std::int64_t changes_total() const;
  bool in_transaction() const;
  // Result code of the first failure.
  int failure_code() const { return failure_code_; }

  const std::optional<Error>& failure() const { return failure_; }
  std::optional<Error> take_failure();
  void record_failure(int result_code);

  sqlite3* raw() const { return db_; }
  const std::string& path() const { return path_; }

 private:
  Connection(sqlite3* connection, bool owned, std::string path, std::span<const std::string_view> statements);

  sqlite3_stmt* prepared(std::size_t statement);
  Cursor start(std::size_t statement, std::span<const Value> values);
  std::int64_t finish(std::size_t statement, std::span<const Value> values);

  sqlite3* db_;
  bool owned_;
  std::string path_;
  std::span<const std::string_view> texts_;
  std::vector<sqlite3_stmt*> statements_;  // by index; null until first used
  std::optional<Error> failure_;
  int failure_code_ = 0;
  int wal_pages_ = 0;
};

}  // namespace windlass::sqlite
