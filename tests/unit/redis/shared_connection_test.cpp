// The shared connection, with a peer that breaks at every step: what a caller is told must be true of what the peer executed.
#include "redis/shared_connection.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <latch>
#include <thread>

#include "redis/node.hpp"
#include "redis/script.hpp"
#include "unit/redis/fake_transport.hpp"
#include "unit/redis/resp_text.hpp"

namespace windlass::redis {
namespace {

using namespace std::chrono_literals;
using testing::FakePeer;
using testing::Faults;
using testing::show;

std::string echo(const std::vector<std::string>& command) {
  if (command[0] == "PING") return "+PONG\r\n";
  return "$" + std::to_string(command.back().size()) + "\r\n" + command.back() + "\r\n";
}

// Hands out one connection after the other, each with its own faults; after those, sound ones.
class Net {
 public:
  explicit Net(std::deque<Faults> faults = {}, FakePeer::Answer answer = echo)
      : faults_(std::move(faults)), answer_(std::move(answer)) {}

  Dial dial() {
    return [this](net::Deadline) -> Result<ConnectionPtr> {
      base::Lock lock(mu_);
      if (refusals_ > 0 && refusals_-- > 0) return Error(ErrorCode::kUnavailable, "connect: Connection refused");
      Faults faults;
      if (!faults_.empty()) {
        faults = faults_.front();
        faults_.pop_front();
      }
      peers_.push_back(std::make_shared<FakePeer>(answer_, faults));
      return std::make_unique<Connection>(testing::make_fake_transport(peers_.back()), "fake");
    };
  }

  void refuse(int times) {
    base::Lock lock(mu_);
    refusals_ = times;
  }
  std::size_t connections() {
    base::Lock lock(mu_);
    return peers_.size();
  }
  std::shared_ptr<FakePeer> peer(std::size_t i) {
    base::Lock lock(mu_);
    return peers_[i];
  }
  std::size_t executed() {
    base::Lock lock(mu_);
    std::size_t n = 0;
    for (auto& peer : peers_) n += peer->executed().size();
    return n;
  }

