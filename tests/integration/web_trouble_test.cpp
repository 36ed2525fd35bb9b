// Names, payloads and requests that are out of the ordinary.
#include "integration/web_fixture.hpp"

namespace windlass::testing {
namespace {

class WebTrouble : public Web {};

TEST_F(WebTrouble, QueuesMayHaveAnyName) {
  const std::vector<std::string> names{"a/b", "with space", "Warteschlange-ÄÖ", "队列", "it's \"quoted\"", "<script>alert(1)</script>", "a:pause",
                                       "..", "%2F", "a?b=c#d", "a\\b", std::string("nul\0byte", 8), "{queue}", "line\nbreak"};
  for (const std::string& name : names) enqueue("t", "{}", EnqueueOptions().queue(name).task_id("id " + name));
  start();
  EXPECT_EQ(size_of(json(get("/api/queues")), "queues"), names.size());
  for (const std::string& name : names) {
    const std::string path = "/api/queues/" + encoded(name);
    EXPECT_EQ(at(json(get(path)), "current.queue"), name);
    EXPECT_EQ(at(json(get(path + "/pending_tasks")), "tasks.0.id"), "id " + name);
    EXPECT_EQ(at(json(get(path + "/tasks/" + encoded("id " + name))), "queue"), name);
    EXPECT_EQ(ask("POST", path + ":pause").status, 204) << name;
    EXPECT_EQ(ask("POST", path + "/tasks/" + encoded("id " + name) + ":archive").status, 204) << name;
    EXPECT_EQ(ask("DELETE", path + "?force=1").status, 204) << name;
  }
  EXPECT_EQ(size_of(json(get("/api/queues")), "queues"), 0U);
}

TEST_F(WebTrouble, NamesAreNeverMarkup) {
  enqueue("t", "</script><script>alert(1)</script>", EnqueueOptions().queue("<script>"));
  start();
  EXPECT_EQ(get("/api/queues").headers.at("content-type"), "application/json");
  const HttpReply page = get("/queues/%3Cscript%3E");
  EXPECT_EQ(page.body.find("<script>alert"), std::string::npos);
  EXPECT_EQ(get("/api/nothing/<script>").body.find("<script>"), std::string::npos);
}

TEST_F(WebTrouble, LargeAndBinaryPayloadsAreShownShort) {
  const std::string large(5 << 20, 'x'), binary("\x00\x01\xff\xfe", 4), cut = "caf\xc3";
  enqueue("t", large, EnqueueOptions().task_id("large"));
  enqueue("t", binary, EnqueueOptions().task_id("binary"));
  enqueue("t", cut, EnqueueOptions().task_id("cut"));
  enqueue("t", std::string(150, '\xc3') + "\xa4", EnqueueOptions().task_id("invalid"));
  enqueue("t", "日本語", EnqueueOptions().task_id("text"));
  start();
  const HttpReply list = get("/api/queues/default/pending_tasks");
  EXPECT_LT(list.body.size(), 10000U);
  const codec::Value tasks = json(list);
  EXPECT_EQ(at(tasks, "tasks.0.payload"), std::string(200, 'x') + "…");
  EXPECT_EQ(at(tasks, "tasks.0.payload_truncated"), "true");
  for (const char* index : {"1", "2", "3"}) {
    EXPECT_EQ(at(tasks, std::string("tasks.") + index + ".payload"), "non-printable bytes") << index;
    EXPECT_EQ(at(tasks, std::string("tasks.") + index + ".payload_encoding"), "binary") << index;
  }
  EXPECT_EQ(at(tasks, "tasks.4.payload"), "日本語");
  EXPECT_EQ(get("/api/queues/default/tasks/large/payload").body, large);
  EXPECT_EQ(at(json(get("/api/queues/default/tasks/binary?full=1")), "payload_base64"), "AAH//g==");
  const codec::Value whole = json(get("/api/queues/default/tasks/large?full=1"));
  EXPECT_EQ(at(whole, "payload").size(), 1U << 20);
  EXPECT_EQ(at(whole, "payload_size"), std::to_string(5 << 20));
}

TEST_F(WebTrouble, FiveThousandQueuesAreListed) {
  for (int i = 0; i < 5000; ++i) enqueue("t", "{}", EnqueueOptions().queue("queue-" + std::to_string(i)));
  start();
  const HttpReply reply = get("/api/queues");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(size_of(json(reply), "queues"), 5000U);
}

TEST_F(WebTrouble, PathsLeadNowhereElse) {
  start();
  for (const char* path : {"/../../etc/passwd", "/assets/../../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
                           "/api/../../etc/passwd", "/assets/..%2f..%2fetc%2fpasswd"}) {
    const HttpReply reply = get(path);
    EXPECT_EQ(reply.body.find("root:"), std::string::npos) << path;
    EXPECT_TRUE(reply.status == 404 || reply.headers.at("content-type") == "text/html; charset=utf-8") << path << " " << reply.status;
  }
}

TEST_F(WebTrouble, NothingFromARequestBecomesAHeader) {
  enqueue("t", "x", EnqueueOptions().task_id("a\r\nSet-Cookie: x=1"));
  start();
  const HttpReply reply = get("/api/queues/default/tasks/" + encoded("a\r\nSet-Cookie: x=1") + "/payload");
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.headers.contains("set-cookie"));
  EXPECT_EQ(get("/%0d%0aSet-Cookie:%20x=1").headers.count("set-cookie"), 0U);
}

TEST_F(WebTrouble, ABodyOverTheLimitIsRefused) {
  config_.body_max = 10000;
  start();
  EXPECT_EQ(ask("POST", "/api/queues/q/tasks", std::string(10001, ' ')).status, 413);
  EXPECT_EQ(size_of(json(get("/api/queues")), "queues"), 0U);
}

TEST_F(WebTrouble, AnswersThatWereLostAreCalledUnknown) {
  start();
  broker_->on_call([](Verb verb, int) { return verb == Verb::kEnqueue ? Fault::kAfter : Fault::kNone; });
  const HttpReply reply = ask("POST", "/api/queues/q/tasks", R"({"type":"t"})");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(at(json(reply), "error"), "unknown_outcome");
}

}  // namespace
}  // namespace windlass::testing
