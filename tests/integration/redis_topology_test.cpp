// The Redis client beside real sentinels and a real cluster: failovers, slots that move.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "redis/script.hpp"
#include "redis/slots.hpp"
#include "redis/tracker.hpp"
#include "support/redis_fixture.hpp"

namespace windlass::redis {
namespace {

using namespace std::chrono_literals;
using testing::ClusterSetup;
using testing::RedisServer;
using testing::SentinelSetup;

class RedisSentinel : public testing::RedisFixture {};
class RedisCluster : public testing::RedisFixture {};

Pipeline increase(std::string_view key) {
  Pipeline p;
  p.add("INCR", Key{key});
  return p;
}

bool is_master(const RedisServer& server) {
  try {
    return server.run_text({"INFO", "replication"}).find("role:master") != std::string::npos;
  } catch (const std::runtime_error&) {
    return false;  // a sentinel that promotes a replica cuts the connections of its clients
  }
}

TEST_F(RedisSentinel, TheMasterIsFoundAndItsDeathSurvived) {
  SentinelSetup setup;
  auto client = open(setup.url());
  ASSERT_TRUE(client->call(increase("n")).ok());
  EXPECT_EQ(setup.master().run_text({"GET", "n"}), "1");

  setup.watch_closely();
  setup.master().kill();
  // Nobody knows a new one yet: refused, not hung and not sent to a replica.
  const Result<Replies> meanwhile = client->call(increase("n"));
  if (!meanwhile) { EXPECT_NE(meanwhile.error().code(), ErrorCode::kInternal) << meanwhile.error().message(); }
  const Status found = client->ping(patient());
  ASSERT_TRUE(found.ok()) << found.error().message();
  ASSERT_TRUE(client->call(increase("m")).ok());
  EXPECT_EQ(setup.replica().run_text({"GET", "m"}), "1");
}

TEST_F(RedisSentinel, AMasterThatWasReplacedButDidNotGoIsLeft) {
  SentinelSetup setup;
  auto client = open(setup.url());
  ASSERT_TRUE(client->ping().ok());
  setup.watch_closely();
  setup.master().freeze();
  wait_until([&] { return is_master(setup.replica()); });
  Pipeline p = increase("n");
  p.idempotent();
  wait_until([&] { return client->call(p, {net::after(5s), false}).ok(); });
  setup.master().thaw();
  EXPECT_GE(std::stoi(setup.replica().run_text({"GET", "n"})), 1);
}

TEST_F(RedisSentinel, ACommandThatAFormerMasterRefusesGoesToTheNewOne) {
  SentinelSetup setup;
  auto client = open(setup.url());
  std::atomic<bool> stop{false};
  std::atomic<int> acknowledged{0};
  std::atomic<int> refused{0};
  std::jthread load([&] {
    while (!stop) {
      const Result<Replies> replies = client->call(increase("n"), patient());
      if (replies && (*replies)[0].is_error()) ++refused;
      if (replies && !(*replies)[0].is_error()) ++acknowledged;
    }
  });
  wait_until([&] { return acknowledged > 100; });
  // An orderly change of roles while nothing is lost: the old master answers READONLY to whoever has not noticed.
  setup.replica().run({"REPLICAOF", "NO", "ONE"});
  setup.replica().run({"REPLICAOF", "127.0.0.1", std::to_string(setup.master().port())});
  const int before = acknowledged;
  wait_until([&] { return acknowledged > before + 100; });
  stop = true;
  load.join();
  EXPECT_EQ(refused, 0);
}

TEST_F(RedisSentinel, AMasterThatNoSentinelKnowsIsNamed) {
  SentinelSetup setup;
  std::string url = setup.url();
  url.replace(url.find("mymaster"), 8, "hermaster");
  const Status unknown = open(url)->ping();
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), ErrorCode::kInvalidArgument) << unknown.error().message();
  EXPECT_NE(unknown.error().message().find("hermaster"), std::string::npos);
}

