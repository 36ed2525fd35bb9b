// What a process of one language does with what one of the other left behind: tasks of servers that died, side fields,
// messages that only one of them can read. docs/reference/asynq-compatibility.md says the same in words.
#include <gmock/gmock.h>

#include "interop/fixture.hpp"

namespace windlass::interop {
namespace {

class Mixed : public Interop {
 protected:
  std::string field(const std::string& id, const std::string& name) {
    return redis({"HGET", "asynq:{default}:t:" + id, name});
  }
  json task(const std::string& id) { return inspect_both({{"do", "task"}, {"queue", "default"}, {"id", id}}); }
  json side_fields(const std::string& id) {
    return inspect(Language::kCpp, {{"do", "side_fields"}, {"queue", "default"}, {"id", id}});
  }
  // As if the server had been dead for longer than Asynq's rule asks for.
  void put_lease_back(const std::string& id) {
    redis({"ZADD", "asynq:{default}:lease", "XX", std::to_string(unix_now() - 31), id});
  }
  // A task in pending, as somebody else might have written it.
  void put_pending(const std::string& id, const std::string& message) {
    redis({"SADD", "asynq:queues", "default"});
    redis({"HSET", "asynq:{default}:t:" + id, "msg", message, "state", "pending"});
    redis({"LPUSH", "asynq:{default}:pending", id});
  }
  // Starts a server that runs a task "wait" with this id, and kills it.
  void die_with(Language language, const std::string& id) {
    must_enqueue(language, {{{"type", "wait"}, {"id", id}}});
    const auto server = serve(language);
    server->wait_for("run");
    server->kill();
  }
};

TEST_F(Mixed, OnlyTheTasksOfTheDeadAreTakenOver) {
  if (IsSkipped() || !can_use({Language::kGo})) return;
  must_enqueue(Language::kGo, {{{"type", "wait"}, {"id", "of the living"}}});
  const auto go = serve(Language::kGo);
  go->wait_for("run");
  must_enqueue(Language::kCpp, {{{"type", "wait"}, {"id", "of the dead"}, {"queue", "other"}}});
  const json queues{{"queues", {{"default", 1}, {"other", 1}}}};
  const auto victim = serve(Language::kCpp, queues);
  victim->wait_for("run");
  const auto cpp = serve(Language::kCpp, queues);
  victim->kill();
  cpp->wait_for("run");
  const json run = cpp->events("run")[0];
  EXPECT_EQ(run["id"], "of the dead");
  EXPECT_EQ(run["retried"], 0) << "a task pays nothing for the death of its server";
  EXPECT_EQ(task("of the living")["state"], "active");
  cpp->stop();
  go->stop();
}

TEST_F(Mixed, ACppServerTakesOverFromADeadGoServerWithoutCharge) {
  if (IsSkipped() || !can_use({Language::kGo})) return;
  die_with(Language::kGo, "a");
  put_lease_back("a");
  const auto cpp = serve(Language::kCpp);
  cpp->wait_for("run");
  EXPECT_EQ(cpp->events("run")[0]["retried"], 0);
  EXPECT_EQ(side_fields("a")["crashes"], 1);
  cpp->stop();
}

TEST_F(Mixed, AGoServerTakesOverFromADeadCppServerByItsOwnRule) {
  if (IsSkipped() || !can_use({Language::kGo})) return;
  die_with(Language::kCpp, "a");
  put_lease_back("a");
  const auto go = serve(Language::kGo);  // it looks for lost tasks when it starts, and then every minute
  wait_until([&] { return field("a", "state") == "retry"; }, "the Go server");
  go->stop();
  EXPECT_EQ(task("a")["retried"], 1);
  EXPECT_EQ(task("a")["error"], "asynq: task lease expired");
  EXPECT_EQ(side_fields("a")["owner"], "") << "what is stored of the old run is not believed";
}

TEST_F(Mixed, SideFieldsOutliveAGoServer) {
  if (IsSkipped() || !can_use({Language::kGo})) return;
  must_enqueue(Language::kCpp,
               {{{"type", "flaky"}, {"id", "a"}, {"expires_in", 600}, {"unique", 600}, {"retention", 3600}}});
  const json before = side_fields("a");
  EXPECT_GT(before["expires_at"], unix_now() + 500);
  serve_until_idle(Language::kGo);
  EXPECT_EQ(task("a")["state"], "retry");
  const json after = side_fields("a");
  EXPECT_EQ(after["expires_at"], before["expires_at"]);
  EXPECT_EQ(after["enqueued_at"], before["enqueued_at"]);
  EXPECT_EQ(after["failure"], "error");
  inspect(Language::kGo, {{"do", "run"}, {"queue", "default"}, {"id", "a"}});
  serve_until_idle(Language::kGo);
  EXPECT_EQ(side_fields("a")["expires_at"], before["expires_at"]);
  inspect(Language::kGo, {{"do", "delete"}, {"queue", "default"}, {"id", "a"}});
  EXPECT_EQ(redis({"EXISTS", "asynq:{default}:t:a"}), "0");
}

TEST_F(Mixed, AGoServerRunsATaskThatHasExpiredAndACppServerDoesNot) {
  if (IsSkipped() || !can_use({Language::kGo})) return;
  must_enqueue(Language::kCpp, {{{"type", "echo"}, {"id", "go"}, {"queue", "go"}, {"expires_in", 1}},
                                {{"type", "echo"}, {"id", "cpp"}, {"expires_in", 1}}});
  const std::int64_t expired = unix_now() + 2;
  wait_until([&] { return unix_now() >= expired; }, "the time");
  EXPECT_EQ(serve_until_idle(Language::kGo, {{"queues", {{"go", 1}}}}).size(), 1u);
  EXPECT_EQ(serve_until_idle(Language::kCpp).size(), 0u);
  EXPECT_EQ(task("cpp")["state"], "archived");
  EXPECT_EQ(side_fields("cpp")["failure"], "expired");
}

TEST_F(Mixed, AGroupThatWaitsForItsTimeIsLostToGoAndNotToCpp) {
  if (IsSkipped()) return;
  for (const Language worker : {Language::kGo, Language::kCpp}) {
    if (worker == Language::kGo && !why_no_go().empty()) continue;
    const std::string queue = language_name(worker);
    must_enqueue(Language::kCpp,
                 {{{"type", "echo"}, {"id", "1"}, {"queue", queue}, {"group", "g"}, {"in", 1}, {"payload", hex("1")}}});
    const auto server = serve(worker, {{"queues", {{queue, 1}}}, {"group_max_size", 1}});
    server->wait_for("run");
    EXPECT_EQ(server->events("run")[0]["id"], worker == Language::kGo ? "1" : "sum-of-g");
    server->stop();
  }
}

TEST_F(Mixed, AQueueThatWasRemovedIsKnownAgainWithItsNextTask) {
  if (IsSkipped()) return;
  const auto scheduler =
      schedule(Language::kCpp, {{"entries", {{{"spec", "@every 1s"}, {"task", {{"type", "t"}, {"queue", "low"}}}}}}});
  scheduler->wait_for("enqueued");
  EXPECT_EQ(inspect(Language::kCpp, {{"do", "remove_queue"}, {"queue", "low"}, {"force", true}}), json({{"ok", true}}));
  scheduler->wait_for("enqueued", scheduler->events("enqueued").size() + 1);
  EXPECT_EQ(inspect_both({{"do", "queues"}}), json({"low"}));
  scheduler->stop();
}

TEST_F(Mixed, AMessageThatGoCannotDecodeIsPutAsideAndHoldsUpNobody) {
  if (IsSkipped() || !can_use({Language::kGo})) return;
  put_pending("bad", "\x0a\x02\xff\xfe");  // a type that is not UTF-8, and no more
  put_pending("worse", "\xff");
  must_enqueue(Language::kGo, {{{"type", "echo"}, {"id", "good"}, {"retention", 600}}});
  serve_until_idle(Language::kCpp);
  EXPECT_EQ(task("good")["state"], "completed");
  EXPECT_EQ(field("worse", "msg"), "\xff") << "its bytes are kept";
  EXPECT_EQ(redis({"LLEN", "asynq:{default}:active"}), "0");
  EXPECT_EQ(serve_until_idle(Language::kGo).size(), 0u);
  EXPECT_EQ(inspect(Language::kGo, {{"do", "list"}, {"queue", "default"}, {"state", "archived"}}).is_array(), true);
}

TEST_F(Mixed, FieldsThatNobodyKnowsAreSkipped) {
  if (IsSkipped()) return;
  put_pending("x",
              "\x0a\x04"
              "echo\x1a\x01x\x22\x07"
              "default\x28\x03\xd0\x0c\x2a\xda\x0c\x01?");  // and 202: 42, 203: "?"
  const std::vector<json> runs = serve_until_idle(Language::kCpp);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0]["max_retry"], 3);
  EXPECT_EQ(runs[0]["headers"], json::object());
}

}  // namespace
}  // namespace windlass::interop
