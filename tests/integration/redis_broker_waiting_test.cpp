// Waiting on a real Redis: which way is used, that nothing is asked while nothing happens, and what a broken connection does.
#include <gmock/gmock.h>

#include <thread>

#include "integration/redis_broker_fixture.hpp"
#include "redis/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace windlass::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RedisWaiting : public RedisBrokerFixture {
 protected:
  static TimePoint in(Duration d) { return base::real_clock().now() + d; }
  static constexpr Duration kHour = 1h;  // a signal that is lost makes the test hang

  template <class Act>
  static void expect_woken_by(Waiter& waiter, const Act& act) {
    std::thread thread([&] { waiter.wait(in(kHour)); });
    act();
    thread.join();
  }
  // Waits until there is something to fetch, and takes it.
  static FetchedTask next_task(Broker& broker, Waiter& waiter, const std::string& queue = "q") {
    for (;;) {
      // A broken connection is an error once.
      const auto tasks = broker.fetch({.queues = {{queue, 1}}, .max = 1, .owner = "server", .lease = 30s});
      if (tasks && !tasks->empty()) return tasks->front();
      waiter.wait(in(kHour));
    }
  }
  std::string user_url(const std::string& user, const std::string& more = "") const {
    return "redis://" + user + ":x@127.0.0.1:" + std::to_string(server_.port()) + more;
  }
  // How often the command was carried out, for whomever.
  std::int64_t calls(const std::string& command) const {
    const std::string stats = server_.run_text({"INFO", "commandstats"});
    const std::size_t at = stats.find("cmdstat_" + command + ":calls=");
    return at == std::string::npos ? 0 : std::atoll(stats.c_str() + stats.find('=', at) + 1);
  }
  std::int64_t blocked_clients() const {
    const std::string clients = server_.run_text({"INFO", "clients"});
    return std::atoll(clients.c_str() + clients.find("blocked_clients:") + 16);
  }

  RedisServer server_;
};

TEST_F(RedisWaiting, NothingIsAskedWhileNothingHappens) {
  auto broker = open_broker(server_.url());
  const auto pending = broker->make_waiter({"q"}, WaitFor::kPending);
  const auto due = broker->make_waiter({"q"}, WaitFor::kDue);
  due->wait(in(kHour));  // the first one comes back at once
  std::thread first([&] { pending->wait(in(kHour)); });
  std::thread second([&] { due->wait(in(kHour)); });
  wait_until([&] { return calls("llen") > 0 && calls("zrange") >= 2; });
  const std::int64_t llen = calls("llen"), zrange = calls("zrange");
  std::this_thread::sleep_for(2500ms);  // longer than any polling would leave it alone
  EXPECT_EQ(calls("llen"), llen);
  EXPECT_EQ(calls("zrange"), zrange);
  EXPECT_EQ(calls("blmove"), 0);
  server_.run({"LPUSH", "asynq:{q}:pending", "by anybody"});
  first.join();
  put(*broker, delayed("x", 1min));
  second.join();
}

TEST_F(RedisWaiting, AForeignPushIsNoticed) {
  auto broker = open_broker(server_.url());
  const auto waiter = broker->make_waiter({"q", "r"}, WaitFor::kPending);
  put(*broker, plain("a", "r"));
  EXPECT_EQ(next_task(*broker, *waiter, "r").message.id, "a");
  expect_woken_by(*waiter, [&] { server_.run({"LPUSH", "asynq:{q}:pending", "x"}); });
}

TEST_F(RedisWaiting, APausedQueueDoesNotEndTheWaitButItsEndDoes) {
  auto broker = open_broker(server_.url());
  put(*broker, plain("a"));
  get(broker->pause("q"));
  const auto waiter = broker->make_waiter({"q"}, WaitFor::kPending);
  const std::int64_t before = calls("llen");
  expect_woken_by(*waiter, [&] {
    wait_until([&] { return calls("llen") > before; });
    get(broker->resume("q"));
  });
  EXPECT_EQ(next_task(*broker, *waiter).message.id, "a");
}

