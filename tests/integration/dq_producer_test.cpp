// The producer and the inspector beside real beanstalkd servers.
#include <set>

#include "beanstalk/stats.hpp"
#include "dq/body.hpp"
#include "dq/nodes.hpp"
#include "dq_fixture.hpp"

namespace windlass::testing {
namespace {

using beanstalk::Commands;
using beanstalk::ReplyKind;
using ::testing::HasSubstr;

using DqProducer = DqFixture;

TEST_F(DqProducer, WritesTheSameBodyToEachNodeAndNamesEachCopy) {
  auto producer = this->producer();
  dq::PutOptions options;
  options.priority = 3;
  options.ttr = 7s;
  const TimePoint due = std::chrono::system_clock::now() + 60s + 500ms;
  const std::string id = get(producer.at("hello", due, options));
  EXPECT_EQ(id, servers_[0].endpoint() + "/mail/1," + servers_[1].endpoint() + "/mail/1," + servers_[2].endpoint() +
                    "/mail/1");
  for (const Beanstalkd& server : servers_) {
    const beanstalk::Answers answers = server.run(Commands().peek(1).stats_job(1));
    EXPECT_EQ(answers[0].reply.body, dq::wrap_body(due, "hello"));
    const auto stats = get(beanstalk::Stats::parse(answers[1].reply.body));
    EXPECT_EQ(stats.text("tube"), "mail");
    EXPECT_EQ(stats.number("pri"), 3u);
    EXPECT_EQ(stats.number("ttr"), 7u);
    EXPECT_EQ(stats.number("delay"), 60u) << "whole seconds, rounded down: early is mended, late is not";
  }
}

TEST_F(DqProducer, RevokesAllCopiesAndSaysWhatIsGone) {
  auto producer = this->producer();
  const std::string first = get(producer.delay("a", 1h)), second = get(producer.delay("b", 1h));
  get(producer.revoke(first + "," + second));
  EXPECT_EQ(jobs(), 0u) << "all ids of each node, not only the first";
  const Status again = producer.revoke(first);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), ErrorCode::kTaskNotFound);
  EXPECT_THAT(again.error().message(), HasSubstr(servers_[2].endpoint() + "/mail/1"));
}

TEST_F(DqProducer, RevokingWhatAConsumerHasSaysSoAndDeletesTheOthers) {
  auto producer = this->producer();
  const std::string id = get(producer.delay("a", 0s));
  auto reader = get(beanstalk::Connection::open({"127.0.0.1", servers_[0].port()}, "reader", net::after(5s)));
  ASSERT_TRUE(reader->call(Commands().watch("mail").reserve(), net::after(5s)));
  const Status revoked = producer.revoke(id);
  ASSERT_FALSE(revoked);
  EXPECT_EQ(revoked.error().code(), ErrorCode::kTaskNotFound);
  EXPECT_THAT(revoked.error().message(),
              HasSubstr(servers_[0].endpoint() + "/mail/1: it is done or revoked, or a consumer has it"));
  EXPECT_EQ(servers_[0].jobs(), 1u);
  EXPECT_EQ(servers_[1].jobs() + servers_[2].jobs(), 0u);
}

TEST_F(DqProducer, OneOfThreeNodesDownIsNoMatter) {
  servers_[1].kill();
  auto producer = this->producer();
  const std::string id = get(producer.delay("a", 1h));
  EXPECT_EQ(get(dq::parse_id(id)).size(), 2u);
  EXPECT_EQ(producer.stats()[1].failed, 1u);
  servers_[1].start();
  EXPECT_EQ(servers_[1].jobs(), 0u);
  wait_until([&] { return get(dq::parse_id(get(producer.delay("b", 1h)))).size() == 3; });
}

TEST_F(DqProducer, ANodeThatWasStartedAnewIsUsedAgainAtOnce) {
  auto producer = this->producer();
  (void)get(producer.delay("a", 1h));
  servers_[1].kill();
  servers_[1].start();
  EXPECT_EQ(get(dq::parse_id(get(producer.delay("b", 1h)))).size(), 3u)
      << "that its connection has ended is seen before it is used";
}