 private:
  base::Mutex mu_;
  std::deque<Faults> faults_ WINDLASS_GUARDED_BY(mu_);
  const FakePeer::Answer answer_;
  int refusals_ WINDLASS_GUARDED_BY(mu_) = 0;
  std::vector<std::shared_ptr<FakePeer>> peers_ WINDLASS_GUARDED_BY(mu_);
};

CallLimits soon() { return {net::after(20s), false}; }
CallLimits at_once() { return {net::after(30ms), false}; }

Pipeline set(std::string_view value) {
  Pipeline p;
  p.add("SET", Key{"k"}, value);
  return p;
}

TEST(SharedConnection, ALoneCallGetsItsReply) {
  Net net;
  SharedConnection shared("redis", net.dial());
  const Result<Replies> replies = shared.call(set("v"), soon());
  ASSERT_TRUE(replies.ok()) << replies.error().message();
  EXPECT_EQ(show((*replies)[0]), "\"v\"");
  EXPECT_TRUE(shared.call(set("w"), soon()).ok());
  EXPECT_EQ(net.connections(), 1u);
}

TEST(SharedConnection, ACallOfManyCommandsGetsAllRepliesInOrder) {
  Net net;
  SharedConnection shared("redis", net.dial());
  Pipeline p;
  for (int i = 0; i < 1000; ++i) p.add("SET", Key{"k"}, i);
  const Result<Replies> replies = shared.call(p, soon());
  ASSERT_TRUE(replies.ok());
  ASSERT_EQ(replies->size(), 1000u);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ((*replies)[static_cast<std::size_t>(i)].integer(), i);
}

TEST(SharedConnection, NoCommandsNeedNoConnection) {
  Net net;
  SharedConnection shared("redis", net.dial());
  EXPECT_TRUE(shared.call(Pipeline(), soon())->empty());
  EXPECT_EQ(net.connections(), 0u);
}

TEST(SharedConnection, ManyThreadsEachGetTheirOwnReplies) {
  for (const int threads : {2, 3, 7}) {
    Net net;
    SharedConnection shared("redis", net.dial());
    std::atomic<int> wrong{0};
    std::vector<std::jthread> all;
    for (int t = 0; t < threads; ++t) {
      all.emplace_back([&, t] {
        for (int i = 0; i < 300; ++i) {
          Pipeline p;
          const int commands = 1 + i % 3;
          for (int c = 0; c < commands; ++c) p.add("SET", Key{"k"}, t * 10000 + i * 10 + c);
          const Result<Replies> replies = shared.call(p, soon());
          if (!replies || replies->size() != p.size()) { ++wrong; continue; }
          for (int c = 0; c < commands; ++c) wrong += (*replies)[static_cast<std::size_t>(c)].integer() != t * 10000 + i * 10 + c;
        }
      });
    }
    all.clear();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(net.connections(), 1u);
  }
}

TEST(SharedConnection, ACommandThatWasNotWrittenInFullWasSurelyNotExecuted) {
  const std::uint64_t size = set("value").bytes().size();
  for (std::uint64_t at = 0; at < size; ++at) {
    Net net({Faults{.write_fails_at = at}});
    SharedConnection shared("redis", net.dial());
    const Result<Replies> replies = shared.call(set("value"), soon());
    ASSERT_FALSE(replies.ok());
    EXPECT_EQ(replies.error().code(), ErrorCode::kUnavailable) << "failed after " << at << " bytes";
    EXPECT_NE(replies.error().message().find("Broken pipe"), std::string::npos) << replies.error().message();
    EXPECT_EQ(net.executed(), 0u);
    EXPECT_TRUE(shared.call(set("value"), soon()).ok()) << "the next call connects again";
    EXPECT_EQ(net.connections(), 2u);
  }
}

TEST(SharedConnection, OfACallWhoseFirstCommandLeftTheOutcomeIsUnknown) {
  Pipeline two = set("1");
  two.add("SET", Key{"k"}, "2");
  Net net({Faults{.write_fails_at = two[0].end}});
  SharedConnection shared("redis", net.dial());
  const Result<Replies> replies = shared.call(two, soon());
  ASSERT_FALSE(replies.ok());
  EXPECT_EQ(replies.error().code(), ErrorCode::kUnknownOutcome);
  EXPECT_EQ(net.executed(), 1u);
}

TEST(SharedConnection, AConnectionThatEndsBeforeOrInTheReplyLeavesTheOutcomeUnknown) {
  const std::uint64_t size = echo({"value"}).size();
  for (std::uint64_t at = 0; at < size; ++at) {
    Net net({Faults{.replies_end_at = at}});
    SharedConnection shared("redis", net.dial());
    const Result<Replies> replies = shared.call(set("value"), soon());
    ASSERT_FALSE(replies.ok());
    EXPECT_EQ(replies.error().code(), ErrorCode::kUnknownOutcome) << "ended after " << at << " bytes";
    EXPECT_EQ(net.executed(), 1u) << "it was executed and must not be sent again";
    EXPECT_TRUE(shared.call(set("value"), soon()).ok());
  }
}

TEST(SharedConnection, BytesThatAreNotRespBreakTheConnection) {
  Net net({}, [](const auto&) { return "HTTP/1.1 400 Bad Request\r\n"; });
  SharedConnection shared("redis", net.dial());
  const Result<Replies> replies = shared.call(set("v"), soon());
  ASSERT_FALSE(replies.ok());
  EXPECT_EQ(replies.error().code(), ErrorCode::kUnknownOutcome);
  EXPECT_NE(replies.error().message().find("not a Redis reply"), std::string::npos);
}

TEST(SharedConnection, ACallWithoutAReplyByItsDeadlineBreaksTheConnection) {
  Net net({Faults{.mute = true}});
  SharedConnection shared("redis", net.dial());
  const Result<Replies> late = shared.call(set("v"), at_once());
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), ErrorCode::kUnknownOutcome);
  EXPECT_NE(late.error().message().find("no reply in time"), std::string::npos) << late.error().message();
  EXPECT_TRUE(shared.call(set("v"), soon()).ok());
}

TEST(SharedConnection, WhatWasInFlightTogetherFailsTogether) {
  Net net({Faults{.mute = true}});
  SharedConnection shared("redis", net.dial());
  std::atomic<int> unknown{0};
  std::vector<std::jthread> patient;
  for (int t = 0; t < 3; ++t) {
    patient.emplace_back([&] {
      const Result<Replies> replies = shared.call(set("v"), soon());
      if (!replies && replies.error().code() == ErrorCode::kUnknownOutcome) ++unknown;
    });
  }
  while (net.executed() < 3) std::this_thread::yield();
  EXPECT_FALSE(shared.call(set("v"), at_once()).ok()) << "whoever is impatient, though another one drives";
  patient.clear();
  EXPECT_EQ(unknown, 3);
}

