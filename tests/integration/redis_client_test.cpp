// The Redis client beside one real server, over each kind of connection, and with everything that goes wrong on the way.
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "redis/blocking_call.hpp"
#include "redis/error_reply.hpp"
#include "redis/script.hpp"
#include "redis/subscriber.hpp"
#include "redis/tracker.hpp"
#include "support/redis_fixture.hpp"
#include "support/tcp_proxy.hpp"

namespace windlass::redis {
namespace {

using namespace std::chrono_literals;
using testing::RedisServer;
using testing::TcpProxy;

class RedisClient : public testing::RedisFixture {};

TEST_F(RedisClient, SpeaksOverTcpAndUnixSocketInBothProtocols) {
  RedisServer server;
  for (const std::string& url : {server.url() + "/3", server.url() + "/3?protocol=2", server.socket_url() + "?db=3"}) {
    auto client = open(url);
    Pipeline p;
    p.add("SET", Key{"k"}, "v").add("GET", Key{"k"}).add("HSET", Key{"h"}, "f", 1).add("HGETALL", Key{"h"}).add("CLIENT", "GETNAME");
    const Result<Replies> replies = client->call(p);
    ASSERT_TRUE(replies.ok()) << replies.error().message();
    EXPECT_EQ((*replies)[1].text(), "v");
    EXPECT_EQ((*replies)[3].find("f")->text(), "1");
    EXPECT_EQ((*replies)[4].text(), "windlass");
    EXPECT_NE(server.run_text({"INFO", "keyspace"}).find("db3:keys=2"), std::string::npos);
  }
}

TEST_F(RedisClient, LogsInWithAPasswordOrAsAnAclUser) {
  RedisServer server({{"requirepass secret", "user bob on >bobpw ~* +@all -incr"}});
  const std::string at = "127.0.0.1:" + std::to_string(server.port());
  for (const std::string protocol : {"?protocol=3", "?protocol=2"}) {
    EXPECT_TRUE(open("redis://:secret@" + at + protocol)->ping().ok());
    EXPECT_TRUE(open("redis://bob:bobpw@" + at + protocol)->ping().ok());
    for (const std::string& wrong : {"redis://" + at, "redis://:wrong@" + at, "redis://bob:wrong@" + at, "redis://eve:x@" + at}) {
      const Status refused = open(wrong + protocol)->ping();
      ASSERT_FALSE(refused.ok()) << wrong;
      EXPECT_EQ(refused.error().code(), ErrorCode::kPermissionDenied) << refused.error().message();
      EXPECT_NE(refused.error().message().find(at), std::string::npos) << refused.error().message();
    }
    auto bob = open("redis://bob:bobpw@" + at + protocol);
    Pipeline p;
    p.add("INCR", Key{"n"}).add("SET", Key{"k"}, "v");
    const Result<Replies> replies = bob->call(p);
    ASSERT_TRUE(replies.ok());
    EXPECT_EQ(to_error((*replies)[0]).code(), ErrorCode::kPermissionDenied) << "one command, not the connection";
    EXPECT_EQ((*replies)[1].text(), "OK");
  }
}

TEST_F(RedisClient, ADatabaseThatDoesNotExistIsAnInvalidArgument) {
  RedisServer server;
  const Status refused = open(server.url() + "/99")->ping();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument) << refused.error().message();
}

TEST_F(RedisClient, AServerThatIsDownIsAnErrorAtOnceOrWaitedFor) {
  RedisServer server;
  server.kill();
  for (const std::string& url : {server.url(), server.socket_url()}) {
    auto client = open(url);
    const Status down = client->ping();
    ASSERT_FALSE(down.ok());
    EXPECT_EQ(down.error().code(), ErrorCode::kUnavailable) << down.error().message();
  }
  auto client = open(server.url());
  std::jthread waits([&] { EXPECT_TRUE(client->ping(patient()).ok()); });
  server.start();
}

TEST_F(RedisClient, ANameThatDoesNotExistIsUnavailable) {
  const Status refused = open("redis://host.invalid")->ping();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().message().find("host.invalid"), std::string::npos);
}

