// Opening a Redis broker: what is refused at once, and with which words.
#include <gmock/gmock.h>

#include <thread>

#include "broker/redis/scripts.hpp"
#include "integration/redis_broker_fixture.hpp"
#include "integration/redis_stub.hpp"

namespace windlass::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class RedisOpen : public RedisBrokerFixture {
 protected:
  static Error refusal_of(const std::string& url) {
    const auto opened = broker::open_broker(url);
    if (opened) throw std::runtime_error("was opened: " + url);
    return opened.error();
  }
};

TEST_F(RedisOpen, EveryKindOfUrlOpensAndWorks) {
  RedisServer server({{"requirepass p@ss"}});
  const std::string port = std::to_string(server.port());
  for (const std::string& url : {"redis://:p%40ss@127.0.0.1:" + port, "redis://:p%40ss@127.0.0.1:" + port + "/3?protocol=2",
                                 "redis-socket://:p%40ss@" + server.socket_path() + "?db=4&payload_max=100"}) {
    auto broker = open_broker(url);
    EXPECT_EQ(put(*broker, plain("a")), EnqueueStatus::kEnqueued) << url;
    EXPECT_EQ(finish(*broker, fetch_one(*broker)), FinishOutcome::kApplied) << url;
  }
}

TEST_F(RedisOpen, AUserWithNoMoreThanItNeedsWorksOverTls) {
  if (!program_exists("openssl")) GTEST_SKIP() << "the openssl program is not installed";
  const TestCertificates certificates;
  RedisServer server({{"tls-auth-clients yes"}, &certificates});
  server.run({"ACL", "SETUSER", "me", "on", ">secret", "resetkeys", "~asynq:*", "resetchannels", "&asynq:*", "+@all", "-@admin",
              "-@dangerous", "+info"});
  const std::string options = "?ca=" + certificates.ca() + "&cert=" + certificates.client_cert() + "&key=" + certificates.client_key();
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  auto broker = open_broker("rediss://me:secret@" + address + options);
  EXPECT_EQ(fact(*broker, "commands_refused"), "");

  const auto waiter = broker->make_waiter({"q"}, WaitFor::kPending);
  const auto feed = broker->make_cancel_feed();
  std::thread waiting([&] {
    while (fetch(*broker, 1).empty()) waiter->wait(base::real_clock().now() + 1h);
  });
  put(*broker, plain("a"));
  waiting.join();
  EXPECT_EQ(state(*broker, "a"), TaskState::kActive);
  const CancelRequest request{{"q", "a"}};
  get(broker->cancel(std::span(&request, 1)));
  EXPECT_EQ(get(feed->wait(base::real_clock().now() + 1h)).size(), 1u);

  NewTask tick = plain("b");
  tick.tick = Tick{"entry", TimePoint(1s)};
  tick.tick->skip_if_running = true;
  put(*broker, tick);
  EXPECT_THAT(server.run_text({"INFO", "errorstats"}), Not(HasSubstr("errorstat_ERR"))) << "scripts try nothing in vain";

  EXPECT_EQ(refusal_of("rediss://me:wrong@" + address + options).code(), ErrorCode::kPermissionDenied);
  EXPECT_THAT(refusal_of("rediss://me:secret@" + address).message(), HasSubstr("certificate not accepted"));
}

