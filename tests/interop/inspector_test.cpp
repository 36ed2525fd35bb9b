// Inspectors of both languages over data of either: they see the same, and what one does the other sees.
#include <algorithm>

#include "interop/fixture.hpp"

namespace windlass::interop {
namespace {

class Inspection : public Interop, public ::testing::WithParamInterface<Language> {
 protected:
  void SetUp() override {
    Interop::SetUp();
    if (!IsSkipped()) can_use({Language::kGo});
  }

  json look(const char* what, json more = json::object()) {
    more["do"] = what;
    return inspect_both(more);
  }
  json list(const char* state, const char* group = "") {
    return look("list", {{"queue", "default"}, {"state", state}, {"group", group}});
  }
};

TEST_P(Inspection, BothSeeTheSame) {
  const Language l = GetParam();
  must_enqueue(l,
               {{{"type", "echo"}, {"id", "done"}, {"payload", "00ff"}, {"retention", 900}, {"headers", {{"k", "v"}}}},
                {{"type", "fail"}, {"id", "failed"}, {"payload", hex("boom")}, {"timeout", 90}},
                {{"type", "skip"}, {"id", "dead"}, {"payload", hex("no")}, {"deadline", 500}},
                {{"type", "soft"}, {"id", "soft"}, {"payload", hex("wait")}, {"unique", 600}},
                {{"type", "part"}, {"id", "g1"}, {"group", "one"}},
                {{"type", "part"}, {"id", "g2"}, {"group", "one"}},
                {{"type", "part"}, {"id", "g3"}, {"group", "two"}},
                {{"type", "t"}, {"id", "later"}, {"in", 700}, {"max_retry", 0}},
                {{"type", "t"}, {"id", "waits"}, {"queue", "idle"}},
                {{"type", "t"}, {"id", "waits too"}, {"queue", "idle"}}});
  serve_until_idle(l);
  must_enqueue(l, {{{"type", "wait"}, {"id", "runs"}, {"payload", "00ff"}, {"timeout", 600}}});
  const auto server = serve(l, {{"queues", {{"default", 3}, {"other", 1}}}, {"concurrency", 7}});
  server->wait_for("run");
  wait_until([&] { return inspect(l, {{"do", "servers"}})[0]["workers"].size() == 1; }, "a record of the run");

  EXPECT_EQ(look("queues"), json({"default", "idle"}));
  const json totals = look("queue", {{"queue", "default"}});
  EXPECT_EQ(totals["size"], 9);
  EXPECT_EQ(totals["processed"], 3);
  EXPECT_EQ(totals["failed"], 2);
  EXPECT_EQ(look("queue", {{"queue", "idle"}})["pending"], 2);
  EXPECT_EQ(look("history", {{"queue", "default"}, {"days", 3}}).size(), 3u);
  EXPECT_EQ(look("groups", {{"queue", "default"}}).size(), 2u);
  for (const char* state : {"active", "scheduled", "archived", "completed"}) EXPECT_EQ(list(state).size(), 1u) << state;
  EXPECT_EQ(list("retry").size(), 2u);
  EXPECT_EQ(list("aggregating", "one").size(), 2u);
  EXPECT_EQ(look("list", {{"queue", "idle"}, {"state", "pending"}}).size(), 2u);
  for (const char* id : {"done", "failed", "dead", "soft", "g1", "later", "runs"})
    look("task", {{"queue", "default"}, {"id", id}});
  const json servers = look("servers");
  EXPECT_EQ(servers.size(), 1u);
  EXPECT_EQ(servers[0]["workers"][0]["id"], "runs");
  server->stop();
  EXPECT_EQ(look("servers").size(), 0u);
}

TEST_P(Inspection, BothGiveTheSameErrors) {
  must_enqueue(GetParam(), {{{"type", "t"}, {"id", "a"}}});
  for (const char* what : {"task", "run", "archive", "delete"}) {
    EXPECT_EQ(inspect(Language::kGo, {{"do", what}, {"queue", "none"}, {"id", "a"}})["error"], "queue_not_found")
        << what;
    EXPECT_EQ(inspect(Language::kGo, {{"do", what}, {"queue", "default"}, {"id", "none"}})["error"], "task_not_found")
        << what;
    EXPECT_EQ(inspect(Language::kCpp, {{"do", what}, {"queue", "default"}, {"id", "none"}})["error"], "task_not_found")
        << what;
  }
  for (const Language l : {Language::kGo, Language::kCpp}) {
    EXPECT_EQ(inspect(l, {{"do", "remove_queue"}, {"queue", "default"}})["error"], "queue_not_empty");
    EXPECT_TRUE(inspect(l, {{"do", "run"}, {"queue", "default"}, {"id", "a"}}).contains("error")) << "it is pending";
  }
}

INSTANTIATE_TEST_SUITE_P(, Inspection, ::testing::Values(Language::kGo, Language::kCpp),
                         [](const auto& language) { return std::string(language_name(language.param)) + "Data"; });

// Who acts, and whose tasks they are.
class Action : public Interop, public ::testing::WithParamInterface<std::tuple<Language, Language>> {
 protected:
  void SetUp() override {
    Interop::SetUp();
    if (!IsSkipped()) can_use({actor(), owner()});
  }
  static Language actor() { return std::get<0>(GetParam()); }
  static Language owner() { return std::get<1>(GetParam()); }

