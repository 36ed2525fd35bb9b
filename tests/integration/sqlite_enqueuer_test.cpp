// Tasks that come with the user's own transaction, or not at all.
#include <sqlite3.h>

#include <windlass/sqlite.hpp>

#include "broker/sqlite/side_file.hpp"
#include "integration/sqlite_fixture.hpp"

namespace windlass::testing {
namespace {

class SqliteEnqueuerTest : public SqliteBrokerTest {
 protected:
  SqliteEnqueuerTest() : broker_(open()) {
    EXPECT_EQ(sqlite3_open(options_.path.c_str(), &user_), SQLITE_OK);
    sqlite3_busy_timeout(user_, 1000);
    sql("CREATE TABLE orders(id)");
  }
  ~SqliteEnqueuerTest() override { EXPECT_EQ(sqlite3_close(user_), SQLITE_OK); }

  void sql(const std::string& text) { ASSERT_EQ(sqlite3_exec(user_, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(user_); }
  int orders() {
    int n = 0;
    sqlite3_exec(user_, "SELECT count(*) FROM orders", [](void* out, int, char** values, char**) {
      *static_cast<int*>(out) = std::atoi(values[0]);
      return 0;
    }, &n, nullptr);
    return n;
  }
  static Task confirm() { return Task("order:confirm", "1"); }
  static EnqueueOptions id(const std::string& text) { return EnqueueOptions().queue("q").task_id(text); }

  std::shared_ptr<Broker> broker_;
  sqlite3* user_ = nullptr;
};

TEST_F(SqliteEnqueuerTest, ATaskAppearsWithTheCommit) {
  SqliteEnqueuer tasks(user_);
  sql("BEGIN; INSERT INTO orders VALUES(1)");
  const TaskInfo info = get(tasks.enqueue(confirm(), id("1").header("k", "v").max_retry(3)));
  EXPECT_EQ(info.id, "1");
  EXPECT_EQ(info.state, TaskState::kPending);
  EXPECT_FALSE(exists(*broker_, "1")) << "before the commit";
  EXPECT_TRUE(fetch(*broker_).empty());
  sql("COMMIT");
  const std::vector<FetchedTask> fetched = fetch(*broker_);
  ASSERT_EQ(fetched.size(), 1U);
  EXPECT_EQ(fetched[0].message.type, "order:confirm");
  EXPECT_EQ(fetched[0].message.headers.at("k"), "v");
  EXPECT_EQ(fetched[0].message.max_retry, 3);
  expect_true_counters(*broker_);
}

TEST_F(SqliteEnqueuerTest, ATaskIsGoneWithTheRollback) {
  SqliteEnqueuer tasks(user_);
  sql("BEGIN; INSERT INTO orders VALUES(1)");
  get(tasks.enqueue(confirm(), id("1")));
  sql("ROLLBACK");
  EXPECT_FALSE(exists(*broker_, "1"));
  // What was looked up or registered in the undone transaction is not trusted in the next one.
  sql("BEGIN");
  get(tasks.enqueue(confirm(), id("2")));
  sql("COMMIT");
  EXPECT_EQ(fetch(*broker_).at(0).message.type, "order:confirm");
  expect_true_counters(*broker_);
}

TEST_F(SqliteEnqueuerTest, WithoutATransactionItHasOneOfItsOwn) {
  SqliteEnqueuer tasks(user_);
  get(tasks.enqueue(confirm(), id("1")));
  EXPECT_TRUE(exists(*broker_, "1"));
  EXPECT_NE(sqlite3_get_autocommit(user_), 0);
}

TEST_F(SqliteEnqueuerTest, ARefusedTaskLeavesTheTransactionAsItWas) {
  SqliteEnqueuer tasks(user_);
  get(tasks.enqueue(confirm(), id("1").unique(1h, "once")));
  sql("BEGIN; INSERT INTO orders VALUES(1)");
  EXPECT_EQ(tasks.enqueue(confirm(), id("1")).error().code(), ErrorCode::kTaskIdConflict);
  EXPECT_EQ(tasks.enqueue(confirm(), id("2").unique(1h, "once")).error().code(), ErrorCode::kDuplicateTask);
  EXPECT_EQ(tasks.enqueue(Task(" "), id("3")).error().code(), ErrorCode::kInvalidArgument);
  get(tasks.enqueue(confirm(), id("4")));
  sql("COMMIT");
  EXPECT_EQ(orders(), 1);
  EXPECT_FALSE(exists(*broker_, "2"));
  EXPECT_TRUE(exists(*broker_, "4"));
  EXPECT_EQ(size(*broker_), 2U);
  expect_true_counters(*broker_);
}

TEST_F(SqliteEnqueuerTest, ADatabaseWithoutTablesSaysHowToGetThem) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path("other.db").c_str(), &other), SQLITE_OK);
  {
    SqliteEnqueuer tasks(other);
    const auto refused = tasks.enqueue(confirm());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::kFailedPrecondition);
    EXPECT_NE(refused.error().message().find("open_broker(\"sqlite:"), std::string::npos) << refused.error().message();
  }
  EXPECT_EQ(sqlite3_close(other), SQLITE_OK);
  EXPECT_FALSE(std::filesystem::exists(path("other.db-windlass-lock")));
}

TEST_F(SqliteEnqueuerTest, ADatabaseLockedBySomeoneElseIsUnavailable) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(options_.path.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_busy_timeout(user_, 0);
  SqliteEnqueuer tasks(user_);
  EXPECT_EQ(tasks.enqueue(confirm(), id("1")).error().code(), ErrorCode::kUnavailable);
  sql("BEGIN");
  EXPECT_EQ(tasks.enqueue(confirm(), id("1")).error().code(), ErrorCode::kUnavailable);
  sql("COMMIT");
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  get(tasks.enqueue(confirm(), id("1")));
}

TEST_F(SqliteEnqueuerTest, TheCommitRingsTheBellAndARollbackDoesNot) {
  SqliteEnqueuer tasks(user_);
  SideFile::Listener bell(get(SideFile::open(options_.path)), bell_pending("q"));
  sql("BEGIN");
  get(tasks.enqueue(confirm(), id("1")));
  EXPECT_FALSE(bell.take_ring()) << "before the commit";
  sql("ROLLBACK; BEGIN");
  EXPECT_FALSE(bell.take_ring()) << "after a rollback";
  get(tasks.enqueue(confirm(), id("2")));
  sql("COMMIT");
  EXPECT_TRUE(bell.take_ring());
  sql("BEGIN; INSERT INTO orders VALUES(1); COMMIT");
  EXPECT_FALSE(bell.take_ring()) << "nothing was enqueued";
}

TEST_F(SqliteEnqueuerTest, ASecondOneOnTheSameConnectionWorksAlsoWhenTheFirstIsGone) {
  sql("BEGIN");
  {
    SqliteEnqueuer first(user_);
    get(first.enqueue(confirm(), id("1")));
  }
  SqliteEnqueuer second(user_);
  get(second.enqueue(confirm(), id("2")));
  SideFile::Listener bell(get(SideFile::open(options_.path)), bell_pending("q"));
  sql("COMMIT");
  EXPECT_TRUE(bell.take_ring());
  EXPECT_EQ(size(*broker_), 2U);
}

TEST_F(SqliteEnqueuerTest, AnEnqueuerCanBeMoved) {
  SqliteEnqueuer first(user_);
  SqliteEnqueuer second(std::move(first));
  get(second.enqueue(confirm(), id("1")));
  EXPECT_TRUE(exists(*broker_, "1"));
}

}  // namespace
}  // namespace windlass::testing