TEST_F(RedisClient, ErrorsOfTheServerSayWhatToDo) {
  RedisServer server({{"maxmemory 1", "maxmemory-policy noeviction"}});
  RedisServer replica({{"replicaof 127.0.0.1 1"}});
  Pipeline set;
  set.add("SET", Key{"k"}, "v");
  EXPECT_EQ(to_error((*open(server.url())->call(set))[0]).code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(to_error((*open(replica.url())->call(set))[0]).code(), ErrorCode::kUnavailable);
  server.run({"CONFIG", "SET", "maxmemory", "0"});
  server.run({"SET", "k", "v"});
  Pipeline push;
  push.add("LPUSH", Key{"k"}, "v");
  EXPECT_EQ(to_error((*open(server.url())->call(push))[0]).code(), ErrorCode::kCorrupt);
}

TEST_F(RedisClient, ALargeValueGoesBothWays) {
  RedisServer server;
  auto client = open(server.url());
  const std::string large(20 << 20, 'x');
  Pipeline p;
  p.add("SET", Key{"k"}, large).add("GET", Key{"k"});
  const Result<Replies> replies = client->call(p, patient());
  ASSERT_TRUE(replies.ok()) << replies.error().message();
  EXPECT_TRUE((*replies)[1].text() == large);
}

// Counters are written to disk before they are acknowledged, so after any crash: acknowledged <= stored <= acknowledged +
// unknown.
TEST_F(RedisClient, UnderRestartsNothingAcknowledgedIsLostAndNothingIsDoneTwice) {
  RedisServer server({{"appendonly yes", "appendfsync always"}});
  auto client = open(server.url());
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> acknowledged{0};
  std::atomic<std::int64_t> unknown{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        Pipeline p;
        p.add("INCR", Key{"n"});
        const Result<Replies> replies = client->call(p, patient());
        if (replies && !(*replies)[0].is_error()) ++acknowledged;
        else if (!replies && replies.error().code() == ErrorCode::kUnknownOutcome) ++unknown;
      }
    });
  }
  for (std::int64_t restart = 1; restart <= 3; ++restart) {
    wait_until([&] { return acknowledged > restart * 200; });
    server.kill();
    server.start();
  }
  wait_until([&] { return acknowledged > 1000; });
  stop = true;
  threads.clear();
  const std::int64_t stored = std::stoll(server.run_text({"GET", "n"}));
  EXPECT_GE(stored, acknowledged);
  EXPECT_LE(stored, acknowledged + unknown);
}

TEST_F(RedisClient, AServerThatRestartedWhileTheConnectionWasIdleIsNoErrorForTheNextCall) {
  RedisServer server;
  auto client = open(server.url());
  ASSERT_TRUE(client->ping().ok());
  server.kill();
  server.start();
  std::this_thread::sleep_for(60ms);  // what counts as idle
  Pipeline p;
  p.add("INCR", Key{"n"});
  const Result<Replies> replies = client->call(p);
  ASSERT_TRUE(replies.ok()) << replies.error().message();
  EXPECT_EQ((*replies)[0].integer(), 1);
}

TEST_F(RedisClient, ThreadsThatComeTogetherAfterAnIdleTimeAllGetTheirReplies) {
  RedisServer server;
  auto client = open(server.url());
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(55ms);  // what counts as idle
    std::latch together(8);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        Pipeline p;
        p.add("INCR", Key{"n"});
        together.arrive_and_wait();
        const Result<Replies> replies = client->call(p, patient());
        EXPECT_TRUE(replies.ok()) << replies.error().message();
      });
    }
  }
  EXPECT_EQ(server.run_text({"GET", "n"}), "160");
}