TEST_F(RedisWaiting, ADueTimeThatDoesNotMatterYetDoesNotEndTheWait) {
  auto broker = open_broker(server_.url());
  const auto waiter = broker->make_waiter({"q"}, WaitFor::kDue);
  waiter->wait(in(kHour));
  const TimePoint until = in(200ms);
  std::thread thread([&] {
    waiter->wait(until);
    EXPECT_GE(base::real_clock().now(), until);
  });
  for (int i = 0; i < 20; ++i) put(*broker, delayed("late " + std::to_string(i), 1h));
  thread.join();
  std::thread again([&] { waiter->wait(in(2h)); });
  put(*broker, delayed("sooner", 30min));
  again.join();
}

TEST_F(RedisWaiting, WithoutRespThreeItBlocksInRedis) {
  auto broker = open_broker(server_.url() + "?protocol=2");
  for (const std::vector<std::string>& queues : {std::vector<std::string>{"q"}, {"a", "b", "q"}}) {
    const auto waiter = broker->make_waiter(queues, WaitFor::kPending);
    expect_woken_by(*waiter, [&] {
      wait_until([&] { return blocked_clients() == static_cast<std::int64_t>(queues.size()); });
      put(*broker, plain("x"));
    });
    EXPECT_EQ(finish(*broker, next_task(*broker, *waiter)), FinishOutcome::kApplied);
    expect_woken_by(*waiter, [&] { waiter->wake(); });
  }
  const auto due = broker->make_waiter({"q"}, WaitFor::kDue);
  due->wait(in(kHour));
  due->wait(in(kHour));
}

TEST_F(RedisWaiting, WithoutPermissionForEitherItPolls) {
  server_.run({"ACL", "SETUSER", "few", "on", ">x", "~*", "&*", "+@all", "-client|tracking", "-blmove"});
  auto broker = open_broker(user_url("few"));
  const auto waiter = broker->make_waiter({"q", "r"}, WaitFor::kPending);
  put(*broker, plain("x"));
  EXPECT_EQ(next_task(*broker, *waiter).message.id, "x");
  const auto before = std::chrono::steady_clock::now();
  waiter->wait(in(kHour));
  waiter->wait(in(kHour));
  waiter->wait(in(kHour));
  EXPECT_GT(std::chrono::steady_clock::now() - before, 1s) << "it must not spin";
  EXPECT_EQ(blocked_clients(), 0);
  waiter->wake();
  waiter->wait(in(kHour));
}

TEST_F(RedisWaiting, APausedQueueDoesNotMakeABlockingWaitSpin) {
  auto broker = open_broker(server_.url() + "?protocol=2");
  put(*broker, plain("a"));
  get(broker->pause("q"));
  const auto waiter = broker->make_waiter({"q"}, WaitFor::kPending);
  std::thread thread([&] { waiter->wait(in(kHour)); });
  wait_until([&] { return calls("exists") >= 3; });
  EXPECT_EQ(calls("blmove"), 0);
  get(broker->resume("q"));
  thread.join();
}

TEST_F(RedisWaiting, ABrokenConnectionEndsTheWaitAndIsMended) {
  TcpProxy proxy(server_.port());
  auto broker = open_broker("redis://127.0.0.1:" + std::to_string(proxy.port()));
  auto direct = open_broker(server_.url());
  const auto waiter = broker->make_waiter({"q"}, WaitFor::kPending);
  const std::int64_t before = calls("llen");
  expect_woken_by(*waiter, [&] {
    wait_until([&] { return calls("llen") > before; });
    proxy.cut_all();
  });
  put(*direct, plain("a"));
  EXPECT_EQ(next_task(*broker, *waiter).message.id, "a");
  expect_woken_by(*waiter, [&] { put(*direct, plain("b")); });
}