TEST(SharedConnection, AWriteThatFindsNoRoomGoesOnWhenThereIsSome) {
  Net net({Faults{.write_stalls_at = 10}});
  SharedConnection shared("redis", net.dial());
  std::vector<std::jthread> callers;
  std::atomic<int> ok{0};
  for (int t = 0; t < 3; ++t) callers.emplace_back([&] { ok += shared.call(set("v"), soon()).ok(); });
  while (net.connections() == 0) std::this_thread::yield();
  net.peer(0)->let_write();
  callers.clear();
  EXPECT_EQ(ok, 3);
}

TEST(SharedConnection, WhileAWriteHasNoRoomTheCommandIsSurelyNotExecuted) {
  Net net({Faults{.write_stalls_at = 10}});
  SharedConnection shared("redis", net.dial());
  const Result<Replies> replies = shared.call(set("v"), at_once());
  ASSERT_FALSE(replies.ok());
  EXPECT_EQ(replies.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(net.executed(), 0u);
}

TEST(SharedConnection, AfterAFailureToConnectCallersAreRefusedWithTheCause) {
  Net net;
  net.refuse(1000);
  SharedConnection shared("redis", net.dial());
  for (int i = 0; i < 3; ++i) {
    const Result<Replies> refused = shared.call(set("v"), soon());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
    EXPECT_NE(refused.error().message().find("Connection refused"), std::string::npos) << refused.error().message();
  }
}

TEST(SharedConnection, ACallerThatWaitsForTheConnectionGetsIt) {
  Net net;
  net.refuse(3);
  SharedConnection shared("redis", net.dial());
  EXPECT_TRUE(shared.call(set("v"), {net::after(20s), true}).ok());
  net.refuse(1000000);
  shared.disconnect(Error(ErrorCode::kUnavailable, "test"));
  const Result<Replies> never = shared.call(set("v"), {net::after(30ms), true});
  ASSERT_FALSE(never.ok());
  EXPECT_NE(never.error().message().find("Connection refused"), std::string::npos) << never.error().message();
}

TEST(SharedConnection, PushesAreNotReplies) {
  Net net({}, [](const auto& command) { return ">2\r\n+hello\r\n:1\r\n" + echo(command) + ">1\r\n+x\r\n"; });
  SharedConnection shared("redis", net.dial());
  for (int i = 0; i < 3; ++i) EXPECT_EQ((*shared.call(set("v"), soon()))[0].text(), "v");
}

TEST(SharedConnection, AReplyThatNobodyAskedForBreaksTheConnection) {
  Net net({}, [](const auto& command) { return echo(command) + "-ERR max number of clients reached\r\n"; });
  SharedConnection shared("redis", net.dial());
  EXPECT_TRUE(shared.call(set("v"), soon()).ok()) << "it came before";
  EXPECT_TRUE(shared.call(set("v"), soon()).ok());
  EXPECT_EQ(net.connections(), 2u) << "its replies could no longer be told apart";
}

TEST(SharedConnection, DisconnectingFailsWhatIsInFlightAndConnectsAnew) {
  Net net({Faults{.mute = true}});
  SharedConnection shared("redis", net.dial());
  std::jthread caller([&] {
    const Result<Replies> replies = shared.call(set("v"), soon());
    EXPECT_FALSE(replies.ok());
    EXPECT_NE(replies.error().message().find("the master has moved"), std::string::npos);
  });
  while (net.executed() == 0) std::this_thread::yield();
  shared.disconnect(Error(ErrorCode::kUnavailable, "the master has moved"));
  caller.join();
  EXPECT_TRUE(shared.call(set("v"), soon()).ok());
}

TEST(SharedConnection, CallsToTwoConnectionsAreUnderWayAtOnce) {
  Net net;
  SharedConnection one("one", net.dial());
  SharedConnection two("two", net.dial());
  SharedConnection::Call a;
  SharedConnection::Call b;
  one.submit(a, set("a"), soon());
  two.submit(b, set("b"), soon());
  EXPECT_EQ(net.executed(), 2u);
  EXPECT_EQ((*two.await(b))[0].text(), "b");
  EXPECT_EQ((*one.await(a))[0].text(), "a");
}

// Threads on a connection that keeps breaking: nobody hangs, and what is said to have happened has.
TEST(SharedConnection, UnderConstantBreaksEveryCallEndsAndTellsTheTruth) {
  std::deque<Faults> faults;
  for (std::uint64_t i = 0; i < 200; ++i) {
    if (i % 2) faults.push_back({.write_fails_at = 50 + 37 * i % 400});
    else faults.push_back({.replies_end_at = 20 + 31 * i % 300});
  }
  Net net(faults);
  SharedConnection shared("redis", net.dial());
  std::atomic<std::size_t> done{0};
  std::atomic<std::size_t> unknown{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        const Result<Replies> replies = shared.call(set("value"), soon());
        if (replies) ++done;
        else if (replies.error().code() == ErrorCode::kUnknownOutcome) ++unknown;
      }
    });
  }
  threads.clear();
  EXPECT_GE(net.executed(), done);
  EXPECT_LE(net.executed(), done + unknown) << "something ran of which the caller was told that it surely did not";
  EXPECT_GT(unknown, 0u);
}