TEST_F(RedisClient, ScriptsRunThoughTheServerForgetsThem) {
  RedisServer server;
  auto client = open(server.url());
  const Script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
  std::atomic<bool> stop{false};
  std::jthread forget([&] {
    while (!stop) server.run({"SCRIPT", "FLUSH"});
  });
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        Pipeline p;
        p.eval(add, 1, 1).key("n").arg(1).add("INCR", Key{"plain"}).eval(add, 1, 1).key("n").arg(1);
        const Result<Replies> replies = client->call(p);
        ASSERT_TRUE(replies.ok()) << replies.error().message();
        for (std::size_t k = 0; k < 3; ++k) ASSERT_TRUE((*replies)[k].integer()) << (*replies)[k].text();
      }
    });
  }
  threads.clear();
  stop = true;
  forget.join();
  EXPECT_EQ(server.run_text({"GET", "n"}), "1800");
  EXPECT_EQ(server.run_text({"GET", "plain"}), "900");
}

TEST_F(RedisClient, AReplyThatIsLostLeavesTheOutcomeUnknownUnlessTheCommandIsIdempotent) {
  RedisServer server;
  TcpProxy proxy(server.port());
  auto client = open("redis://127.0.0.1:" + std::to_string(proxy.port()));
  ASSERT_TRUE(client->ping().ok());
  Pipeline increase;
  increase.add("INCR", Key{"n"});

  proxy.cut_before_reply();
  const Result<Replies> lost = client->call(increase);
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code(), ErrorCode::kUnknownOutcome) << lost.error().message();
  EXPECT_EQ(server.run_text({"GET", "n"}), "1") << "executed once and not sent again";

  ASSERT_TRUE(client->ping().ok());
  proxy.cut_before_request();
  const Result<Replies> cut = client->call(increase);
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code(), ErrorCode::kUnknownOutcome) << "from here it looks the same";
  EXPECT_EQ(server.run_text({"GET", "n"}), "1");

  ASSERT_TRUE(client->ping().ok());
  proxy.cut_before_reply();
  Pipeline read;
  read.add("GET", Key{"n"}).idempotent();
  const Result<Replies> again = client->call(read);
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ((*again)[0].text(), "1");
}

TEST_F(RedisClient, AConnectionThatStallsIsGivenUpAtTheDeadline) {
  RedisServer server;
  TcpProxy proxy(server.port());
  auto client = open("redis://127.0.0.1:" + std::to_string(proxy.port()) + "?read_timeout=100ms");
  ASSERT_TRUE(client->ping(patient()).ok());
  proxy.set_stalled(true);
  Pipeline p;
  p.add("INCR", Key{"n"});
  const Result<Replies> late = client->call(p);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), ErrorCode::kUnknownOutcome) << late.error().message();
  proxy.set_stalled(false);
  EXPECT_TRUE(client->ping(patient()).ok());
}

TEST_F(RedisClient, ThreadsShareTheRoundTripsOfASlowNetwork) {
  RedisServer server;
  TcpProxy proxy(server.port());
  proxy.set_delay(100ms);
  auto client = open("redis://127.0.0.1:" + std::to_string(proxy.port()));
  std::vector<std::jthread> threads;
  for (int t = 0; t < 20; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 3; ++i) {
        Pipeline p;
        p.add("INCR", Key{"n"});
        EXPECT_TRUE(client->call(p, patient()).ok());
      }
    });
  }
  threads.clear();
  EXPECT_EQ(server.run_text({"GET", "n"}), "60");
  EXPECT_EQ(proxy.accepted(), 1u) << "one connection for all";
}

TEST_F(RedisClient, TlsVerifiesTheChainAndTheName) {
  if (!testing::program_exists("openssl")) GTEST_SKIP() << "the openssl program is not installed";
  const testing::TestCertificates certificates;
  RedisServer server({{"tls-auth-clients optional"}, &certificates});
  const std::string port = std::to_string(server.port());
  const std::string ca = "?ca=" + certificates.ca();
  for (const std::string& good : {"rediss://127.0.0.1:" + port + ca, "rediss://localhost:" + port + ca,
                                  "rediss://127.0.0.1:" + port + ca + "&server_name=localhost",
                                  "rediss://127.0.0.1:" + port + "?insecure_skip_verify=true"}) {
    const Status up = open(good)->ping();
    EXPECT_TRUE(up.ok()) << good << ": " << up.error().message();
  }
  for (const std::string& bad : {"rediss://127.0.0.1:" + port, "rediss://127.0.0.1:" + port + "?ca=" + certificates.other_ca(),
                                 "rediss://127.0.0.1:" + port + ca + "&server_name=example.com"}) {
    const Status refused = open(bad)->ping();
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(refused.error().code(), ErrorCode::kPermissionDenied) << refused.error().message();
    EXPECT_NE(refused.error().message().find("certificate not accepted"), std::string::npos) << refused.error().message();
  }
  EXPECT_FALSE(open("redis://127.0.0.1:" + port)->ping().ok()) << "plain text to a TLS port";
}

