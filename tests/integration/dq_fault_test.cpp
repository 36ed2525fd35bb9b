// The fault run: messages with random delays, while a node, a consumer and Redis are killed and started again at
// random. Every message that was acknowledged is handled; how many were handled twice is printed.
//
// WINDLASS_DQ_MESSAGES: how many, for the long run (dq.cmake).
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>

#include "base/random.hpp"
#include "dq_fixture.hpp"
#include "support/seed.hpp"

namespace windlass::testing {
namespace {

struct Scale {
  int messages = 600;
  Duration delay_max = 3s;

  static Scale from_environment() {
    const char* const messages = std::getenv("WINDLASS_DQ_MESSAGES");
    return messages ? Scale{std::atoi(messages), 20s} : Scale{};
  }
};

class DqFaultRun : public DqFixture {
 protected:
  static constexpr int kProducers = 2, kConsumers = 3;

  void SetUp() override {
    DqFixture::SetUp();
    if (IsSkipped()) return;
    if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
    redis_ = std::make_unique<RedisServer>(RedisOptions{{"appendonly yes", "appendfsync always"}});
    for (int i = 0; i < kConsumers; ++i) start_consumer(i);
  }
  Beanstalkd::Binlog binlog() const override { return Beanstalkd::Binlog::kYes; }

  void start_consumer(int i) {
    std::vector<std::string> argv{WINDLASS_DQ_PEER, redis_->url(), dir_.file("runs")};
    for (const Beanstalkd& server : servers_) argv.push_back(server.endpoint() + "/mail");
    consumers_[i] = ChildProcess(argv, dir_.file("consumer" + std::to_string(i)));
  }

  // Sends its share in small batches, all through the first half of the delays, and notes what was acknowledged.
  void produce(int producer, std::uint64_t seed) {
    base::Random random(seed);
    auto client = this->producer();
    const int count = scale_.messages / kProducers;
    constexpr int kBatch = 20;
    const Duration pause = scale_.delay_max / 2 / (count / kBatch);
    for (int i = 0; i < count; i += kBatch) {
      std::vector<dq::Message> batch;
      for (int j = i; j < i + kBatch; ++j) {
        const Duration delay(static_cast<Duration::rep>(random.unit() * static_cast<double>(scale_.delay_max.count())));
        batch.emplace_back(std::to_string(producer) + ":" + std::to_string(j),
                           std::chrono::system_clock::now() + delay);
      }
      const auto ids = client.put_batch(batch);
      base::Lock lock(mu_);
      for (int j = 0; j < kBatch; ++j) {
        if (ids[j]) acknowledged_.insert(batch[j].body);
      }
      lock.unlock();
      std::this_thread::sleep_for(pause);
    }
    base::Lock lock(mu_);
    ++producers_ended_;
  }
  bool sent() {
    base::Lock lock(mu_);
    return producers_ended_ == kProducers;
  }

  // One victim at a time; each is back before the next one goes.
  void kill_something(base::Random& random) {
    const Duration away(static_cast<Duration::rep>(random.unit() * 1e9));
    switch (random.below(3)) {
      case 0: {
        Beanstalkd& node = servers_[random.below(servers_.size())];
        node.kill();
        std::this_thread::sleep_for(away);
        node.start();
        ++nodes_killed_;
        break;
      }
      case 1: {
        const auto i = static_cast<int>(random.below(kConsumers));
        consumers_[i].end(SIGKILL);
        std::this_thread::sleep_for(away);
        start_consumer(i);
        ++consumers_killed_;
        break;
      }
      default:
        redis_->kill();
        std::this_thread::sleep_for(away);
        redis_->start();
        ++redis_killed_;
    }
    std::this_thread::sleep_for(500ms);
  }

  // How often each message's handler came to its end.
  std::map<std::string, int> handled() const {
    std::map<std::string, int> counts;
    std::ifstream log(dir_.file("runs"));
    for (std::string line; std::getline(log, line);) {
      if (line.starts_with("end ")) ++counts[line.substr(4)];
    }
    return counts;
  }
  std::size_t missing() {
    const std::map<std::string, int> counts = handled();
    base::Lock lock(mu_);
    return static_cast<std::size_t>(std::count_if(acknowledged_.begin(), acknowledged_.end(),
                                                  [&](const std::string& body) { return !counts.contains(body); }));
  }

  void report() {
    const std::map<std::string, int> counts = handled();
    const auto twice = std::count_if(counts.begin(), counts.end(), [](const auto& count) { return count.second > 1; });
    base::Lock lock(mu_);
    std::cout << acknowledged_.size() << " of " << scale_.messages << " messages acknowledged, " << counts.size()
              << " handled, " << twice << " of them more than once ("
              << 100.0 * static_cast<double>(twice) / static_cast<double>(counts.size()) << " %); killed: nodes "
              << nodes_killed_ << ", consumers " << consumers_killed_ << ", Redis " << redis_killed_ << " times\n";
  }

  void run(bool with_kills) {
    const std::uint64_t seed = test_seed();
    base::Random random(seed);
    std::vector<std::thread> producers;
    for (int i = 0; i < kProducers; ++i)
      producers.emplace_back([this, i, seed] { produce(i, seed + static_cast<std::uint64_t>(i) + 1); });
    const auto until = std::chrono::steady_clock::now() + scale_.delay_max;
    while (with_kills && (!sent() || std::chrono::steady_clock::now() < until)) kill_something(random);
    for (std::thread& producer : producers) producer.join();
    for (int i = 0; i < 1800 && (missing() > 0 || jobs() > 0); ++i) std::this_thread::sleep_for(100ms);
    report();
    EXPECT_EQ(missing(), 0u) << "lost; " << replay(seed);
    EXPECT_EQ(jobs(), 0u) << "left behind";
  }

  const Scale scale_ = Scale::from_environment();
  std::unique_ptr<RedisServer> redis_;
  ChildProcess consumers_[kConsumers];
  base::Mutex mu_;
  std::set<std::string> acknowledged_ WINDLASS_GUARDED_BY(mu_);
  int producers_ended_ WINDLASS_GUARDED_BY(mu_) = 0;
  int nodes_killed_ = 0, consumers_killed_ = 0, redis_killed_ = 0;
};

TEST_F(DqFaultRun, WhateverIsKilledEveryAcknowledgedMessageIsHandled) { run(true); }

TEST_F(DqFaultRun, WithoutKillsEachMessageIsHandledOnce) {
  run(false);
  for (const auto& [body, count] : handled()) EXPECT_EQ(count, 1) << body;
}

}  // namespace
}  // namespace windlass::testing