TEST(Node, ACommandThatSurelyWasNotExecutedIsSentAgain) {
  Net net({Faults{.write_fails_at = 5}});
  Node node("redis", net.dial());
  EXPECT_TRUE(node.call(set("v"), soon()).ok());
  EXPECT_EQ(net.executed(), 1u);
}

TEST(Node, OnlyAnIdempotentCommandIsSentAgainWhenItsOutcomeIsUnknown) {
  Net net({Faults{.replies_end_at = 0}});
  Node node("redis", net.dial());
  EXPECT_TRUE(node.call(set("v").idempotent(), soon()).ok());
  EXPECT_EQ(net.executed(), 2u);

  Net other({Faults{.replies_end_at = 0}});
  Node careful("redis", other.dial());
  const Result<Replies> replies = careful.call(set("v"), soon());
  ASSERT_FALSE(replies.ok());
  EXPECT_EQ(replies.error().code(), ErrorCode::kUnknownOutcome);
  EXPECT_EQ(other.executed(), 1u);
}

TEST(Node, ItIsSentAgainOnlyOnce) {
  Net net({Faults{.replies_end_at = 0}, Faults{.replies_end_at = 0}});
  Node node("redis", net.dial());
  EXPECT_FALSE(node.call(set("v").idempotent(), soon()).ok());
  EXPECT_EQ(net.executed(), 2u);
}

TEST(Node, OnlyAScriptThatIsNotKnownIsSentWithItsSource) {
  const Script known("return 1");
  const Script unknown("return 2");
  Net net({}, [&](const std::vector<std::string>& command) -> std::string {
    if (command[0] == "EVALSHA" && command[1] == unknown.sha1()) return "-NOSCRIPT No matching script.\r\n";
    return "+" + command[0] + "\r\n";
  });
  Node node("redis", net.dial());
  Pipeline p;
  p.add("PING").eval(unknown, 1, 1).key("k").arg("a").eval(known, 0, 0).add("INCR", Key{"n"});
  const Result<Replies> replies = node.call(p, soon());
  ASSERT_TRUE(replies.ok());
  EXPECT_EQ(show((*replies)[0]), "+PING");
  EXPECT_EQ(show((*replies)[1]), "+EVAL");
  EXPECT_EQ(show((*replies)[2]), "+EVALSHA");
  EXPECT_EQ(show((*replies)[3]), "+INCR");
  const auto executed = net.peer(0)->executed();
  ASSERT_EQ(executed.size(), 5u);
  EXPECT_EQ(executed[4], (std::vector<std::string>{"EVAL", "return 2", "1", "k", "a"}));
}

TEST(Node, IfTheSecondHalfOfACallIsLostTheOutcomeOfTheWholeIsUnknown) {
  const Script script("return 1");
  const std::string first = "+OK\r\n-NOSCRIPT No matching script.\r\n";
  Net net({Faults{.replies_end_at = first.size()}}, [&](const std::vector<std::string>& command) -> std::string {
    return command[0] == "EVALSHA" ? "-NOSCRIPT No matching script.\r\n" : "+OK\r\n";
  });
  Node node("redis", net.dial());
  Pipeline p;
  p.add("INCR", Key{"n"}).eval(script, 0, 0);
  const Result<Replies> replies = node.call(p, soon());
  ASSERT_FALSE(replies.ok());
  EXPECT_EQ(replies.error().code(), ErrorCode::kUnknownOutcome);
}

}  // namespace
}  // namespace windlass::redis
