// Opening: new files, foreign files, files of other versions, and files of others.
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "broker/sqlite/schema.hpp"
#include "integration/sqlite_fixture.hpp"

namespace windlass::testing {
namespace {

class SqliteOpen : public SqliteBrokerTest {
 protected:
  // Runs SQL on the file with a connection that knows nothing of windlass; returns the first value.
  std::string sql(const std::string& text) const {
    sqlite3* db = nullptr;
    EXPECT_EQ(sqlite3_open(options_.path.c_str(), &db), SQLITE_OK);
    std::string value;
    char* message = nullptr;
    sqlite3_exec(
        db, text.c_str(),
        [](void* out, int, char** values, char**) {
          *static_cast<std::string*>(out) = values[0] != nullptr ? values[0] : "";
          return 0;
        },
        &value, &message);
    EXPECT_EQ(message, nullptr) << message;
    sqlite3_free(message);
    sqlite3_close(db);
    return value;
  }
  static mode_t mode_of(const std::string& file) {
    struct stat status{};
    EXPECT_EQ(stat(file.c_str(), &status), 0) << file;
    return status.st_mode & 0777;
  }
  void write_file(const std::string& bytes) const { std::ofstream(options_.path, std::ios::binary) << bytes; }
  std::string read_file() const {
    std::ostringstream out;
    out << std::ifstream(options_.path, std::ios::binary).rdbuf();
    return out.str();
  }
};

TEST_F(SqliteOpen, NewFilesAreTheirOwnersAlone) {
  const auto broker = open();
  put(*broker, "1");
  for (const char* suffix : {"", "-wal", "-shm", "-windlass-lock"}) EXPECT_EQ(mode_of(options_.path + suffix), 0600U) << suffix;
}

TEST_F(SqliteOpen, TheSideFileIsSharedAsTheDatabaseIs) {
  write_file("");
  ASSERT_EQ(chmod(options_.path.c_str(), 0660), 0);
  const auto broker = open();
  EXPECT_EQ(mode_of(options_.path + "-windlass-lock"), 0660U);
}

TEST_F(SqliteOpen, OnlyAFileThatIsSyncedPromisesThatTasksAreOnDisk) {
  const auto put_synced = [](Broker& broker, const std::string& id, EnqueueDurability durability) {
    NewTask made = task(id);
    made.durability = durability;
    return broker.enqueue({&made, 1});
  };
  EXPECT_TRUE(put_synced(*open(), "a", EnqueueDurability::local_fsync()).ok());
  EXPECT_EQ(put_synced(*open(), "b", EnqueueDurability::replicated(1)).error().code(), ErrorCode::kUnsupported);
  options_.durability = Durability::kNormal;
  const auto refused = put_synced(*open(), "b", EnqueueDurability::local_fsync());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(size(*open()), 1u) << "what is refused is not stored";
}

TEST_F(SqliteOpen, AMissingFolderIsNamed) {
  options_.path = path("no/such/tasks.db");
  EXPECT_EQ(open_error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(open_error().message().find(path("no/such")), std::string::npos) << open_error().message();
}

TEST_F(SqliteOpen, AFileThatIsNoDatabaseIsRefusedAndLeftAlone) {
  const std::string letter = "Dear Sir or Madam, this is a letter and no database." + std::string(2000, '.');
  write_file(letter);
  EXPECT_EQ(open_error().code(), ErrorCode::kCorrupt);
  EXPECT_NE(open_error().message().find(options_.path), std::string::npos) << open_error().message();
  EXPECT_EQ(read_file(), letter);
}

TEST_F(SqliteOpen, ADamagedDatabaseIsRefused) {
  { const auto broker = open(); }
  std::string bytes = read_file();
  std::fill(bytes.begin() + 100, bytes.begin() + 4000, '\xaa');
  write_file(bytes);
  EXPECT_EQ(open_error().code(), ErrorCode::kCorrupt) << open_error().message();
}

TEST_F(SqliteOpen, ANewerSchemaIsRefusedAndBothVersionsAreNamed) {
  { const auto broker = open(); }
  sql("UPDATE windlass_meta SET value = 7 WHERE key = 'schema_version'");
  EXPECT_EQ(open_error().code(), ErrorCode::kUnsupported);
  EXPECT_NE(open_error().message().find("version 7"), std::string::npos) << open_error().message();
  EXPECT_NE(open_error().message().find("up to " + std::to_string(kSchemaVersion)), std::string::npos) << open_error().message();
  EXPECT_EQ(sql("SELECT value FROM windlass_meta WHERE key = 'schema_version'"), "7") << "it was changed";
}

TEST_F(SqliteOpen, TicksTakenUnderTheFirstSchemaStayTaken) {
  { const auto broker = open(); }
  const std::string soon = std::to_string((base::real_clock().now() + 1h).time_since_epoch().count());
  sql("DROP TABLE windlass_sample; DELETE FROM windlass_meta WHERE key = 'sampled'; DROP TABLE windlass_tick_run; UPDATE windlass_meta SET value = 1 WHERE key = 'schema_version';"
      "CREATE TABLE windlass_tick(entry TEXT NOT NULL, nominal INTEGER NOT NULL, until INTEGER NOT NULL, "
      "PRIMARY KEY(entry, nominal)) WITHOUT ROWID;"
      "INSERT INTO windlass_tick VALUES('e', 1000, " + soon + "), ('e', 3000, " + soon + "), ('e', 9000, " + soon + ");"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) "
      "INSERT INTO windlass_tick SELECT 'many', i * 1000, " + soon + " FROM n");
  const auto broker = open();
  const auto put_tick = [&](std::int64_t nominal, const std::string& entry = "e") {
    NewTask made = task(entry + std::to_string(nominal));
    made.tick = Tick{entry, TimePoint(Duration(nominal))};
    return get(broker->enqueue({&made, 1})).at(0).status;
  };
  EXPECT_EQ(put_tick(1000), EnqueueStatus::kTickTaken);
  EXPECT_EQ(put_tick(3000), EnqueueStatus::kTickTaken);
  EXPECT_EQ(put_tick(9000), EnqueueStatus::kTickTaken);
  EXPECT_EQ(put_tick(4000), EnqueueStatus::kEnqueued) << "one that is far ahead says nothing about those before it";
  for (const int i : {1, 150, 201, 202, 300}) EXPECT_EQ(put_tick(i * 1000, "many"), EnqueueStatus::kTickTaken) << i;
  EXPECT_EQ(sql("SELECT count(*) FROM windlass_tick_run WHERE entry = 'many'"), std::to_string(kTickRuns));
  EXPECT_EQ(put_tick(150'500, "many"), EnqueueStatus::kTickTaken) << "of too many runs the earliest become one";
  EXPECT_EQ(put_tick(250'500, "many"), EnqueueStatus::kEnqueued);
  EXPECT_EQ(sql("SELECT count(*) FROM sqlite_schema WHERE name = 'windlass_tick'"), "0");
}

TEST_F(SqliteOpen, TheTablesLiveBesideThoseOfAUser) {
  sql("CREATE TABLE orders(id); INSERT INTO orders VALUES('mine'); PRAGMA user_version = 42; PRAGMA application_id = 43");
  {
    const auto broker = open();
    put(*broker, "1");
  }
  EXPECT_EQ(sql("SELECT id FROM orders"), "mine");
  EXPECT_EQ(sql("PRAGMA user_version"), "42");
  EXPECT_EQ(sql("PRAGMA application_id"), "43");
  EXPECT_EQ(sql("SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'windlass%' AND name NOT LIKE 'sqlite%'"), "1");
  const auto again = open();
  EXPECT_TRUE(exists(*again, "1"));
}

TEST_F(SqliteOpen, ASymbolicLinkLeadsToTheSameLockAndBell) {
  const auto broker = open();
  std::filesystem::create_symlink(options_.path, path("link.db"));
  options_.path = path("link.db");
  const auto linked = open();
  put(*linked, "1");
  EXPECT_TRUE(exists(*broker, "1"));
  EXPECT_FALSE(std::filesystem::exists(path("link.db-windlass-lock")));
}

TEST_F(SqliteOpen, AFileOfSomebodyElseIsRefusedByName) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  { const auto broker = open(); }
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  const int code = wait_for(spawn([&] {
    if (setresuid(65534, 65534, 65534) != 0) return 1;
    const Error error = open_error();
    if (error.message().find(options_.path) == std::string::npos) return 2;
    return error.code() == ErrorCode::kPermissionDenied ? 0 : 3;
  }));
  EXPECT_EQ(code, 0);
}

TEST_F(SqliteOpen, AFileThatMayOnlyBeReadIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  { const auto broker = open(); }
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  ASSERT_EQ(chmod(options_.path.c_str(), 0444), 0);
  const int code = wait_for(spawn([&] {
    if (setresuid(65534, 65534, 65534) != 0) return 1;
    return open_error().code() == ErrorCode::kPermissionDenied ? 0 : 3;
  }));
  EXPECT_EQ(code, 0);
}

TEST_F(SqliteOpen, WhatWasLeasedBeforeTheMachineStartedAgainCanBeRecovered) {
  options_.boot_id = "first";
  {
    const auto broker = open();
    put(*broker, "1");
    ASSERT_TRUE(broker->keep_alive("server", 1h));
    ASSERT_EQ(fetch(*broker).size(), 1U);
  }
  {
    const auto same_boot = open();
    EXPECT_TRUE(get(same_boot->recover({.queues = {"q"}})).empty()) << "its server may be alive";
  }
  options_.boot_id = "second";
  const auto next_boot = open();
  const std::vector<RecoveredTask> recovered = get(next_boot->recover({.queues = {"q"}}));
  ASSERT_EQ(recovered.size(), 1U);
  EXPECT_EQ(recovered[0].owner, "server");
}

TEST_F(SqliteOpen, ProcessesThatStartTogetherOnANewFileAllSucceed) {
  constexpr int kProcesses = 4;
  for (int round = 0; round < 10; ++round) {
    options_.path = path("race-" + std::to_string(round) + ".db");
    int gate[2];
    ASSERT_EQ(pipe(gate), 0);
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
      children.push_back(spawn([&] {
        close(gate[1]);
        char byte = 0;
        if (read(gate[0], &byte, 1) != 0) return 1;  // ends when the parent opens the gate
        put(*open(), "task-" + std::to_string(i));
        return 0;
      }));
    }
    close(gate[0]);
    close(gate[1]);
    for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0) << "round " << round;
    EXPECT_EQ(size(*open()), static_cast<std::uint64_t>(kProcesses)) << "round " << round;
  }
}

}  // namespace
}  // namespace windlass::testing
