// What goes wrong around a consumer: it dies in the handler, Redis is away, a node is killed.
#include <atomic>
#include <cstdlib>
#include <fstream>

#include "dq_fixture.hpp"
#include "running_program.hpp"
#include "support/lock_store_contract.hpp"

namespace windlass::testing {
namespace {

class DqTrouble : public DqFixture {
 protected:
  void SetUp() override {
    DqFixture::SetUp();
    if (IsSkipped()) return;
    if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
    redis_ = std::make_unique<RedisServer>(RedisOptions{{"appendonly yes", "appendfsync always"}});
  }
  Beanstalkd::Binlog binlog() const override { return Beanstalkd::Binlog::kYes; }

  dq::LockStorePtr redis_locks() const { return get(dq::open_lock_store(redis_->url())); }
  std::unique_ptr<dq::Consumer> consume_by_redis(Handler handler, dq::ConsumerConfig config = quick()) {
    auto consumer = std::make_unique<dq::Consumer>(nodes(), redis_locks(), std::move(handler), std::move(config));
    get(consumer->start());
    return consumer;
  }
  // A consumer as a process.
  RunningProgram peer() const {
    std::vector<std::string> argv{WINDLASS_DQ_PEER, redis_->url(), dir_.file("runs")};
    for (const Beanstalkd& server : servers_) argv.push_back(server.endpoint() + "/mail");
    return RunningProgram(argv);
  }
  // Lines of the processes' log that begin so.
  int lines(const std::string& begin) const {
    std::ifstream log(dir_.file("runs"));
    int count = 0;
    for (std::string line; std::getline(log, line);) count += line.starts_with(begin) ? 1 : 0;
    return count;
  }

  std::unique_ptr<RedisServer> redis_;
};

TEST_F(DqTrouble, TheLockStoreInRedisKeepsTheContract) {
  const dq::LockStorePtr a = redis_locks(), b = redis_locks();
  exchanges_only_what_was_expected(*a);
  gives_a_lock_to_one_of_many(*a, *b);
}

TEST_F(DqTrouble, AMessageWhoseConsumerIsKilledInTheHandlerRunsAgainOneAtATime) {
  auto producer = this->producer();
  RunningProgram dies = peer();
  (void)get(producer.delay("hang", 0s));
  wait_until([&] { return lines("begin hang") == 1; });
  RunningProgram one = peer(), other = peer();
  dies.signal(SIGKILL);
  wait_until([&] { return lines("end hang") == 1; });
  wait_until_empty();
  EXPECT_EQ(one.end(), 0);
  EXPECT_EQ(other.end(), 0);
  EXPECT_EQ(lines("begin hang"), 2) << "the run that was cut off, and one more";
}

// How long Redis is away in the ordinary tests; the long run has 30 s.
std::chrono::seconds outage() { return std::getenv("WINDLASS_DQ_MESSAGES") ? 30s : 3s; }

TEST_F(DqTrouble, WhileRedisIsAwayNothingIsLostAndNothingRunsTwice) {
  auto producer = this->producer();
  auto config = quick();
  config.lease = 2s;
  std::atomic<bool> go_on{false};
  const Handler handler = recording([&](Context& ctx) {
    // One message is being handled all through the outage.
    if (ctx.payload().bytes() == "long") wait_until([&] { return go_on.load(); });
    return Outcome::done();
  });
  auto one = consume_by_redis(handler, config), other = consume_by_redis(handler, config);
  (void)get(producer.delay("long", 0s));
  log_.wait_for(1);
  redis_->kill();
  for (int i = 0; i < 20; ++i) (void)get(producer.delay("m" + std::to_string(i), 0s));
  const auto until = std::chrono::steady_clock::now() + outage();
  wait_until([&] { return std::chrono::steady_clock::now() > until; });
  EXPECT_EQ(log_.size(), 1u) << "without a lock nothing begins";
  redis_->start();
  go_on = true;
  log_.wait_for(21);
  wait_until_empty();
  EXPECT_EQ(log_.size(), 21u);
  EXPECT_EQ(total(*one, &dq::ConsumerStats::leases_lost) + total(*other, &dq::ConsumerStats::leases_lost), 0u);
}

TEST_F(DqTrouble, AFrozenRedisTakesNoRunFromItsOwner) {
  auto producer = this->producer();
  auto config = quick();
  config.lease = 2s;
  std::atomic<bool> go_on{false};
  const Handler handler = recording([&](Context&) {
    wait_until([&] { return go_on.load(); });
    return Outcome::done();
  });
  auto one = consume_by_redis(handler, config), other = consume_by_redis(handler, config);
  (void)get(producer.delay("m", 0s));
  log_.wait_for(1);
  redis_->freeze();
  const auto until = std::chrono::steady_clock::now() + 5s;  // more than two leases
  wait_until([&] { return std::chrono::steady_clock::now() > until; });
  redis_->thaw();
  const auto after = std::chrono::steady_clock::now() + 7s;  // and time for the other one to take it over
  wait_until([&] { return std::chrono::steady_clock::now() > after; });
  EXPECT_EQ(log_.size(), 1u);
  go_on = true;
  wait_until_empty();
  EXPECT_EQ(log_.size(), 1u);
}

TEST_F(DqTrouble, ANodeThatIsKilledComesBackWithItsBinlogAndItsCopiesAreDone) {
  auto producer = this->producer();
  for (int i = 0; i < 50; ++i) (void)get(producer.delay("m" + std::to_string(i), 2s));
  servers_[0].kill();
  auto consumer = consume_by_redis(recording());
  log_.wait_for(50);
  wait_until([&] { return servers_[1].jobs() + servers_[2].jobs() == 0; });
  servers_[0].start();
  EXPECT_EQ(servers_[0].jobs(), 50u);
  wait_until_empty();
  EXPECT_EQ(log_.size(), 50u) << "what was done meanwhile is deleted, not run";
}

TEST_F(DqTrouble, WithoutABinlogTheOtherNodesStillHaveTheMessage) {
  std::deque<Beanstalkd> in_memory(3);
  dq::Nodes nodes;
  for (const Beanstalkd& server : in_memory) nodes.push_back(server.node());
  auto producer = get(dq::Producer::open(nodes));
  (void)get(producer.delay("m", 1s));
  in_memory[0].kill();
  in_memory[1].kill();
  in_memory[0].start();
  in_memory[1].start();
  dq::Consumer consumer(nodes, redis_locks(), recording(), quick());
  get(consumer.start());
  log_.wait_for(1);
}

TEST_F(DqTrouble, ANodeThatIsKilledInAHandlerMakesNoSecondRun) {
  auto producer = this->producer();
  std::atomic<bool> go_on{false};
  auto consumer = consume_by_redis(recording([&](Context&) {
    wait_until([&] { return go_on.load(); });
    return Outcome::done();
  }));
  (void)get(producer.delay("m", 0s));
  log_.wait_for(1);
  wait_until([&] { return total(*consumer, &dq::ConsumerStats::in_hand) == 3; });
  for (Beanstalkd& server : servers_) server.kill();
  for (Beanstalkd& server : servers_) server.start();
  wait_until([&] { return total(*consumer, &dq::ConsumerStats::reserved) == 6; });
  go_on = true;
  wait_until_empty();
  EXPECT_EQ(log_.size(), 1u);
}

}  // namespace
}  // namespace windlass::testing