TEST_F(RedisSentinel, SentinelsThatAreDownAreEachNamed) {
  const testing::Port first, second;
  const std::string one = first.address(), two = second.address();
  const Status down = open("redis-sentinel://" + one + "," + two + "?master=m")->ping();
  ASSERT_FALSE(down.ok());
  EXPECT_EQ(down.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(down.error().message().find(one), std::string::npos) << down.error().message();
  EXPECT_NE(down.error().message().find(two), std::string::npos) << down.error().message();
}

TEST_F(RedisSentinel, ASentinelThatWasCutOffAndNamesAFormerMasterIsNotTheLastToBeAsked) {
  SentinelSetup setup;
  const testing::Port gone;
  const std::string monitor = "sentinel monitor mymaster 127.0.0.1 " + std::to_string(gone.number()) + " 2";
  const RedisServer cut_off({.config = {monitor}, .sentinel = true});
  std::string url = setup.url();
  url.insert(url.find("//") + 2, "127.0.0.1:" + std::to_string(cut_off.port()) + ",");
  auto client = open(url);
  const Status found = client->ping();
  EXPECT_TRUE(found.ok()) << found.error().message();
}

// Hands the slot of `key` from one node to another, with all its keys, as redis-cli does.
class SlotMove {
 public:
  SlotMove(ClusterSetup& cluster, const std::string& key, std::size_t to)
      : cluster_(cluster), slot_(std::to_string(key_slot(key))), from_(cluster.owner_of(key)), to_(to) {}

  void begin() {
    cluster_.node(to_).run({"CLUSTER", "SETSLOT", slot_, "IMPORTING", cluster_.id(from_)});
    cluster_.node(from_).run({"CLUSTER", "SETSLOT", slot_, "MIGRATING", cluster_.id(to_)});
  }
  void move_key(const std::string& key) {
    cluster_.node(from_).run({"MIGRATE", "127.0.0.1", std::to_string(cluster_.node(to_).port()), key, "0", "5000"});
  }
  void finish() {
    for (const std::size_t node : {to_, from_}) cluster_.node(node).run({"CLUSTER", "SETSLOT", slot_, "NODE", cluster_.id(to_)});
  }

 private:
  ClusterSetup& cluster_;
  const std::string slot_;
  const std::size_t from_;
  const std::size_t to_;
};

TEST_F(RedisCluster, CommandsGoWhereTheirKeysAreAndFollowThemWhenSlotsMove) {
  ClusterSetup cluster;
  auto client = open(cluster.url());
  const Script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
  Pipeline many;
  for (int i = 0; i < 300; ++i) {
    const std::string key = "k" + std::to_string(i);
    many.add("SET", Key{key}, i).add("PING").eval(add, 1, 1).key("{" + key + "}n").arg(i);
  }
  const Result<Replies> replies = client->call(many);
  ASSERT_TRUE(replies.ok()) << replies.error().message();
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_EQ((*replies)[3 * i].text(), "OK");
    EXPECT_EQ((*replies)[3 * i + 1].text(), "PONG");
    EXPECT_EQ((*replies)[3 * i + 2].integer(), static_cast<std::int64_t>(i));
  }

  // A slot on its way: its keys are partly here, partly there.
  const std::string moved = "{move}a";
  const std::string stays = "{move}b";
  const std::string fresh = "{move}c";
  ASSERT_TRUE(client->call(increase(moved)).ok());
  ASSERT_TRUE(client->call(increase(stays)).ok());
  const std::size_t to = (cluster.owner_of(moved) + 1) % 3;
  SlotMove move(cluster, moved, to);
  move.begin();
  move.move_key(moved);
  Pipeline all = increase(moved);
  all.add("INCR", Key{stays}).add("INCR", Key{fresh});
  const Result<Replies> asked = client->call(all);
  ASSERT_TRUE(asked.ok()) << asked.error().message();
  EXPECT_EQ((*asked)[0].integer(), 2);
  EXPECT_EQ((*asked)[1].integer(), 2);
  EXPECT_EQ((*asked)[2].integer(), 1);

  const Script increased("return redis.call('INCR', KEYS[1])");
  Pipeline scripted;
  scripted.eval(increased, 1, 0).key(moved);
  const Result<Replies> ran = client->call(scripted);
  ASSERT_TRUE(ran.ok()) << ran.error().message();
  EXPECT_EQ((*ran)[0].integer(), 3) << "a script that the new node does not know: " << (*ran)[0].text();

  move.move_key(stays);
  move.finish();
  const Result<Replies> after = client->call(all);
  ASSERT_TRUE(after.ok()) << after.error().message();
  EXPECT_EQ((*after)[0].integer(), 4);
  EXPECT_EQ((*after)[1].integer(), 3);
  EXPECT_EQ((*after)[2].integer(), 2);
  EXPECT_EQ(cluster.node(to).run_text({"GET", moved}), "4");

  Tracker tracker(client->dial_for(moved));
  Pipeline reads;
  reads.add("GET", Key{moved});
  ASSERT_TRUE(tracker.arm(reads, net::after(10s)).ok()) << "a connection of its own goes to the new owner";
  ASSERT_TRUE(client->call(increase(moved)).ok());
  EXPECT_EQ(tracker.wait(net::after(10s)).keys, std::vector<std::string>{moved});
}