TEST_F(RedisClient, TlsShowsAClientCertificateAndCarriesManyThreads) {
  if (!testing::program_exists("openssl")) GTEST_SKIP() << "the openssl program is not installed";
  const testing::TestCertificates certificates;
  RedisServer server({{"tls-auth-clients yes"}, &certificates});
  const std::string url = "rediss://127.0.0.1:" + std::to_string(server.port()) + "?ca=" + certificates.ca();
  EXPECT_FALSE(open(url)->ping().ok());
  auto client = open(url + "&cert=" + certificates.client_cert() + "&key=" + certificates.client_key());
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, value = std::string(50000, static_cast<char>('a' + t))] {
      for (int i = 0; i < 50; ++i) {
        Pipeline p;
        p.add("ECHO", value).add("ECHO", value);
        const Result<Replies> replies = client->call(p, patient());
        ASSERT_TRUE(replies.ok()) << replies.error().message();
        ASSERT_TRUE((*replies)[0].text() == value && (*replies)[1].text() == value);
      }
    });
  }
}

TEST_F(RedisClient, TlsFilesThatCannotBeReadAreNamed) {
  const Result<Config> config = parse_url("rediss://h?ca=/nonexistent/ca.pem");
  const auto client = open_client(*config);
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_NE(client.error().message().find("/nonexistent/ca.pem"), std::string::npos);
}

TEST_F(RedisClient, ASubscriberGetsMessagesAndSaysWhenItMayHaveMissedSome) {
  RedisServer server;
  for (const std::string protocol : {"?protocol=3", "?protocol=2"}) {
    auto client = open(server.url() + protocol);
    Subscriber subscriber(client->dial_for({}), {"news", "other"});
    ASSERT_TRUE(subscriber.subscribe(net::after(10s)).ok());
    server.run({"PUBLISH", "news", "one"});
    server.run({"PUBLISH", "other", "two"});
    std::vector<std::string> seen;
    while (seen.size() < 2) {
      const Result<MessageBatch> batch = subscriber.wait(net::after(10s));
      ASSERT_TRUE(batch.ok());
      EXPECT_FALSE(batch->missed);
      for (const Message& message : batch->messages) seen.push_back(message.channel + " " + message.payload);
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"news one", "other two"}));
    EXPECT_TRUE(subscriber.wait(net::after(1ms))->messages.empty());

    server.run({"CLIENT", "KILL", "TYPE", "pubsub"});
    const Result<MessageBatch> back = subscriber.wait(net::after(10s));
    ASSERT_TRUE(back.ok());
    EXPECT_TRUE(back->missed);
    server.run({"PUBLISH", "news", "three"});
    EXPECT_EQ(subscriber.wait(net::after(10s))->messages.at(0).payload, "three");
  }
}

TEST_F(RedisClient, ASubscriberIsWokenAndReportsAServerThatIsDown) {
  RedisServer server;
  auto client = open(server.url());
  Subscriber subscriber(client->dial_for({}), {"news"});
  ASSERT_TRUE(subscriber.subscribe(net::after(10s)).ok());
  subscriber.wake();
  EXPECT_TRUE(subscriber.wait(net::after(1h))->messages.empty()) << "a wake-up that came before the wait is not lost";
  server.kill();
  const Result<MessageBatch> down = subscriber.wait(net::after(100ms));
  ASSERT_FALSE(down.ok());
  EXPECT_EQ(down.error().code(), ErrorCode::kUnavailable);
  server.start();
  EXPECT_TRUE(subscriber.wait(net::after(20s))->missed);
}

