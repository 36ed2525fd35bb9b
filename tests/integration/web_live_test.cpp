// Live updates.
#include "integration/web_fixture.hpp"
#include "web/secrets.hpp"

namespace windlass::testing {
namespace {

class WebLive : public Web {
 protected:
  std::unique_ptr<HttpClient> listen(const std::string& query = "", const std::string& headers = "") const {
    auto client = std::make_unique<HttpClient>(port());
    client->send(HttpClient::request("GET", "/api/events" + query, "", headers));
    EXPECT_EQ(client->read_head().headers.at("content-type"), "text/event-stream");
    return client;
  }
  // The data of the next event of that name; others are passed over.
  static codec::Value next(HttpClient& client, const std::string& name) {
    for (;;) {
      const std::string event = client.read_until("\n\n");
      if (event.empty()) {
        ADD_FAILURE() << "the stream ended before " << name;
        return {};
      }
      if (event.find("event: " + name + "\n") == event.npos) continue;
      const std::size_t data = event.find("data: ") + 6;
      return codec::parse_json(event.substr(data, event.size() - data - 2)).value_or(codec::Value());
    }
  }
};

TEST_F(WebLive, FirstComesThePictureThenWhatChanges) {
  enqueue("t", "{}", EnqueueOptions().queue("a"));
  enqueue("t", "{}", EnqueueOptions().queue("b"));
  start();
  const auto client = listen();
  EXPECT_EQ(at(next(*client, "hello"), "interval_ms"), "10");
  EXPECT_EQ(at(next(*client, "broker"), "available"), "true");
  const codec::Value picture = next(*client, "queues");
  EXPECT_EQ(at(picture, "full"), "true");
  EXPECT_EQ(size_of(picture, "queues"), 2U);
  EXPECT_EQ(at(next(*client, "servers"), "servers"), "[]");
  EXPECT_EQ(at(next(*client, "schedulers"), "entries"), "[]");
  enqueue("t", "{}", EnqueueOptions().queue("b"));
  const codec::Value change = next(*client, "queues");
  EXPECT_EQ(at(change, "full"), "false");
  ASSERT_EQ(size_of(change, "queues"), 1U);
  EXPECT_EQ(at(change, "queues.0.pending"), "2");
  EXPECT_EQ(ask("DELETE", "/api/queues/a?force=1").status, 204);
  EXPECT_EQ(at(next(*client, "queues"), "removed"), R"(["a"])");
}

TEST_F(WebLive, APageMayListenToOneQueueOnly) {
  enqueue("t", "{}", EnqueueOptions().queue("a/b"));
  enqueue("t", "{}", EnqueueOptions().queue("c"));
  start();
  const auto client = listen("?queue=" + encoded("a/b"));
  EXPECT_EQ(size_of(next(*client, "queues"), "queues"), 1U);
  enqueue("t", "{}", EnqueueOptions().queue("c"));
  enqueue("t", "{}", EnqueueOptions().queue("a/b"));
  const codec::Value change = next(*client, "queues");
  ASSERT_EQ(size_of(change, "queues"), 1U);
  EXPECT_EQ(at(change, "queues.0.queue"), "a/b");
}

TEST_F(WebLive, ActionsOfOthersAreToldAtOnce) {
  enqueue("t", "{}", EnqueueOptions().task_id("x"));
  start();
  const auto client = listen();
  next(*client, "schedulers");
  ask("DELETE", "/api/queues/default/tasks/x");
  const codec::Value action = next(*client, "action");
  EXPECT_EQ(at(action, "action"), "delete");
  EXPECT_EQ(at(action, "task_id"), "x");
}

TEST_F(WebLive, ABrokerThatIsAwayIsToldAndThenAWholePictureComes) {
  enqueue("t");
  start();
  const auto client = listen();
  next(*client, "schedulers");
  std::atomic<bool> away = true;
  broker_->on_call([&](Verb, int) { return away ? Fault::kBefore : Fault::kNone; });
  EXPECT_EQ(at(next(*client, "broker"), "available"), "false");
  const HttpReply reply = get("/api/queues", "Accept: application/json\r\n");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(at(json(reply), "error"), "unavailable");
  EXPECT_EQ(reply.headers.at("retry-after"), "1");
  away = false;
  EXPECT_EQ(at(next(*client, "broker"), "available"), "true");
  EXPECT_EQ(at(next(*client, "queues"), "full"), "true");
  EXPECT_EQ(get("/api/queues").status, 200);
  broker_->on_call({});
}

TEST_F(WebLive, AStreamEndsWithItsSession) {
  config_.users_file = write_file("users", "ann:viewer:" + *web::hash_password("correct horse") + "\n");
  start();
  const HttpReply in = ask("POST", "/api/session", R"({"user":"ann","password":"correct horse"})");
  const std::string cookie = in.headers.at("set-cookie").substr(0, in.headers.at("set-cookie").find(';'));
  const auto client = listen("", "Cookie: " + cookie + "\r\n");
  next(*client, "schedulers");
  clock_.advance(config_.session_lifetime);
  EXPECT_EQ(at(next(*client, "session"), "reason"), "expired");
  EXPECT_TRUE(client->ended());
}

TEST_F(WebLive, TwoHundredPagesShareOnePoller) {
  enqueue("t");
  start();
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(listen());
  for (const auto& client : clients) EXPECT_EQ(at(next(*client, "queues"), "full"), "true");
  enqueue("t", "{}", EnqueueOptions().queue("more"));
  for (const auto& client : clients) {
    std::string event;
    do event = codec::write_json(next(*client, "queues"));
    while (event.find("\"more\"") == event.npos && !::testing::Test::HasFailure());
  }
  EXPECT_EQ(get("/api/queues").status, 200);
}

TEST_F(WebLive, AServerThatStopsSaysSo) {
  start();
  const auto client = listen();
  next(*client, "schedulers");
  server_->stop();
  EXPECT_EQ(at(next(*client, "session"), "reason"), "shutdown");
  EXPECT_TRUE(client->ended());
}

}  // namespace
}  // namespace windlass::testing
