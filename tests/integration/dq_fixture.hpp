// What tests of dq with real servers have in common: three nodes, a lock store, producers, consumers, and a record of
// what ran.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/dq.hpp>

#include "base/mutex.hpp"
#include "support/beanstalkd.hpp"
#include "support/get.hpp"
#include "support/redis_server.hpp"

namespace windlass::testing {

using namespace std::chrono_literals;

// The runs of all consumers of a test. Thread-safe.
class RunLog {
 public:
  struct Run {
    std::string body;
    TimePoint due, started;
    int attempt = 0;
  };

  void add(const Context& ctx) {
    base::Lock lock(mu_);
    runs_.push_back({ctx.payload().bytes(), ctx.scheduled_at(), ctx.started_at(), ctx.retry_count() + 1});
    changed_.notify_all();
  }
  // Fails the test after a minute.
  void wait_for(std::size_t runs) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    base::Lock lock(mu_);
    while (runs_.size() < runs) {
      if (std::chrono::steady_clock::now() > until) return ADD_FAILURE() << "only " << runs_.size() << " runs", void();
      changed_.wait_for(mu_, 100ms);
    }
  }
  std::vector<Run> all() const {
    base::Lock lock(mu_);
    return runs_;
  }
  std::size_t size() const { return all().size(); }
  std::vector<std::string> bodies() const {
    std::vector<std::string> bodies;
    for (const Run& run : all()) bodies.push_back(run.body);
    std::sort(bodies.begin(), bodies.end());
    return bodies;
  }

 private:
  mutable base::Mutex mu_;
  base::CondVar changed_;
  std::vector<Run> runs_ WINDLASS_GUARDED_BY(mu_);
};

class DqFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!beanstalkd_is_installed()) GTEST_SKIP() << kNoBeanstalkd;
    for (int i = 0; i < 3; ++i) servers_.emplace_back(binlog());
  }
  virtual Beanstalkd::Binlog binlog() const { return Beanstalkd::Binlog::kNo; }

  dq::Nodes nodes(const std::string& tube = "mail") const {
    dq::Nodes nodes;
    for (const Beanstalkd& server : servers_) nodes.push_back(server.node(tube));
    return nodes;
  }
  dq::Producer producer(dq::ProducerConfig config = {}) const { return get(dq::Producer::open(nodes(), config)); }
  // Each call a view of its own, as another process would have it.
  dq::LockStorePtr locks() const { return get(dq::open_lock_store("sqlite:" + dir_.file("locks.db"))); }

  // Records each run and does what `handler` says.
  Handler recording(Handler handler = [](Context&) { return Outcome::done(); }) {
    return [this, handler = std::move(handler)](Context& ctx) {
      log_.add(ctx);
      return handler(ctx);
    };
  }
  // Quick enough for tests.
  static dq::ConsumerConfig quick() {
    dq::ConsumerConfig config;
    config.concurrency = 4;
    config.lease = 3s;  // longer than a busy machine holds up a consumer
    config.retry_delay = [](int, const Failure&, const Context&) { return Duration(1ms); };
    return config;
  }
  std::unique_ptr<dq::Consumer> consume(Handler handler, dq::ConsumerConfig config = quick()) {
    auto consumer = std::make_unique<dq::Consumer>(nodes(), locks(), std::move(handler), std::move(config));
    get(consumer->start());
    return consumer;
  }

  std::uint64_t jobs(const std::string& state = "") const {
    std::uint64_t sum = 0;
    for (const Beanstalkd& server : servers_) sum += server.jobs(state);
    return sum;
  }
  // Other processes give no signal to wait for. Fails the test after a minute.
  template <class Condition>
  static void wait_until(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return ADD_FAILURE() << "waited in vain", void();
      std::this_thread::sleep_for(10ms);
    }
  }
  void wait_until_empty() {
    wait_until([&] { return jobs() == 0; });
  }

  TempDir dir_;
  std::deque<Beanstalkd> servers_;
  RunLog log_;
};

// Counts of one consumer over all its nodes.
template <class Count>
std::uint64_t total(const dq::Consumer& consumer, Count dq::ConsumerStats::*count) {
  std::uint64_t sum = 0;
  for (const dq::ConsumerStats& node : consumer.stats()) sum += node.*count;
  return sum;
}

}  // namespace windlass::testing