  json act(const char* what, json more = json::object()) {
    more["do"] = what;
    more["queue"] = "default";
    return inspect(actor(), more);
  }
  json act_on(const char* what, const char* id) { return act(what, {{"id", id}}); }
  std::string state_of(const char* id) {
    const json task = inspect_both({{"do", "task"}, {"queue", "default"}, {"id", id}});
    return task.value("state", task.value("error", ""));
  }
  // For a task that changes by itself: two inspectors would not look at the same moment.
  void wait_until_it_is(const char* id, const std::string& state) {
    const json look{{"do", "task"}, {"queue", "default"}, {"id", id}};
    wait_until([&] { return inspect(Language::kCpp, look).value("state", "") == state; }, "the end of the run");
  }
};

const json kOk{{"ok", true}};

TEST_P(Action, OnSingleTasks) {
  must_enqueue(owner(), {{{"type", "echo"}, {"id", "run"}, {"in", 100}, {"retention", 600}},
                         {{"type", "t"}, {"id", "archive"}, {"in", 100}},
                         {{"type", "t"}, {"id", "delete"}, {"in", 100}, {"unique", 600}},
                         {{"type", "t"}, {"id", "change"}, {"in", 100}},
                         {{"type", "t"}, {"id", "grouped"}, {"group", "g"}, {"unique", 600}, {"payload", hex("g")}}});
  EXPECT_EQ(act_on("run", "run"), kOk);
  EXPECT_EQ(act_on("archive", "archive"), kOk);
  EXPECT_EQ(act_on("delete", "delete"), kOk);
  EXPECT_EQ(act_on("archive", "grouped"), kOk);
  EXPECT_EQ(act("update", {{"id", "change"}, {"payload", hex("new")}}), kOk);
  EXPECT_EQ(state_of("run"), "pending");
  EXPECT_EQ(state_of("archive"), "archived");
  EXPECT_EQ(state_of("delete"), "task_not_found");
  EXPECT_EQ(state_of("grouped"), "archived");
  EXPECT_EQ(inspect_both({{"do", "task"}, {"queue", "default"}, {"id", "change"}})["payload"], hex("new"));
  must_enqueue(owner(), {{{"type", "t"}, {"id", "delete"}, {"unique", 600}, {"in", 100}}});  // its lock is free
  EXPECT_EQ(serve_until_idle(owner()).size(), 1u);
  EXPECT_EQ(state_of("run"), "completed");
  EXPECT_EQ(act_on("run", "run"), kOk) << "what is completed can be run again";
}

TEST_P(Action, OnAllTasksOfAState) {
  must_enqueue(owner(), {{{"type", "t"}, {"id", "s1"}, {"in", 100}},
                         {{"type", "t"}, {"id", "s2"}, {"in", 100}, {"unique", 600}},
                         {{"type", "t"}, {"id", "g1"}, {"group", "g"}},
                         {{"type", "t"}, {"id", "g2"}, {"group", "g"}}});
  EXPECT_EQ(act("archive_all", {{"state", "scheduled"}})["count"], 2);
  EXPECT_EQ(act("run_all", {{"state", "aggregating"}, {"group", "g"}})["count"], 2);
  EXPECT_EQ(state_of("s1"), "archived");
  EXPECT_EQ(state_of("g2"), "pending");
  EXPECT_EQ(act("run_all", {{"state", "archived"}})["count"], 2);
  EXPECT_EQ(act("archive_all", {{"state", "pending"}})["count"], 4);
  EXPECT_EQ(act("delete_all", {{"state", "archived"}})["count"], 4);
  EXPECT_EQ(inspect_both({{"do", "queue"}, {"queue", "default"}})["size"], 0);
  EXPECT_EQ(redis({"EXISTS", "asynq:{default}:unique:t:"}), "0");
}

TEST_P(Action, PausedQueuesAreLeftAloneByServers) {
  must_enqueue(owner(), {{{"type", "echo"}, {"id", "a"}}});
  EXPECT_EQ(act("pause"), kOk);
  EXPECT_TRUE(act("pause").contains("error"));
  EXPECT_EQ(inspect_both({{"do", "queue"}, {"queue", "default"}})["paused"], true);
  const auto server = serve(owner(), {{"queues", {{"default", 1}, {"open", 1}}}});
  must_enqueue(owner(), {{{"type", "echo"}, {"id", "b"}, {"queue", "open"}}});
  server->wait_for("run");
  EXPECT_EQ(server->events("run")[0]["id"], "b");
  EXPECT_EQ(act("resume"), kOk);
  server->wait_for("run", 2);
  server->stop();
}

TEST_P(Action, RemovesAQueue) {
  must_enqueue(owner(), {{{"type", "t"}, {"id", "a"}}, {{"type", "t"}, {"id", "b"}, {"in", 100}}});
  EXPECT_EQ(act("remove_queue", {{"force", true}}), kOk);
  EXPECT_EQ(inspect_both({{"do", "queues"}}).size(), 0u);
  EXPECT_EQ(count({"EXISTS", "asynq:{default}:t:a", "asynq:{default}:t:b", "asynq:{default}:pending"}), 0);
}

TEST_P(Action, CancelsARunningTask) {
  must_enqueue(owner(), {{{"type", "wait"}, {"id", "a"}}, {{"type", "wait"}, {"id", "b"}}});
  const auto server = serve(owner());
  server->wait_for("run", 2);
  EXPECT_EQ(act_on("cancel", "a"), kOk);
  server->wait_for("stopped");
  wait_until_it_is("a", "retry");
  EXPECT_EQ(state_of("b"), "active");
  EXPECT_EQ(server->events("stopped")[0]["id"], "a");
  server->stop();
}

TEST_P(Action, CancelsForGood) {
  if (actor() == Language::kGo) return;  // cannot ask for it
  must_enqueue(owner(), {{{"type", "wait"}, {"id", "a"}}});
  const auto server = serve(owner());
  server->wait_for("run");
  EXPECT_EQ(act("cancel", {{"id", "a"}, {"for_good", true}}), kOk);
  server->wait_for("stopped");
  // A Go server does not know that it is for good: there it is an ordinary cancel.
  wait_until_it_is("a", owner() == Language::kGo ? "retry" : "archived");
  server->stop();
}

INSTANTIATE_TEST_SUITE_P(, Action,
                         ::testing::Combine(::testing::Values(Language::kGo, Language::kCpp),
                                            ::testing::Values(Language::kGo, Language::kCpp)),
                         [](const auto& languages) {
                           return std::string(language_name(std::get<0>(languages.param))) + "On" +
                                  language_name(std::get<1>(languages.param)) + "Tasks";
                         });

// -- schedulers

class Schedulers : public Interop, public ::testing::WithParamInterface<Language> {
 protected:
  void SetUp() override {
    Interop::SetUp();
    if (!IsSkipped()) can_use({Language::kGo});
  }
};

TEST_P(Schedulers, EntriesAndTicksAreSeenByBoth) {
  const json second{{"spec", "@every 1s"},
                    {"task",
                     {{"type", "echo"},
                      {"payload", hex("x")},
                      {"queue", "low"},
                      {"max_retry", 3},
                      {"timeout", 90},
                      {"retention", 3600}}}};
  const json yearly{{"spec", "CRON_TZ=America/New_York 0 9 1 1 *"},
                    {"task", {{"type", "report"}, {"payload", "00ff"}, {"unique", 60}}}};
  const auto scheduler = schedule(GetParam(), {{"beat", 2}, {"entries", {second, yearly}}});
  scheduler->wait_for("enqueued", 2);
  wait_until([&] { return inspect(Language::kGo, {{"do", "entries"}}).size() == 2; }, "the record");
  // A record is published between the two looks now and then.
  json entries;
  wait_until(
      [&] {
        entries = inspect(Language::kGo, {{"do", "entries"}});
        json ours = inspect(Language::kCpp, {{"do", "entries"}});
        const auto by_spec = [](const json& a, const json& b) { return a["spec"] < b["spec"]; };
        std::sort(entries.begin(), entries.end(), by_spec);
        std::sort(ours.begin(), ours.end(), by_spec);
        // A C++ scheduler publishes at once and then every 10 s.
        return entries == ours && entries.size() == 2 && (entries[0]["prev_at"] > 0 || GetParam() == Language::kCpp);
      },
      "inspectors that see the same");
  EXPECT_EQ(entries[0]["spec"], "@every 1s");
  EXPECT_EQ(entries[0]["options"], json({"Queue(\"low\")", "MaxRetry(3)", "Timeout(1m30s)", "Retention(1h0m0s)"}));
  EXPECT_EQ(entries[1]["payload"], "00ff");
  EXPECT_EQ(entries[1]["prev_at"], 0);
  EXPECT_GT(entries[1]["next_at"], unix_now());

  const json events = inspect(Language::kGo, {{"do", "events"}, {"entry", entries[0]["id"]}});
  const json ours = inspect(Language::kCpp, {{"do", "events"}, {"entry", entries[0]["id"]}});
  ASSERT_GE(events.size(), 2u);
  ASSERT_GE(ours.size(), events.size());
  // Newest first; more may have come meanwhile.
  EXPECT_EQ(ours[ours.size() - 1], events[events.size() - 1]);
  scheduler->stop();
  EXPECT_EQ(inspect(Language::kGo, {{"do", "entries"}}).size(), 0u);
  EXPECT_EQ(inspect(Language::kCpp, {{"do", "entries"}}).size(), 0u);
}

TEST_P(Schedulers, TicksAreServedByTheOther) {
  const Language other = GetParam() == Language::kGo ? Language::kCpp : Language::kGo;
  const auto server = serve(other);
  const auto scheduler = schedule(
      GetParam(), {{"entries", {{{"spec", "@every 1s"}, {"task", {{"type", "echo"}, {"payload", hex("x")}}}}}}});
  server->wait_for("run", 2);
  scheduler->stop();
  server->stop();
  const json run = server->events("run")[0];
  EXPECT_EQ(run["payload"], hex("x"));
  EXPECT_EQ(run["headers"].contains("windlass-scheduled-at"), GetParam() == Language::kCpp);
}

INSTANTIATE_TEST_SUITE_P(, Schedulers, ::testing::Values(Language::kGo, Language::kCpp),
                         [](const auto& language) { return std::string(language_name(language.param)) + "Scheduler"; });

}  // namespace
}  // namespace windlass::interop
