// Looks at the query plans of all statements, as SQLite makes them for an empty database. What is hot must find its rows
// through an index or by row number, and must not sort: a scan that nobody notices with ten tasks stops a server that has a
// million.
#include "broker/sqlite/statements.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/sqlite/schema.hpp"
#include "sqlite/connection.hpp"

namespace windlass::broker {
namespace {

std::unique_ptr<sqlite::Connection> empty_database() {
  auto db = *sqlite::Connection::open(":memory:", false, statement_texts());
  EXPECT_TRUE(prepare_schema(*db));
  return db;
}

std::vector<std::string> plan_of(sqlite::Connection& db, std::string_view sql) {
  const std::string text = "EXPLAIN QUERY PLAN " + std::string(sql);
  sqlite3_stmt* statement = nullptr;
  std::vector<std::string> lines;
  if (sqlite3_prepare_v2(db.raw(), text.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
    ADD_FAILURE() << sqlite3_errmsg(db.raw()) << "\n  " << sql;
    return lines;
  }
  while (sqlite3_step(statement) == SQLITE_ROW) lines.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 3)));
  sqlite3_finalize(statement);
  return lines;
}

// A subquery is read whole, but what it reads has a line of its own.
bool is_bad(const std::string& line) {
  return (line.starts_with("SCAN") && !line.starts_with("SCAN (subquery")) || line.find("TEMP B-TREE") != std::string::npos;
}

TEST(Statements, HotOnesNeitherScanNorSort) {
  const auto db = empty_database();
  int looked_at = 0;
  for (const StatementText& statement : all_statements()) {
    if (!statement.hot) continue;
    ++looked_at;
    for (const std::string& line : plan_of(*db, statement.text)) EXPECT_FALSE(is_bad(line)) << line << "\n  " << statement.text;
  }
  EXPECT_GT(looked_at, 60);
}

TEST(Statements, TheCheckSeesScansAndSorts) {
  const auto db = empty_database();
  const auto bad = [&](std::string_view sql) {
    const std::vector<std::string> plan = plan_of(*db, sql);
    return std::any_of(plan.begin(), plan.end(), is_bad);
  };
  EXPECT_TRUE(bad("SELECT 1 FROM windlass_task WHERE state = 2"));
  EXPECT_TRUE(bad("SELECT 1 FROM windlass_task WHERE queue = 1 AND state = 2 ORDER BY since"));
  EXPECT_FALSE(bad("SELECT 1 FROM windlass_task WHERE queue = 1 AND state = 2 ORDER BY ord"));
}

TEST(Statements, AllCanBePrepared) {
  const auto db = empty_database();
  for (const StatementText& statement : all_statements()) {
    sqlite3_stmt* prepared = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db->raw(), statement.text.data(), static_cast<int>(statement.text.size()), &prepared, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(db->raw()) << "\n  " << statement.text;
    sqlite3_finalize(prepared);
  }
}

}  // namespace
}  // namespace windlass::broker
