// Clients that are slow, silent, many, or up to no good.
#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "http/event_stream.hpp"
#include "http/server.hpp"
#include "support/fake_clock.hpp"
#include "support/http_client.hpp"

namespace windlass::testing {
namespace {

using http::Request;
using http::Response;
using std::chrono::seconds;

// While it lives, the clock runs fast.
class TimePasses {
 public:
  explicit TimePasses(FakeClock& clock)
      : thread_([this, &clock] {
          while (!over_) {
            clock.advance(seconds(1));
            std::this_thread::yield();
          }
        }) {}
  ~TimePasses() {
    over_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

class HttpTrouble : public ::testing::Test {
 protected:
  HttpTrouble() {
    config_.limits.body_max = 1000;
    router_.add("GET", "/hello", [](Request&) { return Response::text(200, "hello"); });
    router_.add("POST", "/echo", [](Request& request) { return Response::text(200, request.body); });
    router_.add("GET", "/events", [this](Request&) {
      return Response::events([this](std::shared_ptr<http::EventStream> stream) {
        std::lock_guard lock(mu_);
        streams_.push_back(std::move(stream));
      });
    });
  }
  void start() {
    server_ = std::make_unique<http::Server>(config_, [this](Request& request) { return router_.handle(request); }, clock_);
    ASSERT_TRUE(server_->start());
  }
  int port() const { return server_->port(); }
  std::vector<std::shared_ptr<http::EventStream>> wait_for_streams(std::size_t n) {
    for (;;) {
      {
        std::lock_guard lock(mu_);
        if (streams_.size() >= n) return streams_;
      }
      std::this_thread::yield();
    }
  }
  void wait_for_connections(std::size_t n) {
    while (server_->connections() != n) std::this_thread::yield();
  }

  FakeClock clock_;
  http::ServerConfig config_;
  http::Router router_;
  std::mutex mu_;
  std::vector<std::shared_ptr<http::EventStream>> streams_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(HttpTrouble, ABodyThatIsTooLargeIsRefusedBeforeItHasCome) {
  start();
  HttpClient client(port());
  client.send("POST /echo HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 413);
  EXPECT_TRUE(client.ended());
}

TEST_F(HttpTrouble, AClientThatSendsOnAfterARefusalStillGetsToSeeIt) {
  start();
  HttpClient client(port());
  client.send("POST /echo HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n");
  client.send(std::string(3000000, 'x'));
  client.stop_sending();
  EXPECT_EQ(client.read_reply().status, 413);
}

TEST_F(HttpTrouble, WhatIsNoHttpIsRefused) {
  start();
  HttpClient client(port());
  client.send("HELLO\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 400);
  EXPECT_TRUE(client.ended());
}

TEST_F(HttpTrouble, ARequestThatDoesNotEndIsGivenUp) {
  start();
  HttpClient client(port());
  client.send("POST /echo HTTP/1.1\r\nContent-Length: 4\r\n");
  const TimePasses ticker(clock_);
  EXPECT_EQ(client.read_reply().status, 408);
  EXPECT_TRUE(client.ended());
}

TEST_F(HttpTrouble, ASilentConnectionIsClosed) {
  start();
  HttpClient client(port());
  EXPECT_EQ(client.get("/hello").status, 200);
  const TimePasses ticker(clock_);
  EXPECT_TRUE(client.ended());
}

TEST_F(HttpTrouble, AStreamWhoseClientTakesNothingIsClosed) {
  start();
  HttpClient client(port(), 4096);
  client.send(HttpClient::request("GET", "/events"));
  const auto stream = wait_for_streams(1)[0];
  const auto block = std::make_shared<const std::string>(1 << 20, 'x');
  // More than what the kernel takes for a client that does not read.
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(stream->send(block));
  {
    const TimePasses ticker(clock_);
    while (stream->open()) std::this_thread::yield();
  }
  wait_for_connections(0);
  EXPECT_EQ(HttpClient(port()).get("/hello").status, 200);
}

TEST_F(HttpTrouble, TwoHundredStreamsLeaveTheWorkersFree) {
  config_.workers = 1;
  start();
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<HttpClient>(port()));
    clients.back()->send(HttpClient::request("GET", "/events"));
  }
  const auto streams = wait_for_streams(200);
  EXPECT_EQ(HttpClient(port()).get("/hello").body, "hello");
  const auto news = std::make_shared<const std::string>(http::format_event("news", "1"));
  for (const auto& stream : streams) EXPECT_TRUE(stream->send(news));
  for (const auto& client : clients) {
    EXPECT_EQ(client->read_head().status, 200);
    EXPECT_EQ(client->read_until("\n\n"), "event: news\ndata: 1\n\n");
  }
}

TEST_F(HttpTrouble, MoreRequestsThanMayWaitAreTurnedAway) {
  std::latch inside(1), go(1);
  router_.add("GET", "/slow", [&](Request&) {
    inside.count_down();
    go.wait();
    return Response::text(200, "slow");
  });
  config_.workers = 1;
  config_.waiting_max = 1;
  start();
  HttpClient busy(port());
  busy.send(HttpClient::request("GET", "/slow"));
  inside.wait();
  // One of the two waits, the other one is refused: which came first is the kernel's business.
  const auto ask = [&] {
    const int status = HttpClient(port()).get("/hello").status;
    if (status == 503) go.count_down();
    return status;
  };
  auto one = std::async(std::launch::async, ask), other = std::async(std::launch::async, ask);
  const int first = one.get(), second = other.get();
  EXPECT_EQ(std::min(first, second), 200);
  EXPECT_EQ(std::max(first, second), 503);
  EXPECT_EQ(busy.read_reply().body, "slow");
}

TEST_F(HttpTrouble, MoreConnectionsThanAllowedAreClosedAtOnce) {
  config_.connections_max = 2;
  start();
  HttpClient first(port()), second(port());
  EXPECT_EQ(first.get("/hello").status, 200);
  EXPECT_EQ(second.get("/hello").status, 200);
  HttpClient third(port());
  EXPECT_TRUE(third.ended());
  EXPECT_EQ(first.get("/hello").status, 200);
}

}  // namespace
}  // namespace windlass::testing
