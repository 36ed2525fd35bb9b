// A task of each kind, from a client of either language through a server of either language. What the handler sees and
// what is left behind must not tell which.
#include <chrono>

#include <gmock/gmock.h>

#include "interop/fixture.hpp"

namespace windlass::interop {
namespace {

class Matrix : public Interop, public ::testing::WithParamInterface<std::tuple<Language, Language>> {
 protected:
  void SetUp() override {
    Interop::SetUp();
    if (!IsSkipped()) can_use({client(), worker()});
  }

  static Language client() { return std::get<0>(GetParam()); }
  static Language worker() { return std::get<1>(GetParam()); }

  json task(const std::string& id) { return inspect_both({{"do", "task"}, {"queue", "default"}, {"id", id}}); }
  json statistics() { return inspect_both({{"do", "queue"}, {"queue", "default"}}); }
  // Whether anything of a task is left.
  bool exists(const std::string& id) { return count({"EXISTS", "asynq:{default}:t:" + id}) == 1; }
};

// A time in seconds, `more` after a moment between `began` and now. Either end may have been rounded.
MATCHER_P2(After, began, more, "") {
  const std::int64_t seconds = arg.template get<std::int64_t>() - more;
  return seconds >= began - 1 && seconds <= unix_now() + 1;
}

TEST_P(Matrix, Plain) {
  const std::int64_t began = unix_now();
  must_enqueue(client(), {{{"type", "echo"}, {"id", "a"}, {"payload", hex("hello")}}});
  const std::vector<json> runs = serve_until_idle(worker());
  ASSERT_EQ(runs.size(), 1u);
  json run = runs[0];
  EXPECT_THAT(run["deadline"], After(began, 1800));
  run.erase("deadline");
  EXPECT_EQ(run, json({{"event", "run"},
                       {"id", "a"},
                       {"queue", "default"},
                       {"type", "echo"},
                       {"payload", hex("hello")},
                       {"headers", json::object()},
                       {"retried", 0},
                       {"max_retry", 25}}));
  EXPECT_FALSE(exists("a"));
  EXPECT_EQ(statistics()["processed_total"], 1);
  EXPECT_EQ(statistics()["size"], 0);
}

TEST_P(Matrix, UniqueUntilDone) {
  const json unique{{"type", "echo"}, {"id", "a"}, {"payload", hex("x")}, {"unique", 600}};
  json again = unique;
  again["id"] = "b";
  must_enqueue(client(), {unique});
  EXPECT_EQ(enqueue_one(client(), again)["error"], "duplicate_task");
  EXPECT_EQ(enqueue_one(worker(), again)["error"], "duplicate_task");
  EXPECT_EQ(serve_until_idle(worker()).size(), 1u);
  EXPECT_EQ(redis({"KEYS", "*unique*"}), "");
  must_enqueue(client(), {again});
}

TEST_P(Matrix, UniqueWhileItWaitsForARetry) {
  must_enqueue(client(), {{{"type", "fail"}, {"id", "a"}, {"unique", 600}}});
  serve_until_idle(worker());
  EXPECT_EQ(task("a")["state"], "retry");
  EXPECT_EQ(enqueue_one(client(), {{"type", "fail"}, {"id", "b"}, {"unique", 600}})["error"], "duplicate_task");
}

TEST_P(Matrix, Scheduled) {
  const std::int64_t began = unix_now();
  must_enqueue(client(),
               {{{"type", "echo"}, {"id", "soon"}, {"in", 2}}, {{"type", "echo"}, {"id", "later"}, {"in", 500}}});
  EXPECT_THAT(task("later")["next_process_at"], After(began, 500));
  const auto server = serve(worker());
  server->wait_for("run");
  EXPECT_GE(unix_now(), began + 2);
  server->stop();
  EXPECT_EQ(server->events("run")[0]["id"], "soon");
  EXPECT_EQ(server->events("run").size(), 1u);
  EXPECT_EQ(task("later")["state"], "scheduled");
}

TEST_P(Matrix, Retry) {
  must_enqueue(
      client(),
      {{{"type", "flaky"}, {"id", "a"}, {"payload", hex("oops")}, {"max_retry", 3}, {"headers", {{"k", "v"}}}}});
  const auto server = serve(worker(), {{"retry_delay", 1}});
  server->wait_for("run", 2);
  wait_until([&] { return !exists("a"); }, "the end of the task");
  server->stop();
  const std::vector<json> runs = server->events("run");
  EXPECT_EQ(runs[0]["retried"], 0);
  EXPECT_EQ(runs[1]["retried"], 1);
  EXPECT_EQ(runs[1]["max_retry"], 3);
  EXPECT_EQ(runs[1]["payload"], hex("oops"));
  EXPECT_EQ(runs[1]["headers"], json({{"k", "v"}}));
  EXPECT_EQ(statistics()["processed_total"], 2);
  EXPECT_EQ(statistics()["failed_total"], 1);
}

TEST_P(Matrix, WaitingForARetry) {
  const std::int64_t began = unix_now();
  must_enqueue(client(), {{{"type", "fail"}, {"id", "a"}, {"payload", hex("smtp: 451 später")}},
                          {{"type", "throw"}, {"id", "b"}, {"payload", hex("thrown")}},
                          {{"type", "soft"}, {"id", "c"}, {"payload", hex("busy")}}});
  serve_until_idle(worker());
  const json a = task("a");
  EXPECT_EQ(a["state"], "retry");
  EXPECT_EQ(a["error"], "smtp: 451 später");
  EXPECT_EQ(a["retried"], 1);
  EXPECT_THAT(a["last_failed_at"], After(began, 0));
  EXPECT_THAT(a["next_process_at"], After(began, 100));
  EXPECT_THAT(task("b")["error"].get<std::string>(), ::testing::HasSubstr("thrown"));
  EXPECT_EQ(task("c")["retried"], 0);
  EXPECT_EQ(statistics()["failed_total"], 2);
}

TEST_P(Matrix, Archive) {
  must_enqueue(client(), {{{"type", "fail"}, {"id", "last"}, {"payload", hex("boom")}, {"max_retry", 0}},
                          {{"type", "skip"}, {"id", "never"}, {"payload", hex("no such user")}}});
  serve_until_idle(worker());
  EXPECT_EQ(task("last")["state"], "archived");
  EXPECT_EQ(task("last")["error"], "boom");
  EXPECT_EQ(task("never")["state"], "archived");
  EXPECT_EQ(task("never")["error"], "no such user: skip retry for the task");
  EXPECT_EQ(task("never")["retried"], 0);
  EXPECT_EQ(statistics()["failed_total"], 2);
  EXPECT_EQ(enqueue_one(client(), {{"type", "echo"}, {"id", "last"}})["error"], "task_id_conflict");
}

TEST_P(Matrix, Revoke) {
  must_enqueue(client(), {{{"type", "revoke"}, {"id", "a"}, {"retention", 600}}});
  EXPECT_EQ(serve_until_idle(worker()).size(), 1u);
  EXPECT_FALSE(exists("a"));
  EXPECT_EQ(statistics()["processed_total"], 1);
  EXPECT_EQ(statistics()["failed_total"], 0);
}

TEST_P(Matrix, RetentionAndResult) {
  const std::int64_t began = unix_now();
  must_enqueue(client(), {{{"type", "echo"}, {"id", "a"}, {"payload", "00ff62"}, {"retention", 3600}},
                          {{"type", "echo"}, {"id", "b"}, {"retention", 3600}}});
  serve_until_idle(worker());
  const json a = task("a");
  EXPECT_EQ(a["state"], "completed");
  EXPECT_EQ(a["result"], "00ff62");
  EXPECT_EQ(a["retention"], 3600);
  EXPECT_THAT(a["completed_at"], After(began, 0));
  EXPECT_EQ(task("b")["result"], "");
}

TEST_P(Matrix, RecordsGoWhenTheirRetentionEnds) {
  must_enqueue(client(), {{{"type", "echo"}, {"id", "a"}, {"retention", 1}},
                          {{"type", "echo"}, {"id", "b"}, {"retention", 900}}});
  const auto server = serve(worker());
  server->wait_for("run", 2);
  wait_until([&] { return !exists("a"); }, "the end of the record");
  server->stop();
  EXPECT_EQ(task("b")["state"], "completed");
}

TEST_P(Matrix, Group) {
  for (const char* id : {"1", "2", "3"}) {
    must_enqueue(client(), {{{"type", "part"}, {"id", id}, {"payload", hex(id)}, {"group", "g"}}});
  }
  EXPECT_EQ(inspect_both({{"do", "groups"}, {"queue", "default"}}), json({{{"group", "g"}, {"size", 3}}}));
  const auto server = serve(worker(), {{"group_max_size", 3}});
  server->wait_for("run");
  wait_until([&] { return count({"ZCARD", "asynq:{default}:completed"}) == 1; }, "the aggregate");
  server->stop();
  EXPECT_EQ(server->events("run").size(), 1u);
  EXPECT_EQ(unhex(task("sum-of-g")["result"].get<std::string>()), "g:1,2,3");
  EXPECT_FALSE(exists("1"));
  EXPECT_EQ(statistics()["aggregating"], 0);
}

TEST_P(Matrix, Headers) {
  const json headers{{"trace", "abc"}, {"empty", ""}, {"schlüssel", "wert ü"}};
  must_enqueue(client(), {{{"type", "flaky"}, {"id", "a"}, {"headers", headers}}});
  EXPECT_EQ(task("a")["headers"], headers);
  EXPECT_EQ(serve_until_idle(worker())[0]["headers"], headers);
  EXPECT_EQ(task("a")["headers"], headers) << "a server that fails a task keeps its headers";
}

TEST_P(Matrix, TimeoutAndDeadline) {
  const std::int64_t began = unix_now();
  must_enqueue(client(), {{{"type", "echo"}, {"id", "timeout"}, {"timeout", 90}},
                          {{"type", "echo"}, {"id", "deadline"}, {"deadline", 500}},
                          {{"type", "echo"}, {"id", "sooner"}, {"timeout", 900}, {"deadline", 70}},
                          {{"type", "echo"}, {"id", "later"}, {"timeout", 70}, {"deadline", 900}}});
  std::map<std::string, json> deadlines;
  for (const json& run : serve_until_idle(worker())) deadlines[run["id"].get<std::string>()] = run["deadline"];
  EXPECT_THAT(deadlines["timeout"], After(began, 90));
  EXPECT_THAT(deadlines["deadline"], After(began, 500));
  EXPECT_THAT(deadlines["sooner"], After(began, 70));
  EXPECT_THAT(deadlines["later"], After(began, 70));
}

TEST_P(Matrix, ARunThatTakesTooLong) {
  must_enqueue(client(), {{{"type", "wait"}, {"id", "a"}, {"timeout", 1}}});
  const std::vector<json> runs = serve_until_idle(worker());
  EXPECT_EQ(runs.size(), 1u);
  EXPECT_EQ(task("a")["state"], "retry");
  EXPECT_EQ(task("a")["retried"], 1);
  EXPECT_THAT(task("a")["error"].get<std::string>(),
              ::testing::HasSubstr(worker() == Language::kGo ? "deadline exceeded" : "longer than its timeout of 1s"));
}

TEST_P(Matrix, BinaryAndEmptyPayloads) {
  std::string every_byte;
  for (int c = 0; c < 256; ++c) every_byte += static_cast<char>(c);
  std::string large;
  while (large.size() < 1 << 20) large += every_byte;
  const std::map<std::string, std::string> payloads{{"bytes", hex(every_byte)}, {"empty", ""}, {"large", hex(large)}};
  std::vector<json> tasks{{{"type", "echo"}, {"id", "none"}, {"retention", 600}}};
  for (const auto& [id, payload] : payloads) {
    tasks.push_back({{"type", "echo"}, {"id", id}, {"payload", payload}, {"retention", 600}, {"unique", 600}});
  }
  must_enqueue(client(), tasks);
  EXPECT_EQ(serve_until_idle(worker()).size(), 4u);
  for (const auto& [id, payload] : payloads) {
    const json info = task(id);
    EXPECT_TRUE(info["payload"] == payload) << id;
    EXPECT_TRUE(info["result"] == payload) << id;
  }
  EXPECT_EQ(task("none")["payload"], "");
}

TEST_P(Matrix, NamesBeyondAscii) {
  const std::string queue = "größe: {a} b";
  must_enqueue(client(), {{{"type", "echo"}, {"id", "id:ü {1}"}, {"queue", queue}, {"retention", 600}}});
  EXPECT_EQ(serve_until_idle(worker(), {{"queues", {{queue, 1}}}}).size(), 1u);
  EXPECT_EQ(inspect_both({{"do", "task"}, {"queue", queue}, {"id", "id:ü {1}"}})["state"], "completed");
  EXPECT_EQ(inspect_both({{"do", "queues"}}), json({queue}));
}

TEST_P(Matrix, AStoppingServerGivesItsTaskBack) {
  must_enqueue(client(), {{{"type", "wait"}, {"id", "a"}}});
  const auto server = serve(worker());
  server->wait_for("run");
  must_enqueue(client(), {{{"type", "echo"}, {"id", "paused"}, {"queue", "other"}}});
  server->stop();
  EXPECT_EQ(task("a")["state"], "pending");
  EXPECT_EQ(task("a")["retried"], 0);
  EXPECT_EQ(statistics()["processed_total"], 0);
}

TEST_P(Matrix, WeightedQueues) {
  for (const char* queue : {"high", "low"}) must_enqueue(client(), {{{"type", "echo"}, {"id", "a"}, {"queue", queue}}});
  EXPECT_EQ(serve_until_idle(worker(), {{"queues", {{"high", 5}, {"low", 1}}}}).size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(, Matrix,
                         ::testing::Combine(::testing::Values(Language::kGo, Language::kCpp),
                                            ::testing::Values(Language::kGo, Language::kCpp)),
                         [](const auto& info_) {
                           return std::string(language_name(std::get<0>(info_.param))) + "Client" +
                                  language_name(std::get<1>(info_.param)) + "Server";
                         });

}  // namespace
}  // namespace windlass::interop
