#include "http/server.hpp"

#include <future>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "http/event_stream.hpp"
#include "http/gzip.hpp"
#include "support/http_client.hpp"

namespace windlass::testing {
namespace {

using http::Request;
using http::Response;

class HttpServer : public ::testing::Test {
 protected:
  HttpServer() {
    router_.add("GET", "/hello", [](Request& request) {
      return Response::text(200, "hello " + request.query.find("name").value_or("nobody"));
    });
    router_.add("POST", "/echo", [](Request& request) { return Response::text(200, request.body); });
    router_.add("GET", "/large", [](Request&) { return Response::text(200, std::string(300000, 'a')); });
    router_.add("GET", "/throws", [](Request&) -> Response { throw std::runtime_error("secret"); });
    router_.add("GET", "/peer", [](Request& request) { return Response::text(200, request.peer); });
    router_.add("GET", "/events", [this](Request&) {
      return Response::events([this](std::shared_ptr<http::EventStream> stream) {
        stream->send(std::make_shared<const std::string>(http::format_event("hello", "{}")));
        opened_.set_value(std::move(stream));
      });
    });
  }
  void start() {
    server_ = std::make_unique<http::Server>(config_, [this](Request& request) { return router_.handle(request); });
    ASSERT_TRUE(server_->start());
  }
  int port() const { return server_->port(); }

  http::ServerConfig config_;
  http::Router router_;
  std::promise<std::shared_ptr<http::EventStream>> opened_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(HttpServer, AnswersOneRequestAfterTheOtherOnOneConnection) {
  start();
  HttpClient client(port());
  EXPECT_EQ(client.get("/hello?name=ann").body, "hello ann");
  EXPECT_EQ(client.ask("POST", "/echo", "body").body, "body");
  EXPECT_EQ(client.get("/nothing").status, 404);
  EXPECT_EQ(client.get("/peer").body, "127.0.0.1");
  const HttpReply head = client.ask("HEAD", "/hello");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "12");
  EXPECT_EQ(client.get("/hello").body, "hello nobody");
}

TEST_F(HttpServer, ServesRequestsThatWereSentWithoutWaiting) {
  start();
  HttpClient client(port());
  client.send(HttpClient::request("POST", "/echo", "1") + HttpClient::request("POST", "/echo", "2") +
              HttpClient::request("GET", "/hello", "", "Connection: close\r\n"));
  EXPECT_EQ(client.read_reply().body, "1");
  EXPECT_EQ(client.read_reply().body, "2");
  EXPECT_EQ(client.read_reply().headers.at("connection"), "close");
  EXPECT_TRUE(client.ended());
}

TEST_F(HttpServer, ReadsBodiesOfAnySize) {
  config_.limits.body_max = 8 << 20;
  start();
  HttpClient client(port());
  for (std::size_t size = (1 << 20) - 3000; size < (1 << 20) + 3000; size += 100) {
    EXPECT_EQ(client.ask("POST", "/echo", std::string(size, 'b')).body.size(), size);
  }
  EXPECT_EQ(client.ask("POST", "/echo", std::string(8 << 20, 'b')).body.size(), 8U << 20);
}

TEST_F(HttpServer, CompressesLargeTextsForThoseWhoTakeIt) {
  start();
  HttpClient client(port());
  const HttpReply reply = client.get("/large", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(reply.headers.at("content-encoding"), "gzip");
  EXPECT_LT(reply.body.size(), 3000U);
  EXPECT_EQ(http::gunzip(reply.body, 1 << 20), std::string(300000, 'a'));
  EXPECT_EQ(client.get("/large").body.size(), 300000U);
}

TEST_F(HttpServer, AThrowingHandlerIsAnErrorThatTellsNothing) {
  start();
  const HttpReply reply = HttpClient(port()).get("/throws");
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body.find("secret"), std::string::npos);
}

TEST_F(HttpServer, AsksForABodyWhoseClientWaits) {
  start();
  HttpClient client(port());
  client.send("POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  client.read_until("HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  EXPECT_EQ(client.read_reply().body, "body");
}

TEST_F(HttpServer, StreamsEventsFromAnyThread) {
  start();
  HttpClient client(port());
  client.send(HttpClient::request("GET", "/events"));
  EXPECT_EQ(client.read_head().headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(client.read_until("\n\n"), "event: hello\ndata: {}\n\n");
  const std::shared_ptr<http::EventStream> stream = opened_.get_future().get();
  std::thread([&] { stream->send(std::make_shared<const std::string>(http::format_event("tick", "1"))); }).join();
  EXPECT_EQ(client.read_until("\n\n"), "event: tick\ndata: 1\n\n");
  stream->close();
  EXPECT_TRUE(client.ended());
  EXPECT_FALSE(stream->send(std::make_shared<const std::string>("late")));
}

TEST_F(HttpServer, AStreamLearnsThatItsClientIsGone) {
  config_.ping_interval = std::chrono::milliseconds(20);
  start();
  std::shared_ptr<http::EventStream> stream;
  {
    HttpClient client(port());
    client.send(HttpClient::request("GET", "/events"));
    stream = opened_.get_future().get();
    EXPECT_NE(client.read_until(":\n\n"), "") << "pings tell the client that the server is there";
  }
  while (stream->open()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST_F(HttpServer, StopsWhenTheRequestsUnderWayHaveEnded) {
  std::latch inside(1), go(1);
  router_.add("GET", "/slow", [&](Request&) {
    inside.count_down();
    go.wait();
    return Response::text(200, "done");
  });
  config_.stop_timeout = std::chrono::minutes(5);
  start();
  HttpClient busy(port()), idle(port()), streaming(port());
  EXPECT_EQ(idle.get("/hello").status, 200);
  streaming.send(HttpClient::request("GET", "/events"));
  const auto stream = opened_.get_future().get();
  busy.send(HttpClient::request("GET", "/slow"));
  inside.wait();
  std::thread stopper([&] { server_->stop(); });
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(streaming.ended());
  go.count_down();
  EXPECT_EQ(busy.read_reply().body, "done");
  EXPECT_TRUE(busy.ended());
  stopper.join();
  EXPECT_FALSE(stream->open());
  EXPECT_THROW(HttpClient client(port()), std::runtime_error);
}

TEST_F(HttpServer, APortThatIsTakenIsAnErrorThatNamesIt) {
  start();
  config_.port = server_->port();
  http::Server second(config_, [](Request&) { return Response(); });
  const Status started = second.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message().find(std::to_string(config_.port)), std::string::npos);
}

}  // namespace
}  // namespace windlass::testing
