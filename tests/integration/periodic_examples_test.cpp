// Every program examples/periodic_*, run as its user runs it.
#include <sqlite3.h>

#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "running_program.hpp"
#include "support/child_process.hpp"
#include "support/http_stub.hpp"

namespace windlass::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class PeriodicExample : public ::testing::Test {
 protected:
  RunningProgram start(const std::string& name, std::vector<std::string> more = {}) {
    const std::string program = std::string(WINDLASS_EXAMPLES) + "/example_periodic_" + name;
    std::vector<std::string> argv = {program, "sqlite:" + dir_.file("tasks.db")};
    argv.insert(argv.end(), more.begin(), more.end());
    return RunningProgram(argv);
  }
  void SetUp() override {
    if (!std::filesystem::exists(std::string(WINDLASS_EXAMPLES) + "/example_periodic_static")) {
      GTEST_SKIP() << "the examples were not built";
    }
  }

  TempDir dir_;
};

TEST_F(PeriodicExample, StaticEntriesRunInTheServersProcess) {
  RunningProgram program = start("static");
  EXPECT_TRUE(program.wait_for("heartbeat of ", 2)) << program.err();
  EXPECT_EQ(program.end(), 0) << program.err();
  EXPECT_THAT(program.out(), ContainsRegex("heartbeat of 20[0-9-]+T[0-9:]+Z"));
}

TEST_F(PeriodicExample, AFactoryMakesThePayloadFromTheTick) {
  RunningProgram program = start("factory");
  EXPECT_TRUE(program.wait_for("sum from", 2)) << program.err();
  EXPECT_EQ(program.end(), 0);
  const std::string out = program.out();
  const std::size_t until = out.find("until ") + 6, tick = out.find("tick ") + 5;
  EXPECT_EQ(out.substr(until, 10), out.substr(tick, 10)) << "the payload and ctx.scheduled_at() say the same tick";
}

TEST_F(PeriodicExample, EntriesFromMemoryComeWhileItRuns) {
  RunningProgram program = start("memory");
  EXPECT_TRUE(program.wait_for("digest for ada")) << program.err();
  EXPECT_TRUE(program.wait_for("digest for grace")) << program.err();
  EXPECT_EQ(program.end(), 0);
}

TEST_F(PeriodicExample, EntriesFromADatabaseFollowItsChanges) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(dir_.file("app.db").c_str(), &db), SQLITE_OK);
  const auto sql = [&](const char* text) {
    ASSERT_EQ(sqlite3_exec(db, text, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  };
  sql("PRAGMA journal_mode = WAL; CREATE TABLE jobs(name TEXT, cron TEXT, payload TEXT, enabled INT);"
      "INSERT INTO jobs VALUES('a', '@every 1s', 'first', 1), ('b', '@every 1s', 'second', 0)");
  RunningProgram program = start("database", {dir_.file("app.db")});
  EXPECT_TRUE(program.wait_for("job first")) << program.err();
  sql("UPDATE jobs SET enabled = 1");
  EXPECT_TRUE(program.wait_for("job second")) << program.err();
  EXPECT_EQ(program.end(), 0);
  sqlite3_close(db);
}

TEST_F(PeriodicExample, EntriesFromAWebServiceFollowItsChanges) {
  const auto list = [](const std::string& name) {
    return HttpStub::ok(R"([{"name":")" + name + R"(","cron":"@every 1s","type":"job","payload":")" + name + R"("}])",
                        "ETag: \"" + name + "\"\r\n");
  };
  HttpStub service([&](const std::string& request) {
    return request.find("If-None-Match: \"one\"") != std::string::npos ? "HTTP/1.1 304 Not Modified\r\n\r\n"
                                                                       : list("one");
  });
  RunningProgram program = start("http", {service.url()});
  EXPECT_TRUE(program.wait_for("job one", 2)) << program.err();
  EXPECT_THAT(service.requests().at(0), HasSubstr("Authorization: Bearer example"));
  service.answer([&](const std::string&) { return "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"; });
  EXPECT_TRUE(program.wait_for_error("the answer is status 500"));
  service.answer([&](const std::string&) { return list("two"); });
  EXPECT_TRUE(program.wait_for("job two")) << program.err();
  EXPECT_EQ(program.end(), 0);
}

TEST_F(PeriodicExample, SchedulerAndServerAreTwoProcesses) {
  RunningProgram one = start("two_processes", {"scheduler"});
  RunningProgram other = start("two_processes", {"scheduler"});
  RunningProgram server = start("two_processes", {"server"});
  EXPECT_TRUE(server.wait_for("tick ", 3)) << server.err();
  EXPECT_EQ(one.end(), 0);
  EXPECT_EQ(other.end(), 0);
  EXPECT_EQ(server.end(), 0);
  std::stringstream lines(server.out());
  std::set<std::string> ticks;
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) ticks.insert(line);
  EXPECT_EQ(static_cast<int>(ticks.size()), count) << "two schedulers, and no tick twice: " << server.out();
}

TEST_F(PeriodicExample, UniqueAndOverlapKeepTasksFromPilingUp) {
  RunningProgram program = start("unique");
  EXPECT_TRUE(program.wait_for("import left out: duplicate_task")) << program.err();
  EXPECT_TRUE(program.wait_for("cleanup left out: failed_precondition")) << program.err();
  EXPECT_TRUE(program.wait_for("import runs", 2));
  EXPECT_EQ(program.end(), 0);
}

TEST_F(PeriodicExample, EachEntryHasItsTimeZone) {
  RunningProgram program = start("time_zone");
  EXPECT_TRUE(program.wait_for("opening ")) << program.err();
  EXPECT_EQ(program.end(), 0);
  EXPECT_THAT(program.out(), HasSubstr("berlin (CRON_TZ=Europe/Berlin 0 9 * * *) next at "));
  EXPECT_THAT(program.out(), HasSubstr("new-york (CRON_TZ=America/New_York 0 9 * * *) next at "));
  EXPECT_THAT(program.out(), HasSubstr("tokyo (TZ=Asia/Tokyo 0 9 * * *) next at "));
}

TEST_F(PeriodicExample, APayloadMayBeMessagePack) {
  RunningProgram program = start("msgpack");
  EXPECT_TRUE(program.wait_for("sample of boiler below 90, ")) << program.err();
  EXPECT_EQ(program.end(), 0);
}

}  // namespace
}  // namespace windlass::testing
