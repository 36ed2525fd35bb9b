// What a producer and a consumer refuse before they speak to anybody.
#include <windlass/dq.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dq/lock_stores.hpp"

namespace windlass::dq {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const Nodes kTwo{{"127.0.0.1:1", "mail"}, {"127.0.0.1:2", "mail"}};

std::string refusal(Nodes nodes, ProducerConfig config = {}) {
  const auto producer = Producer::open(std::move(nodes), config);
  EXPECT_FALSE(producer);
  if (producer) return "";
  EXPECT_EQ(producer.error().code(), ErrorCode::kInvalidArgument);
  return producer.error().message();
}

TEST(DqRefusals, AProducerNeedsTwoNodesOnDifferentServers) {
  EXPECT_THAT(refusal({{"127.0.0.1:1", "mail"}}), HasSubstr("at least 2 nodes"));
  EXPECT_THAT(refusal({}), HasSubstr("no node"));
  EXPECT_THAT(refusal({{"127.0.0.1:1", "a"}, {"127.0.0.1:1", "b"}}), HasSubstr("127.0.0.1:1 is given twice"));
  EXPECT_THAT(refusal({{"127.0.0.1:1", "a"}, {"127.0.0.1:1", "a"}}), HasSubstr("given twice"));
  ProducerConfig one;
  one.min_written = 1;
  EXPECT_TRUE(Producer::open({{"127.0.0.1:1", "mail"}}, one)) << "whoever says that one is enough";
}

TEST(DqRefusals, ABadTubeNameIsNamed) {
  EXPECT_THAT(refusal({kTwo[0], {"127.0.0.1:2", std::string(201, 'x')}}), HasSubstr("201 bytes"));
  EXPECT_THAT(refusal({kTwo[0], {"127.0.0.1:2", "ma il"}}), HasSubstr("'ma il'"));
  EXPECT_THAT(refusal({kTwo[0], {"127.0.0.1:2", "-mail"}}), HasSubstr("hyphen"));
  EXPECT_THAT(refusal({kTwo[0], {"127.0.0.1:2", "a/b"}}), HasSubstr("slash"));
  EXPECT_THAT(refusal({kTwo[0], {"127.0.0.1:2", ""}}), HasSubstr("empty"));
  EXPECT_THAT(refusal({kTwo[0], {"unix:/run/b.sock", "a"}}), HasSubstr("unix"));
}

TEST(DqRefusals, TheConfigOfAProducerIsChecked) {
  ProducerConfig config;
  config.min_written = 4;
  EXPECT_THAT(refusal(kTwo, config), HasSubstr("min_written"));
  config.min_written = 0;
  EXPECT_THAT(refusal(kTwo, config), HasSubstr("min_written"));
  config = {};
  config.timeout = 0s;
  EXPECT_THAT(refusal(kTwo, config), HasSubstr("timeout"));
}

TEST(DqRefusals, ATimeInThePastAndAShortTtrAreRefusedWithoutANode) {
  auto producer = Producer::open(kTwo);
  ASSERT_TRUE(producer);
  EXPECT_EQ(producer->delay("x", -1ns).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(producer->at("x", TimePoint(1s)).error().message(), HasSubstr("in the past, 1970-01-01T00:00:01Z"));
  PutOptions options;
  options.ttr = 1s;
  EXPECT_THAT(producer->delay("x", 1s, options).error().message(), HasSubstr("ttr"));
  EXPECT_THAT(producer->revoke("127.0.0.1:1/mail/x").error().message(), HasSubstr("job number"));
  EXPECT_TRUE(producer->revoke("10.0.0.1:1/mail/5")) << "a part of another node's is nobody's business here";
}

TEST(DqRefusals, AClosedProducerSaysSo) {
  auto producer = Producer::open(kTwo);
  ASSERT_TRUE(producer);
  producer->close();
  producer->close();
  EXPECT_EQ(producer->delay("x", 1s).error().code(), ErrorCode::kClosed);
  EXPECT_EQ(producer->revoke("127.0.0.1:1/mail/5").error().code(), ErrorCode::kClosed);
}

class NoStore final : public LockStore {
 public:
  Result<Exchange> exchange(const std::string&, const std::string&, const std::string&, Duration) override {
    return Error(ErrorCode::kUnavailable, "none");
  }
};

std::string refusal(Nodes nodes, Handler handler, ConsumerConfig config) {
  Consumer consumer(std::move(nodes), std::make_shared<NoStore>(), std::move(handler), std::move(config));
  const Status started = consumer.start();
  EXPECT_FALSE(started);
  if (started) return "";
  EXPECT_EQ(started.error().code(), ErrorCode::kInvalidArgument);
  return started.error().message();
}

TEST(DqRefusals, TheConfigOfAConsumerIsChecked) {
  const Handler handler = [](Context&) { return Outcome::done(); };
  EXPECT_THAT(refusal({}, handler, {}), HasSubstr("no node"));
  EXPECT_THAT(refusal({kTwo[0], kTwo[0]}, handler, {}), HasSubstr("twice"));
  EXPECT_THAT(refusal(kTwo, {}, {}), HasSubstr("handler"));
  ConsumerConfig config;
  config.remember = 1h;
  EXPECT_THAT(refusal(kTwo, handler, config), HasSubstr("3600.5s"));
  config = {};
  config.lease = 1ms;
  EXPECT_THAT(refusal(kTwo, handler, config), HasSubstr("lease"));
  config = {};
  config.max_retry = -1;
  EXPECT_THAT(refusal(kTwo, handler, config), HasSubstr("max_retry"));
  config = {};
  config.in_hand_max = 0;
  EXPECT_THAT(refusal(kTwo, handler, config), HasSubstr("in_hand_max"));
}

TEST(DqRefusals, ALockStoreIsRedisOrSqlite) {
  for (const char* bad : {"", "memory:", "sqlite:", "redis://host:x", "tasks.db"}) {
    EXPECT_EQ(open_lock_store(bad).error().code(), ErrorCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace windlass::dq
