// go-queue's own dq and ours on the same beanstalkd servers and the same Redis, both ways and mixed.
#include <filesystem>
#include <set>
#include <sstream>

#include "dq/body.hpp"
#include "dq/nodes.hpp"
#include "integration/dq_fixture.hpp"
#include "integration/running_program.hpp"

namespace windlass::testing {
namespace {

using ::testing::ElementsAre;

class DqInterop : public DqFixture {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(WINDLASS_DQ_GO_PEER))
      GTEST_SKIP() << "the Go peer could not be built: see " WINDLASS_DQ_GO_PEER ".log";
    if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
    DqFixture::SetUp();
    redis_ = std::make_unique<RedisServer>();
  }
  // dq_peer VERB ARGUMENTS NODE...
  RunningProgram go(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), WINDLASS_DQ_GO_PEER);
    for (const dq::Node& node : nodes()) arguments.push_back(dq::node_name(node));
    return RunningProgram(arguments);
  }
  std::string go_put(const std::string& delay, const std::string& body) const {
    RunningProgram put = go({"put", delay, body});
    EXPECT_EQ(put.wait(), 0) << put.err();
    return put.out().substr(0, put.out().find('\n'));
  }
  RunningProgram go_consumer() const { return go({"consume", "127.0.0.1:" + std::to_string(redis_->port())}); }
  static void kill(RunningProgram& program) {
    program.signal(SIGKILL);
    program.wait();
  }
  std::unique_ptr<dq::Consumer> our_consumer(Handler handler) {
    auto consumer =
        std::make_unique<dq::Consumer>(nodes(), get(dq::open_lock_store(redis_->url())), std::move(handler), quick());
    get(consumer->start());
    return consumer;
  }
  static std::vector<std::string> lines(const std::string& text) {
    std::stringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
      if (line.starts_with("m")) lines.push_back(line);
    }
    return lines;
  }

  std::unique_ptr<RedisServer> redis_;
};

TEST_F(DqInterop, WhatGoWritesIsWhatWeWriteAndWeRunItAtItsNanosecond) {
  const std::string id = go_put("1500ms", "m1");
  const auto copies = get(dq::parse_id(id));
  ASSERT_EQ(copies.size(), 3u);
  for (const dq::CopyRef& copy : copies) {
    const auto server = std::find_if(servers_.begin(), servers_.end(),
                                     [&](const Beanstalkd& s) { return s.endpoint() == copy.node.endpoint; });
    ASSERT_NE(server, servers_.end());
    EXPECT_EQ(dq::unwrap_body(server->run(beanstalk::Commands().peek(copy.job))[0].reply.body)->payload, "m1");
  }
  auto consumer = our_consumer(recording());
  log_.wait_for(1);
  wait_until_empty();
  EXPECT_THAT(log_.bodies(), ElementsAre("m1"));
  EXPECT_GE(log_.all()[0].started, log_.all()[0].due);
}

TEST_F(DqInterop, GoRunsWhatWeWriteOnce) {
  RunningProgram consumer = go_consumer();
  ASSERT_TRUE(consumer.wait_for("ready"));
  auto producer = this->producer();
  for (const char* body : {"m1", "m2", "m3"}) (void)get(producer.delay(body, 1s));
  for (const char* body : {"m1", "m2", "m3"}) EXPECT_TRUE(consumer.wait_for(body)) << consumer.err();
  wait_until_empty();
  kill(consumer);
  EXPECT_EQ(lines(consumer.out()).size(), 3u) << consumer.out();
}

TEST_F(DqInterop, EitherRevokesWhatTheOtherHasWritten) {
  auto producer = this->producer();
  get(producer.revoke(go_put("1h", "m1")));
  EXPECT_EQ(jobs(), 0u);
  RunningProgram revoke = go({"revoke", get(producer.delay("m2", 1h))});
  EXPECT_EQ(revoke.wait(), 0) << revoke.err();
  EXPECT_EQ(jobs(), 0u);
}

TEST_F(DqInterop, AMixedPairOfConsumersRunsEachMessageOnce) {
  constexpr int kMessages = 200;
  RunningProgram theirs = go_consumer();
  ASSERT_TRUE(theirs.wait_for("ready"));
  auto ours = our_consumer(recording());
  auto producer = this->producer();
  std::vector<dq::Message> messages;
  const TimePoint now = std::chrono::system_clock::now();
  for (int i = 0; i < kMessages; ++i) messages.emplace_back("m" + std::to_string(i), now + 1s + i * 10ms);
  for (const auto& id : producer.put_batch(messages)) ASSERT_TRUE(id);
  wait_until_empty();
  ours->stop();
  kill(theirs);
  std::multiset<std::string> ran;
  for (const std::string& body : lines(theirs.out())) ran.insert(body);
  const std::size_t by_go = ran.size();
  for (const RunLog::Run& run : log_.all()) ran.insert(run.body);
  for (int i = 0; i < kMessages; ++i) EXPECT_EQ(ran.count("m" + std::to_string(i)), 1u) << "m" << i;
  std::cout << by_go << " of " << kMessages << " ran in Go, " << log_.size() << " here\n";
}

TEST_F(DqInterop, AMessageThatSucceededHereNeverRunsInGo) {
  auto ours = our_consumer(recording());
  auto producer = this->producer();
  servers_[2].freeze();  // its copy comes late
  dq::ProducerConfig config;
  config.timeout = 500ms;
  auto two = get(dq::Producer::open({nodes()[0], nodes()[1]}, config));
  const TimePoint due = std::chrono::system_clock::now() + 10ms;
  (void)get(two.at("m1", due));
  log_.wait_for(1);
  wait_until([&] { return servers_[0].jobs() + servers_[1].jobs() == 0; });
  ours->stop();
  servers_[2].thaw();
  RunningProgram theirs = go_consumer();
  ASSERT_TRUE(theirs.wait_for("ready"));
  servers_[2].run(beanstalk::Commands().use("mail").put({2, 0, 5}, dq::wrap_body(due, "m1")));
  (void)get(producer.delay("m2", 0s));
  EXPECT_TRUE(theirs.wait_for("m2"));
  wait_until_empty();
  kill(theirs);
  EXPECT_THAT(lines(theirs.out()), ElementsAre("m2"));
}

}  // namespace
}  // namespace windlass::testing
