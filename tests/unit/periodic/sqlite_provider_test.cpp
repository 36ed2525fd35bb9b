// Entries from a query.
#include <sqlite3.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/periodic.hpp>

#include "core/option_text.hpp"
#include "support/child_process.hpp"

namespace windlass {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SqliteProvider : public ::testing::Test {
 protected:
  SqliteProvider() {
    sqlite3_open(path_.c_str(), &db_);
    sql("PRAGMA journal_mode = WAL");
    sql("CREATE TABLE jobs(name TEXT, cron TEXT, type TEXT, payload, queue TEXT, max_retry INT, headers TEXT, seconds "
        "INT)");
  }
  ~SqliteProvider() override { sqlite3_close(db_); }
  void sql(const std::string& text) {
    ASSERT_EQ(sqlite3_exec(db_, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db_);
  }
  std::string ask(const std::string& query) {
    const auto configs = sqlite_provider(path_, query)->configs({});
    return configs ? std::to_string(configs->size()) + " entries" : configs.error().message();
  }

  windlass::testing::TempDir dir_;
  const std::string path_ = dir_.file("app.db");
  sqlite3* db_ = nullptr;
};

TEST_F(SqliteProvider, RowsAreEntriesAndColumnsAreKeys) {
  sql(R"(INSERT INTO jobs VALUES('a', '@daily', 't', '{"x":1}', 'low', 3, '{"h":"v"}', 1),
                                ('b', '@hourly', 'u', x'00ff', NULL, NULL, NULL, NULL), ('c', '@hourly', 'u', NULL, NULL, NULL, NULL, 0))");
  const auto configs = sqlite_provider(path_, "SELECT * FROM jobs ORDER BY name")->configs({});
  ASSERT_TRUE(configs.ok()) << configs.error().message();
  ASSERT_EQ(configs->size(), 3u);
  EXPECT_EQ(configs->at(0).options, EntryOptions("a").seconds());
  EXPECT_EQ(configs->at(0).task.payload(), Payload(R"({"x":1})"));
  EXPECT_THAT(core::format_options(configs->at(0).task.options()),
              ElementsAre("Queue(\"low\")", "MaxRetry(3)", "Header([\"h\",\"v\"])"));
  EXPECT_EQ(configs->at(1).task.payload(), Payload(std::string("\0\xff", 2)));
  EXPECT_EQ(configs->at(2).task.payload(), Payload());
}

TEST_F(SqliteProvider, AChangeByAnyConnectionIsSeen) {
  const auto provider = sqlite_provider(path_, "SELECT name, cron, type FROM jobs");
  EXPECT_FALSE(provider->changed()) << "nothing was read yet";
  EXPECT_EQ(provider->configs({})->size(), 0u);
  EXPECT_FALSE(provider->changed());
  sql("INSERT INTO jobs(name, cron, type) VALUES('a', '@daily', 't')");
  EXPECT_TRUE(provider->changed());
  EXPECT_EQ(provider->configs({})->size(), 1u);
  EXPECT_FALSE(provider->changed());
}

TEST_F(SqliteProvider, WhatIsWrongIsSaid) {
  EXPECT_THAT(ask("SELECT x FROM nowhere"), HasSubstr("sqlite " + path_ + ": no such table: nowhere"));
  EXPECT_THAT(ask("INSERT INTO jobs(name) VALUES('x')"), HasSubstr("must return rows"));
  EXPECT_THAT(ask(""), HasSubstr("must return rows"));
  EXPECT_THAT(ask("SELECT 'a' AS name, 't' AS type"), HasSubstr("row 1: \"cron\" is missing"));
  EXPECT_THAT(ask("SELECT 'a' AS wrong"), HasSubstr("unknown key \"wrong\""));
  EXPECT_THAT(ask("SELECT '@daily' AS cron, 't' AS type, '{' AS headers"), HasSubstr("row 1: \"headers\": "));
  EXPECT_FALSE(sqlite_provider(dir_.file("none.db"), "SELECT 1")->configs({}).ok());
}

TEST_F(SqliteProvider, TheDatabaseIsOnlyRead) {
  EXPECT_FALSE(sqlite_provider(path_, "DELETE FROM jobs RETURNING name, cron, type")->configs({}).ok());
}

}  // namespace
}  // namespace windlass