TEST_F(RedisOpen, PayloadMaxIsKept) {
  RedisServer server;
  auto broker = open_broker(server.url() + "?payload_max=10");
  EXPECT_EQ(broker->payload_max(), 10u);
  NewTask task = plain("a");
  task.message.payload = Payload("eleven bytes");
  const auto refused = broker->enqueue(std::span(&task, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(open_broker(server.url())->payload_max(), std::size_t{64} << 20);
}

TEST_F(RedisOpen, AServerThatIsDownIsNamedAtOnce) {
  const Port nobody;
  const std::string address = nobody.address();
  const Error error = refusal_of("redis://me:secret@" + address + "/1");
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
  EXPECT_THAT(error.message(), HasSubstr("redis " + address + ": connect: Connection refused"));
  EXPECT_THAT(error.message(), HasSubstr("redis://me:***@"));
  EXPECT_THAT(error.message(), Not(HasSubstr("secret")));
}

TEST_F(RedisOpen, AWrongPasswordAndAWrongDatabaseAreRefused) {
  RedisServer server({{"requirepass right"}});
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  const Error wrong = refusal_of("redis://:wr0ng@" + address);
  EXPECT_EQ(wrong.code(), ErrorCode::kPermissionDenied);
  EXPECT_THAT(wrong.message(), HasSubstr("WRONGPASS"));
  EXPECT_THAT(wrong.message(), Not(HasSubstr("wr0ng")));
  const Error none = refusal_of("redis://" + address);
  EXPECT_EQ(none.code(), ErrorCode::kPermissionDenied);
  EXPECT_THAT(none.message(), HasSubstr("NOAUTH"));
  const Error database = refusal_of("redis://:right@" + address + "/99");
  EXPECT_EQ(database.code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(database.message(), HasSubstr("DB index is out of range"));
}

TEST_F(RedisOpen, AUrlThatIsWrongIsToldWithoutItsPassword) {
  for (const std::string url : {"redis://me:secret@host:port", "redis://me:secret@host/?colour=red", "redis:me:secret@host",
                                 "redis://me:secret@host?payload_max=many", "redis-sentinel://me:secret@host"}) {
    const Error error = refusal_of(url);
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument) << url;
    EXPECT_THAT(error.message(), Not(HasSubstr("secret")));
  }
  EXPECT_THAT(refusal_of("redis://host?colour=red").message(), HasSubstr("known are"));
  EXPECT_THAT(refusal_of("redis://host?colour=red").message(), HasSubstr("payload_max"));
}

TEST_F(RedisOpen, ARedisThatIsTooOldIsToldItsVersion) {
  RedisStub old("redis_version:6.2.14\r\n");
  const Error error = refusal_of(old.url());
  EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
  EXPECT_THAT(error.message(), HasSubstr("6.2.14"));
  EXPECT_THAT(error.message(), HasSubstr("7.0"));
  RedisStub young("redis_version:10.0.0\r\n");
  EXPECT_TRUE(broker::open_broker(young.url())) << "the number, not its text, is what counts";
  RedisStub silent("role:master\r\n");
  EXPECT_TRUE(broker::open_broker(silent.url())) << "one that does not tell is believed";
}

TEST_F(RedisOpen, FactsAreTold) {
  RedisServer server({{"appendonly yes", "appendfsync always", "save 3600 1", "maxmemory 1gb", "maxmemory-policy allkeys-lru"}});
  auto broker = open_broker(server.url() + "/2");
  EXPECT_EQ(fact(*broker, "broker"), "redis");
  EXPECT_EQ(fact(*broker, "server"), "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(fact(*broker, "topology"), "standalone");
  EXPECT_EQ(fact(*broker, "database"), "2");
  EXPECT_EQ(fact(*broker, "role"), "master");
  EXPECT_EQ(fact(*broker, "persistence"), "aof always, rdb");
  EXPECT_EQ(fact(*broker, "maxmemory"), "1073741824");
  EXPECT_EQ(fact(*broker, "maxmemory_policy"), "allkeys-lru");
  EXPECT_LT(std::abs(std::stoi(fact(*broker, "clock_ahead_ms"))), 1000);
  EXPECT_EQ(fact(*broker, "commands_refused"), "");
  EXPECT_EQ(fact(*broker, "commands_missed"), "");
}

TEST_F(RedisOpen, AScriptNeedsTheCommandsThatItCanReachAndNoOthers) {
  EXPECT_THAT(commands_of(ScriptName::kExtend), ElementsAre("HMGET", "HSET", "TIME", "TYPE", "ZADD", "ZSCORE"));
  EXPECT_THAT(commands_of(ScriptName::kEnqueue), AllOf(Contains("LPUSH"), Contains("SADD"), Contains("ZADD"), Not(Contains("RENAME"))));
  EXPECT_THAT(commands_of(ScriptName::kGroupRelease), Contains("RENAME")) << "through a function of common.lua";
}

TEST_F(RedisOpen, CommandsThatTheUserMayNotRunAreNamed) {
  RedisServer server;
  server.run({"ACL", "SETUSER", "few", "on", ">x", "~*", "&*", "+@all", "-zadd", "-publish", "-client|tracking", "-config"});
  server.run({"ACL", "SETUSER", "deaf", "on", ">x", "~*", "resetchannels", "+@all"});
  server.run({"ACL", "SETUSER", "mute", "on", ">x", "~*", "&*", "+@all", "-@scripting"});
  const auto url = [&](const std::string& user) { return "redis://" + user + ":x@127.0.0.1:" + std::to_string(server.port()); };
  EXPECT_EQ(fact(*open_broker(url("few")), "commands_refused"), "ZADD, PUBLISH");
  EXPECT_EQ(fact(*open_broker(url("few")), "commands_missed"), "CLIENT TRACKING, CONFIG GET");
  EXPECT_EQ(fact(*open_broker(url("few")), "persistence"), "unknown");
  EXPECT_EQ(fact(*open_broker(url("deaf")), "commands_refused"), "PUBLISH, SUBSCRIBE");
  EXPECT_EQ(fact(*open_broker(url("mute")), "commands_refused"), "EVALSHA");
}

}  // namespace
}  // namespace windlass::testing
