// Redis is restarted, flushed and replaced while tasks come and are done.
#include "integration/redis_load.hpp"

namespace windlass::testing {
namespace {

class RedisUnderLoad : public RedisBrokerFixture {
 protected:
  // Lets the load go on for a while from now.
  static void let_pass(Load& load, std::size_t tasks = 200) {
    const std::size_t until = load.acknowledged() + tasks;
    wait_until([&] { return load.acknowledged() >= until; });
  }
  static void expect_all_done(Load& load) {
    load.pause();
    wait_until([&] { return load.missing() == 0; });
    wait_until([&] { return load.empty(); });
  }
  static std::int64_t offset(const RedisServer& server, const std::string& name) {
    const std::string info = server.run_text({"INFO", "replication"});
    const std::size_t at = info.find(name + ":");
    return at == std::string::npos ? -1 : std::atoll(info.c_str() + at + name.size() + 1);
  }
  // What was written so far is there too.
  static void wait_for_replica(const RedisServer& master, const RedisServer& replica) {
    const std::int64_t written = offset(master, "master_repl_offset");
    wait_until([&] { return offset(replica, "slave_repl_offset") >= written; });
  }
};

TEST_F(RedisUnderLoad, ARestartLosesNothingThatWasAcknowledged) {
  RedisServer server({{"appendonly yes", "appendfsync always"}});
  Load load(open_broker(server.url()), {"q", "r"});
  for (int i = 0; i < 3; ++i) {
    let_pass(load);
    i % 2 == 0 ? server.kill() : server.stop_cleanly();
    server.start();
  }
  let_pass(load);
  expect_all_done(load);
}

TEST_F(RedisUnderLoad, FlushedScriptsAreLoadedAgain) {
  RedisServer server;
  auto broker = open_broker(server.url());
  Load load(broker, {"q"});
  for (int i = 0; i < 50; ++i) {
    server.run({"SCRIPT", "FLUSH"});
    let_pass(load, 20);
  }
  expect_all_done(load);
  const QueueInfo info = get(broker->queue_info("q"));
  EXPECT_EQ(info.processed, load.acknowledged()) << "nothing failed and nothing ran twice";
  EXPECT_EQ(info.failed, 0u);
}

TEST_F(RedisUnderLoad, AServerThatHangsForAWhileLosesNothing) {
  RedisServer server;
  Load load(open_broker(server.url() + "?read_timeout=300ms"), {"q"});
  for (int i = 0; i < 2; ++i) {
    let_pass(load);
    server.freeze();
    std::this_thread::sleep_for(700ms);  // two time-outs
    server.thaw();
  }
  let_pass(load);
  expect_all_done(load);
}

TEST_F(RedisUnderLoad, AFailoverBehindSentinelsIsSurvived) {
  SentinelSetup setup;
  auto broker = open_broker(setup.url());
  Load load(broker, {"q", "r"});
  let_pass(load);
  load.pause();
  wait_for_replica(setup.master(), setup.replica());
  setup.watch_closely();
  setup.master().kill();
  load.resume();
  let_pass(load);
  expect_all_done(load);
  EXPECT_EQ(fact(*broker, "topology"), "sentinel");
}

TEST_F(RedisUnderLoad, AFailoverInAClusterIsSurvived) {
  ClusterSetup cluster;
  std::vector<std::string> queues;
  for (int i = 0; i < 6; ++i) queues.push_back("queue-" + std::to_string(i));
  auto broker = open_broker(cluster.url());
  Load load(broker, queues);
  let_pass(load);
  load.pause();
  const std::size_t victim = cluster.owner_of("asynq:{queue-0}:pending");
  wait_for_replica(cluster.node(victim), cluster.node(victim + 3));
  cluster.watch_closely();
  cluster.node(victim).kill();
  load.resume();
  let_pass(load);
  expect_all_done(load);
  EXPECT_EQ(fact(*broker, "topology"), "cluster");
}

}  // namespace
}  // namespace windlass::testing
