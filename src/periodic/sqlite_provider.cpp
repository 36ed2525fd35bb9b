#include <algorithm>
#include <utility>

#include <sqlite3.h>

#include <windlass/periodic.hpp>

#include "periodic/config_reader.hpp"
#include "sqlite/connection.hpp"

namespace windlass {
namespace {

using codec::Value;

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using StatementPtr = std::unique_ptr<sqlite3_stmt, Finalize>;

class SqliteProvider final : public PeriodicTaskConfigProvider {
 public:
  SqliteProvider(std::string path, std::string query) : path_(std::move(path)), query_(std::move(query)) {}

  Result<PeriodicTaskConfigs> configs(std::stop_token /*stop*/) override {
    auto found = run();
    if (!found) return found.error().at("sqlite " + path_);
    return found;
  }

  bool changed() override { return db_ != nullptr && version() != version_; }

 private:
  // Changes with every commit of another connection.
  std::string version() { return db_->ask("PRAGMA data_version").value_or(""); }

  Result<PeriodicTaskConfigs> run() {
    if (!db_) {
      auto opened = sqlite::Connection::open(path_, true, {});
      if (!opened) return opened.error();
      db_ = *std::move(opened);
    }
    version_ = version();
    auto rows = read();
    // Opened anew next time: the file may have been replaced.
    if (!rows) db_.reset();
    return rows;
  }

  Result<PeriodicTaskConfigs> read() {
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(db_->raw(), query_.c_str(), -1, &prepared, nullptr) != SQLITE_OK) return failure();
    const StatementPtr statement(prepared);
    if (statement == nullptr || sqlite3_column_count(statement.get()) == 0) {
      return Error(ErrorCode::kInvalidArgument, "the query must return rows: " + query_);
    }
    PeriodicTaskConfigs configs;
    int step = sqlite3_step(statement.get());
    for (; step == SQLITE_ROW; step = sqlite3_step(statement.get())) {
      auto row = row_of(statement.get());
      auto config = row ? periodic::read_config(*row) : Result<PeriodicTaskConfig>(row.error());
      if (!config) return config.error().at("row " + std::to_string(configs.size() + 1));
      configs.push_back(*std::move(config));
    }
    if (step != SQLITE_DONE) return failure();
    return configs;
  }

  Error failure() const { return Error(ErrorCode::kUnavailable, sqlite3_errmsg(db_->raw())); }

  // By the names of its columns; NULL is as if the column were not there.
  static Result<Value> row_of(sqlite3_stmt* statement) {
    Value::Object row;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      if (sqlite3_column_type(statement, i) == SQLITE_NULL) continue;
      const std::string name = sqlite3_column_name(statement, i);
      auto value = value_of(statement, i, name);
      if (!value) return value.error().at("\"" + name + "\"");
      row.push_back({name, *std::move(value)});
    }
    return Value(std::move(row));
  }

  static Result<Value> value_of(sqlite3_stmt* statement, int i, const std::string& name) {
    const int type = sqlite3_column_type(statement, i);
    const std::int64_t integer = sqlite3_column_int64(statement, i);
    if (type == SQLITE_INTEGER && name == "seconds") return Value(integer != 0);
    if (type == SQLITE_INTEGER && name != "payload") return Value(integer);
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement, i));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
    std::string bytes(data == nullptr ? "" : data, size);
    if (name == "headers") return codec::parse_json(bytes);
    if (name == "payload") return Value(codec::Bytes(std::move(bytes)));
    return Value(std::move(bytes));
  }

  const std::string path_;
  const std::string query_;
  std::unique_ptr<sqlite::Connection> db_;
  std::string version_;
};

}  // namespace

ProviderPtr sqlite_provider(std::string path, std::string query) {
  return std::make_shared<SqliteProvider>(std::move(path), std::move(query));
}

}  // namespace windlass