TEST_F(RedisClient, ATrackerTellsThatAKeyChanged) {
  RedisServer server;
  auto client = open(server.url());
  Tracker tracker(client->dial_for("q"));
  Pipeline reads;
  reads.add("LLEN", Key{"q"}).add("LLEN", Key{"r"});
  const Result<Replies> lengths = tracker.arm(reads, net::after(10s));
  ASSERT_TRUE(lengths.ok()) << lengths.error().message();
  EXPECT_EQ((*lengths)[0].integer(), 0);
  EXPECT_TRUE(tracker.wait(net::after(1ms)).empty());

  server.run({"SET", "unrelated", "x"});
  server.run({"LPUSH", "q", "task"});
  const Changes changes = tracker.wait(net::after(10s));
  EXPECT_EQ(changes.keys, std::vector<std::string>{"q"});
  EXPECT_FALSE(changes.all);
  EXPECT_EQ((*tracker.arm(reads, net::after(10s)))[0].integer(), 1);
  server.run({"FLUSHALL"});
  EXPECT_TRUE(tracker.wait(net::after(10s)).all);
}

TEST_F(RedisClient, ATrackerIsWokenAndTakesABrokenConnectionForAChange) {
  RedisServer server;
  auto client = open(server.url());
  Tracker tracker(client->dial_for("q"));
  Pipeline reads;
  reads.add("LLEN", Key{"q"});
  tracker.wake();
  EXPECT_TRUE(tracker.wait(net::after(1h)).empty()) << "not connected yet: it sleeps, and is woken";
  ASSERT_TRUE(tracker.arm(reads, net::after(10s)).ok());
  tracker.wake();
  EXPECT_TRUE(tracker.wait(net::after(1h)).empty());
  server.kill();
  EXPECT_TRUE(tracker.wait(net::after(10s)).all);
  EXPECT_FALSE(tracker.arm(reads, net::after(10s)).ok());
  server.start();
  wait_until([&] { return tracker.arm(reads, net::after(10s)).ok(); });
  server.run({"LPUSH", "q", "task"});
  EXPECT_FALSE(tracker.wait(net::after(10s)).empty());
}

TEST_F(RedisClient, WhereTrackingIsRefusedTheTrackerSaysSo) {
  RedisServer server({{"user bob on >bobpw ~* +@all -client|tracking"}});
  const std::string at = "127.0.0.1:" + std::to_string(server.port());
  Pipeline reads;
  reads.add("LLEN", Key{"q"});
  for (const std::string& url : {"redis://bob:bobpw@" + at, "redis://" + at + "?protocol=2"}) {
    auto client = open(url);
    Tracker tracker(client->dial_for("q"));
    const Result<Replies> refused = tracker.arm(reads, net::after(10s));
    ASSERT_FALSE(refused.ok()) << url;
    EXPECT_EQ(refused.error().code(), ErrorCode::kUnsupported) << refused.error().message();
  }
}

TEST_F(RedisClient, ABlockingCallCanBeWokenAndStaysOutstanding) {
  RedisServer server;
  auto client = open(server.url());
  BlockingCall call(client->dial_for("q"));
  Pipeline p;
  p.add("BLMOVE", Key{"q"}, Key{"q"}, "RIGHT", "RIGHT", 0);
  ASSERT_TRUE(call.start(p, net::after(10s)).ok());
  call.wake();
  EXPECT_FALSE(call.wait(net::after(1h))->has_value());
  EXPECT_TRUE(call.outstanding());
  server.run({"LPUSH", "q", "task"});
  const Result<std::optional<Replies>> reply = call.wait(net::after(10s));
  ASSERT_TRUE(reply.ok() && reply->has_value());
  EXPECT_EQ((**reply)[0].text(), "task");
  EXPECT_FALSE(call.outstanding());
  server.run({"DEL", "q"});
  ASSERT_TRUE(call.start(p, net::after(10s)).ok());
  server.kill();
  const Result<std::optional<Replies>> lost = call.wait(net::after(10s));
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code(), ErrorCode::kUnknownOutcome);
}

}  // namespace
}  // namespace windlass::redis
