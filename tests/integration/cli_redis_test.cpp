// The tool on Redis: what doctor says of it, and waiting for one that is not up.
#include "integration/cli_fixture.hpp"
#include "integration/running_program.hpp"
#include "support/redis_server.hpp"
#include "support/server_clock.hpp"

namespace windlass::testing {
namespace {

using ::testing::HasSubstr;

class CliRedis : public Cli {
 protected:
  void SetUp() override {
    if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
  }
  static Ran on(const std::string& url, const Arguments& arguments) {
    Arguments argv{WINDLASS_TOOL, "--broker", url};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv);
  }
  // "health: what it says" of one check.
  static std::string check(const codec::Value& report, const std::string& name) {
    for (const codec::Value& one : *report.find("checks")->get_if<codec::Value::Array>()) {
      if (at(one, "check") == name) return at(one, "health") + ": " + at(one, "says");
    }
    return "";
  }
};

TEST_F(CliRedis, DoctorFindsNothingWrongWithAGoodServer) {
  RedisServer server({{"appendonly yes", "maxmemory 1gb", "maxmemory-policy noeviction"}});
  const Ran ran = on(server.url(), {"doctor", "--json"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  const codec::Value report = ran.json();
  EXPECT_EQ(at(report, "healthy"), "true");
  EXPECT_THAT(check(report, "redis_version"), HasSubstr("ok: "));
  EXPECT_EQ(check(report, "redis role"), "ok: master");
  EXPECT_THAT(check(report, "redis memory"), HasSubstr("ok: limited, nothing is evicted"));
  EXPECT_EQ(check(report, "redis persistence"), "ok: aof everysec");
  EXPECT_THAT(check(report, "redis clock"), HasSubstr("ok: "));
  EXPECT_EQ(check(report, "redis permissions"), "ok: all commands");
}

TEST_F(CliRedis, DoctorNamesWhatLosesTasks) {
  RedisServer server({{"maxmemory 1gb", "maxmemory-policy allkeys-lru"}});
  Ran ran = on(server.url(), {"doctor", "--json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(check(ran.json(), "redis memory"), HasSubstr("fail: maxmemory-policy is allkeys-lru"));
  EXPECT_THAT(check(ran.json(), "redis persistence"), HasSubstr("warn: none"));
  server.run({"CONFIG", "SET", "save", "3600 1"});
  EXPECT_THAT(check(on(server.url(), {"doctor", "--json"}).json(), "redis persistence"), HasSubstr("warn: snapshots only"));

  server.run({"ACL", "SETUSER", "few", "on", ">x", "~*", "&*", "+@all", "-lpush"});
  ran = on("redis://few:x@127.0.0.1:" + std::to_string(server.port()), {"doctor"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("redis permissions: refused: LPUSH"));
  server.run({"ACL", "SETUSER", "few", "+lpush", "-client|tracking"});
  ran = on("redis://few:x@127.0.0.1:" + std::to_string(server.port()), {"doctor", "--json"});
  EXPECT_THAT(check(ran.json(), "redis permissions"), HasSubstr("warn: refused: CLIENT TRACKING"));
}

TEST_F(CliRedis, DoctorKnowsAReplica) {
  RedisServer master;
  RedisServer replica({{"replicaof 127.0.0.1 " + std::to_string(master.port())}});
  const Ran ran = on(replica.url(), {"doctor", "--json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(check(ran.json(), "redis role"), "fail: a read-only replica");
}

TEST_F(CliRedis, DoctorComparesTheClocks) {
  ServerClock clock;
  RedisServer server({.environment = clock.environment()});
  clock.stop();  // in 2024
  const Ran ran = on(server.url(), {"doctor", "--json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(check(ran.json(), "redis clock"), HasSubstr("behind"));
  EXPECT_THAT(check(ran.json(), "redis clock"), HasSubstr("fail: "));
}

TEST_F(CliRedis, AServerThatIsDownIsSaidAtOnceAndWaitedForWhenAskedTo) {
  RedisServer server;
  server.kill();
  const Ran refused = on(server.url(), {"work", "--exec", "hello=cat"});
  EXPECT_EQ(refused.code, 5);
  EXPECT_THAT(refused.err, HasSubstr("127.0.0.1:" + std::to_string(server.port())));
  EXPECT_THAT(refused.err, HasSubstr("refused"));

  write_file(path("entries.toml"), "");
  RunningProgram worker({WINDLASS_TOOL, "--broker", server.url(), "work", "--exec", "hello=cat", "--wait", "--until-empty"});
  RunningProgram scheduler({WINDLASS_TOOL, "--broker", server.url(), "schedule", path("entries.toml"), "--wait"});
  ASSERT_TRUE(worker.wait_for_error("waiting for the broker")) << worker.err();
  ASSERT_TRUE(scheduler.wait_for_error("waiting for the broker")) << scheduler.err();
  server.start();
  EXPECT_EQ(worker.wait(), 0) << worker.err();
  EXPECT_EQ(RunningProgram::count(worker.err(), "waiting for the broker"), 1) << "once, not at each attempt";
  scheduler.signal(SIGTERM);
  scheduler.wait();
}

TEST_F(CliRedis, BenchPrintsItsFiguresAsOneObject) {
  RedisServer server;
  const Ran ran = on(server.url(), {"bench", "--tasks", "300", "--payload", "100", "--concurrency", "10", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.out << ran.err;
  const codec::Value figures = ran.json();
  for (const char* rate : {"enqueue_single_per_s", "enqueue_64_per_s", "enqueue_batch_per_s", "process_per_s"}) {
    EXPECT_GT(std::stod(at(figures, rate)), 0) << rate;
  }
  EXPECT_GT(std::stod(at(figures, "pickup_ms.p50")), 0);
  EXPECT_GE(std::stod(at(figures, "pickup_ms.p99")), std::stod(at(figures, "pickup_ms.p50")));
  EXPECT_GE(std::stod(at(figures, "delayed_late_ms.min")), 0) << "never early";
  EXPECT_GE(std::stod(at(figures, "delayed_late_ms.p99")), std::stod(at(figures, "delayed_late_ms.p50")));
  EXPECT_EQ(at(figures, "tasks"), "300");
  EXPECT_EQ(server.run({"KEYS", "asynq:{*"})[0].size(), 0u) << "it leaves no queue behind";
}

TEST_F(CliRedis, DemoDoesOnRedisWhatItDoesOnAFile) {
  RedisServer server;
  std::filesystem::create_directories(folder_ / "files");
  for (const char* name : {"one", "two", "three"}) write_file(path(std::string("files/") + name), name);
  const Ran ran = on(server.url(), {"demo", path("files"), "--json"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  const codec::Value result = ran.json();
  EXPECT_EQ(at(result, "ok"), "true");
  EXPECT_EQ(at(result, "problems"), "[]");
  EXPECT_EQ(at(result, "verified"), "3");
  EXPECT_GE(std::stoi(at(result, "ticks")), 1);
}

TEST_F(CliRedis, WhatWaitingDoesNotMendIsSaidAtOnce) {
  RedisServer server({{"requirepass x"}});
  const Ran ran = on(server.url(), {"work", "--exec", "hello=cat", "--wait", "--json"});
  EXPECT_EQ(ran.code, 5);
  EXPECT_THAT(ran.err, HasSubstr("permission_denied"));
}

}  // namespace
}  // namespace windlass::testing
