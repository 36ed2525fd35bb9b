#include "sqlite/connection.hpp"

#include <sqlite3.h>

#include <array>
#include <string_view>

#include <gtest/gtest.h>

#include "sqlite/error_map.hpp"

namespace windlass::sqlite {
namespace {

enum Text : std::size_t { kInsert, kSelect, kCount, kBroken };
constexpr std::array<std::string_view, 4> kTexts = {
    "INSERT INTO t(a, b) VALUES(?1, ?2)",
    "SELECT b FROM t WHERE a = ?1",
    "SELECT count(*) FROM t",
    "SELECT absent FROM nowhere",
};

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() : db_(*Connection::open(":memory:", false, kTexts)) {
    db_->script("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
  }
  std::int64_t rows() {
    auto row = db_->run(kCount);
    return row.next() ? row.integer(0) : -1;
  }

  std::unique_ptr<Connection> db_;
};

TEST_F(ConnectionTest, ValuesComeBackAsTheyWereBound) {
  const std::string bytes("a\0b", 3);
  db_->execute(kInsert, 1, nullptr);
  db_->execute(kInsert, 2, Blob{bytes});
  db_->execute(kInsert, 3, "text");
  db_->execute(kInsert, 4, 2.5);
  db_->execute(kInsert, 5, std::int64_t{-7});
  const auto read = [&](int key, auto check) {
    auto row = db_->run(kSelect, key);
    ASSERT_TRUE(row.next()) << key;
    check(row);
  };
  read(1, [](Cursor& row) { EXPECT_TRUE(row.is_null(0)); });
  read(2, [&](Cursor& row) { EXPECT_EQ(row.bytes(0), bytes); EXPECT_TRUE(row.is_blob(0)); });
  read(3, [](Cursor& row) { EXPECT_EQ(row.text(0), "text"); EXPECT_FALSE(row.is_blob(0)); });
  read(4, [](Cursor& row) { EXPECT_EQ(row.real(0), 2.5); });
  read(5, [](Cursor& row) { EXPECT_EQ(row.integer(0), -7); });
  EXPECT_FALSE(db_->failure());
}

TEST_F(ConnectionTest, AnEmptyBlobAndAnEmptyTextAreNotNull) {
  db_->execute(kInsert, 1, Blob{});
  db_->execute(kInsert, 2, std::string_view());
  for (const int key : {1, 2}) {
    auto row = db_->run(kSelect, key);
    ASSERT_TRUE(row.next());
    EXPECT_FALSE(row.is_null(0)) << key;
    EXPECT_EQ(row.bytes(0), "");
  }
}

TEST_F(ConnectionTest, ExecuteSaysHowManyRowsChanged) {
  EXPECT_EQ(db_->execute(kInsert, 1, "x"), 1);
  EXPECT_EQ(db_->last_row(), 1);
}

TEST_F(ConnectionTest, TheFirstFailureSticksUntilItIsTaken) {
  db_->execute(kInsert, 1, "x");
  EXPECT_EQ(db_->execute(kInsert, 1, "again"), 0);
  ASSERT_TRUE(db_->failure());
  const std::string first = db_->failure()->message();
  EXPECT_EQ(db_->execute(kInsert, 2, "not done"), 0);
  EXPECT_FALSE(db_->run(kSelect, 1).next()) << "nothing runs after a failure";
  EXPECT_EQ(db_->take_failure()->message(), first);
  EXPECT_EQ(rows(), 1);
}

TEST_F(ConnectionTest, AStatementThatCannotBePreparedFailsWhenItIsUsed) {
  EXPECT_FALSE(db_->run(kBroken).next());
  ASSERT_TRUE(db_->failure());
  EXPECT_NE(db_->failure()->message().find("nowhere"), std::string::npos) << db_->failure()->message();
}

TEST_F(ConnectionTest, AnInterruptedCursorLeavesTheStatementReady) {
  db_->execute(kInsert, 1, "x");
  { EXPECT_TRUE(db_->run(kSelect, 1).next()); }
  EXPECT_TRUE(db_->run(kSelect, 1).next());
}

TEST_F(ConnectionTest, ABorrowedConnectionStaysOpenAndItsStatementsGo) {
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(":memory:", &raw), SQLITE_OK);
  {
    const auto borrowed = Connection::borrow(raw, kTexts);
    borrowed->script("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    borrowed->execute(kInsert, 1, "x");
    EXPECT_FALSE(borrowed->failure());
  }
  EXPECT_EQ(sqlite3_close(raw), SQLITE_OK) << "statements were left behind";
}

TEST(ErrorMap, SaysWhatTheCallerCanDo) {
  const auto code = [](int result) { return error_of(result, nullptr, "x.db").code(); };
  EXPECT_EQ(code(SQLITE_FULL), ErrorCode::kResourceExhausted);
  EXPECT_EQ(code(SQLITE_NOTADB), ErrorCode::kCorrupt);
  EXPECT_EQ(code(SQLITE_CORRUPT_INDEX), ErrorCode::kCorrupt);
  EXPECT_EQ(code(SQLITE_BUSY), ErrorCode::kUnavailable);
  EXPECT_EQ(code(SQLITE_BUSY_SNAPSHOT), ErrorCode::kUnavailable);
  EXPECT_EQ(code(SQLITE_READONLY_DIRECTORY), ErrorCode::kPermissionDenied);
  EXPECT_EQ(code(SQLITE_IOERR_WRITE), ErrorCode::kUnavailable);
  EXPECT_EQ(code(SQLITE_MISUSE), ErrorCode::kInternal);
}

TEST(ErrorMap, NamesTheFileAndTheWayOut) {
  const std::string text = error_of(SQLITE_FULL, nullptr, "/data/x.db").message();
  EXPECT_NE(text.find("/data/x.db"), std::string::npos) << text;
  EXPECT_NE(text.find("free space"), std::string::npos) << text;
}

}  // namespace
}  // namespace windlass::sqlite