TEST_F(DqProducer, TwoOfThreeNodesDownIsAnErrorThatNamesBothAndLeavesNothingBehind) {
  auto producer = this->producer();
  servers_[0].kill();
  servers_[2].kill();
  const auto id = producer.delay("a", 1h);
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(id.error().message(), HasSubstr("written to 1 of 3 nodes, 2 are needed, nothing is left behind"));
  EXPECT_THAT(id.error().message(), HasSubstr(servers_[0].endpoint()));
  EXPECT_THAT(id.error().message(), HasSubstr(servers_[2].endpoint()));
  EXPECT_EQ(servers_[1].jobs(), 0u);
  EXPECT_EQ(producer.stats()[1].rolled_back, 1u);
}

TEST_F(DqProducer, ANodeThatDoesNotAnswerMakesTheOutcomeUnknown) {
  dq::ProducerConfig config;
  config.timeout = 300ms;
  auto producer = this->producer(config);
  (void)get(producer.delay("a", 1h));
  servers_[0].freeze();
  servers_[1].freeze();
  const auto id = producer.delay("b", 1h);
  servers_[0].thaw();
  servers_[1].thaw();
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code(), ErrorCode::kUnknownOutcome);
  EXPECT_THAT(id.error().message(), HasSubstr("a copy may be left that will run"));
  EXPECT_EQ(servers_[2].jobs(), 1u) << "what is known to have been written is taken back";
}

TEST_F(DqProducer, ANodeThatDoesNotAnswerTakesNoTimeFromTheOthers) {
  dq::ProducerConfig config;
  config.timeout = 2s;
  auto producer = this->producer(config);
  servers_[0].freeze();
  servers_[1].freeze();  // until the first one's time is over, and then some
  const auto until = std::chrono::steady_clock::now() + 3s;
  std::thread thaw([&] {
    wait_until([&] { return std::chrono::steady_clock::now() > until; });
    servers_[1].thaw();
  });
  const auto id = producer.delay("a", 1h);
  thaw.join();
  servers_[0].thaw();
  EXPECT_EQ(get(dq::parse_id(get(id))).size(), 2u);
}

TEST_F(DqProducer, ABodyThatIsTooLargeIsRefusedByName) {
  auto producer = this->producer();
  const auto id = producer.delay(std::string(65536, 'x'), 1h);
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(id.error().message(), HasSubstr("JOB_TOO_BIG"));
  EXPECT_THAT(id.error().message(), HasSubstr("-z"));
  EXPECT_EQ(jobs(), 0u);
  (void)get(producer.delay(std::string(65535 - 20, 'x'), 1h));
  EXPECT_EQ(jobs(), 3u) << "the connection goes on, and what just fits is taken";
}

TEST_F(DqProducer, ANodeInDrainModeTakesNothing) {
  servers_[0].drain();
  auto producer = this->producer();
  wait_until([&] { return get(get(dq::Inspector::open(nodes())).stats()[0]).draining; });
  EXPECT_EQ(get(dq::parse_id(get(producer.delay("a", 1h)))).size(), 2u);
  servers_[1].drain();
  wait_until([&] { return get(get(dq::Inspector::open(nodes())).stats()[1]).draining; });
  const auto id = producer.delay("b", 1h);
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(id.error().message(), HasSubstr("drain mode"));
  EXPECT_EQ(servers_[2].jobs(), 1u) << "the first one; the second was deleted again";
}

TEST_F(DqProducer, ABatchIsManyMessagesEachWithItsOwnResult) {
  auto producer = this->producer();
  const TimePoint now = std::chrono::system_clock::now();
  std::vector<dq::Message> messages;
  for (int i = 0; i < 2500; ++i) messages.emplace_back("m" + std::to_string(i), i == 7 ? now - 1h : now + 1h);
  const auto ids = producer.put_batch(messages);
  ASSERT_EQ(ids.size(), 2500u);
  std::set<std::string> different;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ASSERT_EQ(ids[i].ok(), i != 7) << i;
    if (ids[i]) different.insert(*ids[i]);
  }
  EXPECT_EQ(different.size(), 2499u);
  EXPECT_EQ(jobs(), 3u * 2499u);
  EXPECT_EQ(producer.stats()[0].written, 2499u);
}