TEST_F(RedisWaiting, AServerThatIsDownDoesNotMakeTheWaitSpin) {
  auto broker = open_broker(server_.url());
  const auto waiter = broker->make_waiter({"q"}, WaitFor::kPending);
  server_.kill();
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 8; ++i) waiter->wait(in(kHour));
  EXPECT_GT(std::chrono::steady_clock::now() - before, 500ms);
  server_.start();
  put(*broker, plain("a"));
  EXPECT_EQ(next_task(*broker, *waiter).message.id, "a");
}

TEST_F(RedisWaiting, AFeedThatLostItsConnectionSaysSoOnceAndGoesOn) {
  TcpProxy proxy(server_.port());
  auto broker = open_broker("redis://127.0.0.1:" + std::to_string(proxy.port()));
  auto direct = open_broker(server_.url());
  const auto feed = broker->make_cancel_feed();
  proxy.cut_all();
  auto requests = feed->wait(in(kHour));
  ASSERT_FALSE(requests);
  EXPECT_EQ(requests.error().code(), ErrorCode::kUnavailable);
  const CancelRequest request{{"q", "a"}};
  get(direct->cancel(std::span(&request, 1)));
  EXPECT_EQ(get(feed->wait(in(kHour))).size(), 1u);
}

TEST_F(RedisWaiting, AFeedOfAServerThatIsDownSaysSoAndComesToLife) {
  auto broker = open_broker(server_.url());
  server_.kill();
  const auto feed = broker->make_cancel_feed();
  EXPECT_FALSE(feed->wait(in(kHour)));
  server_.start();
  wait_until([&] { return feed->wait(in(Duration::zero())).ok(); });
  const CancelRequest request{{"q", "a"}, true};
  get(open_broker(server_.url())->cancel(std::span(&request, 1)));
  EXPECT_EQ(get(feed->wait(in(kHour))).size(), 1u);
}

TEST_F(RedisWaiting, CancelRequestsAreUnderstoodByGoServersAndTheirsByUs) {
  auto broker = open_broker(server_.url());
  const auto feed = broker->make_cancel_feed();
  redis::Subscriber go(open(server_.url())->dial_for({}), {"asynq:cancel"});
  ASSERT_TRUE(go.subscribe(net::after(10s)));
  const std::vector<CancelRequest> requests{{{"q", "a"}, false}, {{"", "b"}, false}, {{"q:7", "c"}, true}};
  get(broker->cancel(requests));
  server_.run({"PUBLISH", "asynq:cancel", "c"});

  std::vector<std::string> heard;
  while (heard.size() < 4) {
    for (const redis::Message& message : get(go.wait(net::after(30s))).messages) heard.push_back(message.payload);
  }
  EXPECT_THAT(heard, ElementsAre("a", "b", "c", "c"));
  std::vector<CancelRequest> got;
  while (got.size() < 4) {
    for (const CancelRequest& request : get(feed->wait(in(kHour)))) got.push_back(request);
  }
  EXPECT_EQ(got[0].task, (TaskRef{"q", "a"}));
  EXPECT_EQ(got[1].task, (TaskRef{"", "b"}));
  EXPECT_EQ(got[2].task, (TaskRef{"q:7", "c"}));
  EXPECT_TRUE(got[2].for_good);
  EXPECT_EQ(got[3].task, (TaskRef{"", "c"})) << "what Go asks for right behind is a request of its own";
  EXPECT_FALSE(got[3].for_good);
  server_.run({"PUBLISH", "asynq:windlass:cancel", "no request of ours"});
  server_.run({"PUBLISH", "asynq:windlass:cancel", "R99:q"});
  server_.run({"PUBLISH", "asynq:cancel", "d"});
  EXPECT_EQ(get(feed->wait(in(kHour))).at(0).task.id, "d");
  EXPECT_THAT(get(feed->wait(in(Duration::zero()))), IsEmpty());
}

}  // namespace
}  // namespace windlass::testing