TEST_F(RedisCluster, TheDeathOfAMasterIsSurvived) {
  ClusterSetup cluster;
  auto client = open(cluster.url());
  const std::string key = "mine";
  const std::size_t owner = cluster.owner_of(key);
  const std::string elsewhere = cluster.owner_of("a") != owner ? "a" : cluster.owner_of("b") != owner ? "b" : "c";
  ASSERT_NE(cluster.owner_of(elsewhere), owner);
  ASSERT_TRUE(client->call(increase(key)).ok());
  cluster.watch_closely();
  cluster.node(owner).kill();
  const Result<Replies> at_once = client->call(increase(key), {net::after(5s), false});
  if (!at_once) { EXPECT_NE(at_once.error().code(), ErrorCode::kInternal) << at_once.error().message(); }
  const Result<Replies> after = client->call(increase(key), patient());
  ASSERT_TRUE(after.ok()) << after.error().message();
  EXPECT_TRUE((*after)[0].integer()) << (*after)[0].text();
  const Result<Replies> other = client->call(increase(elsewhere), patient());
  ASSERT_TRUE(other.ok()) << other.error().message();
  EXPECT_TRUE((*other)[0].integer()) << (*other)[0].text();
}

TEST_F(RedisCluster, ASlotThatIsAssignedLateIsFound) {
  ClusterSetup cluster({.replicas = false});
  const std::string slot = std::to_string(key_slot("late"));
  for (std::size_t i = 0; i < 3; ++i) cluster.node(i).run({"CLUSTER", "DELSLOTS", slot});
  auto client = open(cluster.url());
  const Result<Replies> nobody = client->call(increase("late"));
  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.error().code(), ErrorCode::kUnavailable) << nobody.error().message();
  cluster.node(cluster.owner_of("late")).run({"CLUSTER", "ADDSLOTS", slot});
  wait_until([&] {
    const Result<Replies> replies = client->call(increase("late"));
    return replies.ok() && (*replies)[0].integer() == 1;
  });
}

TEST_F(RedisCluster, AClusterOfWhichNoNodeAnswersIsUnavailable) {
  const testing::Port nobody;
  const Status down = open("redis-cluster://" + nobody.address())->ping();
  ASSERT_FALSE(down.ok());
  EXPECT_EQ(down.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(down.error().message().find("no node of the cluster answers"), std::string::npos) << down.error().message();
}

TEST_F(RedisCluster, AServerThatIsNoClusterSaysSo) {
  RedisServer server;
  const Status refused = open("redis-cluster://127.0.0.1:" + std::to_string(server.port()))->ping();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("cluster support disabled"), std::string::npos) << refused.error().message();
}

}  // namespace
}  // namespace windlass::redis