TEST_F(DqProducer, ManyThreadsShareItAndEachGetsItsOwnId) {
  auto producer = this->producer();
  constexpr int kThreads = 8, kEach = 50;
  std::vector<std::vector<std::string>> ids(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i)
        ids[t].push_back(get(producer.delay(std::to_string(t) + "/" + std::to_string(i), 1h)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < kEach; ++i) {
      const dq::CopyRef copy = get(dq::parse_id(ids[t][i])).at(0);
      const auto job = servers_[0].run(Commands().peek(copy.job));
      EXPECT_EQ(dq::unwrap_body(job[0].reply.body)->payload, std::to_string(t) + "/" + std::to_string(i));
    }
  }
}

TEST_F(DqProducer, OfMoreNodesThanReplicasEachMessageTakesThreeByChance) {
  servers_.emplace_back();
  servers_.emplace_back();
  auto producer = this->producer();
  for (int i = 0; i < 60; ++i) ASSERT_EQ(get(dq::parse_id(get(producer.delay("m", 1h)))).size(), 3u);
  EXPECT_EQ(jobs(), 180u);
  for (const Beanstalkd& server : servers_)
    EXPECT_GT(server.jobs(), 0u) << "none of 60 messages came here: one in 10^23";
}

TEST_F(DqProducer, EveryCommandOfTheProtocolIsAnsweredAsItSays) {
  auto connection =
      get(beanstalk::Connection::open({"127.0.0.1", servers_[0].port()}, servers_[0].endpoint(), net::after(5s)));
  Commands c;
  c.use("mail")
      .put({5, 0, 60}, "a")
      .put({5, 60, 60}, "b")
      .watch("mail")
      .ignore("default")
      .ignore("mail")
      .list_tube_used();
  c.list_tubes_watched()
      .list_tubes()
      .reserve()
      .touch(1)
      .stats_job(1)
      .bury(1, 5)
      .peek_buried()
      .kick(10)
      .peek_ready()
      .peek_delayed();
  c.peek(2)
      .kick_job(2)
      .reserve_job(2)
      .release(2, 5, 60)
      .reserve_with_timeout(0)
      .remove(1)
      .remove(2)
      .remove(2)
      .pause_tube("mail", 1);
  c.stats_tube("mail").stats();
  const beanstalk::Answers answers = get(connection->call(c, net::after(5s)));
  std::string kinds;
  for (const beanstalk::Answer& answer : answers) kinds += std::string(beanstalk::reply_name(answer.reply.kind)) + " ";
  EXPECT_EQ(kinds,
            "USING INSERTED INSERTED WATCHING WATCHING NOT_IGNORED USING OK OK RESERVED TOUCHED OK BURIED FOUND KICKED "
            "FOUND FOUND FOUND "
            "KICKED RESERVED RELEASED RESERVED DELETED DELETED NOT_FOUND PAUSED OK OK ");
}

TEST_F(DqProducer, TheInspectorCountsShowsAndKicks) {
  auto producer = this->producer();
  (void)get(producer.delay("a", 1h));
  const TimePoint due = std::chrono::system_clock::now() + 50ms;
  (void)get(producer.at("b", due));
  servers_[0].run(Commands().watch("mail").ignore("default").reserve().bury(2, 2));
  auto inspector = get(dq::Inspector::open(nodes()));
  const dq::TubeStats stats = get(inspector.stats()[0]);
  EXPECT_EQ(stats.delayed, 1u);
  EXPECT_EQ(stats.buried, 1u);
  EXPECT_EQ(stats.total, 2u);
  EXPECT_FALSE(stats.binlog);
  const auto buried = get(inspector.buried()[0]);
  ASSERT_TRUE(buried);
  EXPECT_EQ(buried->id, servers_[0].endpoint() + "/mail/2");
  EXPECT_EQ(buried->body, "b");
  EXPECT_EQ(buried->at, due);
  EXPECT_EQ(buried->tube_buried, 1u);
  EXPECT_FALSE(get(inspector.buried()[1]));
  EXPECT_EQ(get(inspector.kick(10)[0]), 1u);
  EXPECT_EQ(get(inspector.kick(10)[0]), 0u);
  EXPECT_EQ(servers_[0].jobs("delayed"), 1u) << "where none is buried, beanstalkd itself would kick delayed ones";
  servers_[1].kill();
  EXPECT_EQ(inspector.stats()[1].error().code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(inspector.stats()[2]) << "one node that is away does not hide the others";
}

}  // namespace
}  // namespace windlass::testing
