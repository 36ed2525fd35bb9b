// How durable an enqueue call is: what Redis can promise, what it cannot, and what the caller is told.
#include "redis_broker_fixture.hpp"

namespace windlass::testing {
namespace {

class RedisDurability : public RedisBrokerFixture {
 protected:
  static Result<std::vector<EnqueueOutcome>> put_with(Broker& broker, const std::string& id, EnqueueDurability durability) {
    NewTask task = plain(id);
    task.durability = durability;
    return broker.enqueue(std::span(&task, 1));
  }
  static bool stored(Broker& broker, const std::string& id) { return broker.task({"q", id}).ok(); }
};

TEST_F(RedisDurability, WithoutAnAppendOnlyFileNothingIsPromisedAndNothingStored) {
  RedisServer server;
  const auto broker = open_broker(server.url());
  const auto refused = put_with(*broker, "a", EnqueueDurability::local_fsync());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(refused.error().message(), ::testing::HasSubstr("append-only file"));
  EXPECT_FALSE(stored(*broker, "a"));
}

TEST_F(RedisDurability, ADiskThatIsWrittenNowAndThenIsWaitedForOrRefused) {
  RedisServer server({.config = {"appendonly yes", "appendfsync everysec"}});
  const auto broker = open_broker(server.url());
  const auto answer = put_with(*broker, "a", EnqueueDurability::local_fsync());
  if (answer.ok()) {  // Redis 7.2 and newer
    EXPECT_EQ(answer->at(0).status, EnqueueStatus::kEnqueued);
    return;
  }
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(answer.error().message(), ::testing::HasSubstr("appendfsync always"));
  EXPECT_FALSE(stored(*broker, "a"));
}

TEST_F(RedisDurability, WhatIsAnsweredFromADiskThatIsWrittenAtOnceOutlivesTheServer) {
  RedisServer server({.config = {"appendonly yes", "appendfsync always"}});
  const auto broker = open_broker(server.url());
  EXPECT_EQ(get(put_with(*broker, "a", EnqueueDurability::local_fsync())).at(0).status, EnqueueStatus::kEnqueued);
  server.kill();
  server.start();
  const auto again = open_broker(server.url());
  EXPECT_TRUE(stored(*again, "a"));
}

TEST_F(RedisDurability, ATaskWithTooFewReplicasIsStoredAndTheCallerIsTold) {
  RedisServer server;
  const auto broker = open_broker(server.url() + "?read_timeout=2s");
  const auto outcome = get(put_with(*broker, "a", EnqueueDurability::replicated(1))).at(0);
  EXPECT_EQ(outcome.status, EnqueueStatus::kNotDurable);
  EXPECT_EQ(outcome.unmet, "only 0 of 1 replicas have taken it over yet");
  EXPECT_TRUE(stored(*broker, "a"));
  const Error error = refusal(plain("a"), outcome);
  EXPECT_EQ(error.code(), ErrorCode::kNotDurable);
  EXPECT_THAT(error.message(), ::testing::StartsWith("task a is stored, but only 0"));
}

TEST_F(RedisDurability, AReplicaThatFollowsIsEnough) {
  SentinelSetup setup;
  const auto broker = open_broker(setup.url());
  EXPECT_EQ(get(put_with(*broker, "a", EnqueueDurability::replicated(1))).at(0).status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(setup.replica().run_text({"EXISTS", "asynq:{q}:t:a"}), "1");
}

TEST_F(RedisDurability, ADemandingCallDoesNotHoldUpOthers) {
  RedisServer server;
  const auto broker = open_broker(server.url());
  std::thread demanding([&] {
    EXPECT_EQ(get(put_with(*broker, "slow", EnqueueDurability::replicated(1))).at(0).status, EnqueueStatus::kNotDurable);
  });
  wait_until([&] { return stored(*broker, "slow"); });
  EXPECT_EQ(put(*broker, plain("fast")), EnqueueStatus::kEnqueued);
  demanding.join();
}

}  // namespace
}  // namespace windlass::testing
