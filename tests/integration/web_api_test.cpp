// The REST API: asynqmon's paths and names, and ours.
#include <set>

#include "integration/web_fixture.hpp"

namespace windlass::testing {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class WebApi : public Web {
 protected:
  WebApi() { start(); }
};

std::set<std::string> keys_of(const codec::Value& value) {
  std::set<std::string> keys;
  for (const auto& member : *value.get_if<codec::Value::Object>()) keys.insert(member.key);
  return keys;
}
bool has_all(const codec::Value& value, const std::set<std::string>& wanted) {
  const std::set<std::string> keys = keys_of(value);
  return std::includes(keys.begin(), keys.end(), wanted.begin(), wanted.end());
}

TEST_F(WebApi, ShowsQueuesWithTheNamesOfAsynqmon) {
  enqueue("email", "{}", EnqueueOptions().queue("mail"));
  const std::set<std::string> names{"queue", "memory_usage_bytes", "size", "groups", "latency_msec", "display_latency", "active", "pending",
                                    "aggregating", "scheduled", "retry", "archived", "completed", "processed", "succeeded", "failed", "paused",
                                    "timestamp"};
  const codec::Value all = json(get("/api/queues"));
  ASSERT_EQ(size_of(all, "queues"), 1U);
  EXPECT_TRUE(has_all((*all.find("queues")->get_if<codec::Value::Array>())[0], names));
  const codec::Value one = json(get("/api/queues/mail"));
  EXPECT_TRUE(has_all(*one.find("current"), names));
  EXPECT_EQ(at(one, "current.pending"), "1");
  EXPECT_EQ(size_of(one, "history"), 10U);
  EXPECT_EQ(at(one, "history.0.date"), "2024-02-29");
  EXPECT_EQ(size_of(*json(get("/api/queue_stats")).find("stats"), "mail"), 90U);
}

TEST_F(WebApi, ShowsTasksOfEachStateWithTheNamesOfAsynqmon) {
  enqueue("now", R"({"a":1})", EnqueueOptions().task_id("p").header("trace", "t1"));
  enqueue("later", "{}", EnqueueOptions().task_id("s").process_in(hours(1)));
  const codec::Value pending = json(get("/api/queues/default/pending_tasks"));
  EXPECT_EQ(at(pending, "tasks.0.id"), "p");
  EXPECT_EQ(at(pending, "tasks.0.payload"), R"({"a":1})");
  EXPECT_EQ(at(pending, "tasks.0.headers.trace"), "t1");
  EXPECT_EQ(at(pending, "stats.size"), "2");
  const codec::Value scheduled = json(get("/api/queues/default/scheduled_tasks"));
  EXPECT_TRUE(at(scheduled, "tasks.0.next_process_at").ends_with("Z"));
  for (const char* state : {"active", "retry", "archived", "completed"}) {
    EXPECT_EQ(size_of(json(get(std::string("/api/queues/default/") + state + "_tasks")), "tasks"), 0U) << state;
  }
  const codec::Value task = json(get("/api/queues/default/tasks/s"));
  EXPECT_TRUE(has_all(task, {"id", "queue", "type", "payload", "state", "max_retry", "retried", "error_message", "last_failed_at",
                             "timeout_seconds", "deadline", "next_process_at", "completed_at", "result", "ttl_seconds"}));
  EXPECT_EQ(at(task, "last_failed_at"), "");
  EXPECT_EQ(at(task, "timeline.0.event"), "enqueued");
  EXPECT_EQ(at(task, "timeline.2.future"), "true");
}

TEST_F(WebApi, ActsOnSingleTasks) {
  enqueue("t", "{}", EnqueueOptions().task_id("a").process_in(hours(1)));
  EXPECT_EQ(ask("POST", "/api/queues/default/scheduled_tasks/a:run").status, 204);
  EXPECT_EQ(ask("POST", "/api/queues/default/pending_tasks/a:archive").status, 204);
  EXPECT_EQ(at(json(get("/api/queues/default/tasks/a")), "state"), "archived");
  EXPECT_EQ(ask("DELETE", "/api/queues/default/archived_tasks/a").status, 204);
  const HttpReply gone = get("/api/queues/default/tasks/a");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.headers.at("content-type"), "text/plain; charset=utf-8") << "as asynqmon";
  EXPECT_EQ(at(json(get("/api/queues/default/tasks/a", "Accept: application/json\r\n")), "error"), "task_not_found");
}

TEST_F(WebApi, TheSecondOfTwoOperatorsLearnsThatHeIsLate) {
  enqueue("t", "{}", EnqueueOptions().task_id("a").process_in(hours(1)));
  EXPECT_EQ(ask("POST", "/api/queues/default/scheduled_tasks/a:run").status, 204);
  EXPECT_EQ(ask("POST", "/api/queues/default/scheduled_tasks/a:run").status, 409);
  EXPECT_EQ(ask("DELETE", "/api/queues/default/tasks/a").status, 204);
  EXPECT_EQ(ask("DELETE", "/api/queues/default/tasks/a").status, 404);
}

TEST_F(WebApi, ActsOnManyTasks) {
  for (const char* id : {"a", "b", "c", "d"}) enqueue("t", "{}", EnqueueOptions().task_id(id).process_in(hours(1)));
  enqueue("other", "{}", EnqueueOptions().task_id("e").process_in(hours(1)));
  const std::string tasks = "/api/queues/default/scheduled_tasks";
  EXPECT_EQ(ask("POST", tasks + ":batch_run", R"({"task_ids":["a","nothing"]})").body, R"({"pending_ids":["a"],"error_ids":["nothing"]})");
  EXPECT_EQ(ask("POST", tasks + ":batch_archive", R"({"task_ids":["b"]})").body, R"({"archived_ids":["b"],"error_ids":[]})");
  EXPECT_EQ(ask("POST", tasks + ":batch_delete", R"({"task_ids":["c"]})").body, R"({"deleted_ids":["c"],"failed_ids":[]})");
  EXPECT_EQ(ask("POST", tasks + ":run_all?type=t").body, R"({"scheduled":1})");
  EXPECT_EQ(ask("POST", tasks + ":archive_all").body, R"({"archived":1})");
  EXPECT_EQ(ask("DELETE", "/api/queues/default/archived_tasks:delete_all").body, R"({"deleted":2})");
  EXPECT_EQ(ask("DELETE", "/api/queues/default/pending_tasks:delete_all").body, R"({"deleted":2})");
}

TEST_F(WebApi, BodiesThatAreNotAsTheyShouldAreRefused) {
  enqueue("t");
  const std::string batch = "/api/queues/default/pending_tasks:batch_delete";
  for (const char* body : {"", "{", "[]", R"({"task_ids":"a"})", R"({"task_ids":[1]})", R"({"ids":[]})", R"({"task_ids":[],"x":1})"}) {
    EXPECT_EQ(ask("POST", batch, body).status, 400) << body;
  }
  EXPECT_EQ(ask("POST", batch, R"({"task_ids":[")" + std::string(1'000'000, 'a') + "\"]}").status, 413);
  EXPECT_EQ(ask("POST", "/api/queues/default/tasks", R"({"payload":"x"})").status, 400) << "no type";
  EXPECT_EQ(ask("POST", "/api/queues/default/tasks", R"({"type":"t","max_retry":"3"})").status, 400);
  EXPECT_EQ(ask("POST", "/api/queues/default/tasks", R"({"type":"t","timeout_seconds":-1})").status, 400);
  EXPECT_EQ(ask("POST", "/api/queues/default/tasks", R"({"type":"t","payload_base64":"!"})").status, 400);
  EXPECT_EQ(size_of(json(get("/api/queues/default/pending_tasks")), "tasks"), 1U);
}

TEST_F(WebApi, EnqueuesTasksWithAllTheirOptions) {
  const HttpReply reply = ask("POST", "/api/queues/mail/tasks",
                              R"({"type":"email","payload_json":{"to":"ann"},"id":"e1","max_retry":3,"timeout_seconds":1.5,
                                  "process_at":"2199-01-01T00:00:00Z","retention_seconds":3600,"unique_seconds":60,"headers":{"trace":"t"}})");
  EXPECT_EQ(reply.status, 201) << reply.body;
  const codec::Value task = json(get("/api/queues/mail/tasks/e1"));
  EXPECT_EQ(at(task, "payload"), R"({"to":"ann"})");
  EXPECT_EQ(at(task, "state"), "scheduled");
  EXPECT_EQ(at(task, "max_retry"), "3");
  EXPECT_EQ(at(task, "next_process_at"), "2199-01-01T00:00:00Z");
  EXPECT_EQ(at(task, "retention_seconds"), "3600");
  EXPECT_EQ(at(task, "headers.trace"), "t");
  EXPECT_EQ(ask("POST", "/api/queues/mail/tasks", R"({"type":"email","id":"e1"})").status, 409);
}

TEST_F(WebApi, EditsThePayloadOfAScheduledTask) {
  enqueue("t", "old", EnqueueOptions().task_id("a").process_in(hours(1)));
  enqueue("t", "old", EnqueueOptions().task_id("b"));
  EXPECT_EQ(ask("PUT", "/api/queues/default/tasks/a/payload", R"({"payload_base64":"/wA="})").status, 204);
  EXPECT_EQ(get("/api/queues/default/tasks/a/payload").body, std::string("\xff\0", 2));
  EXPECT_EQ(ask("PUT", "/api/queues/default/tasks/b/payload", R"({"payload":"new"})").status, 409);
}

TEST_F(WebApi, PagesByNumberAndByCursor) {
  for (int i = 0; i < 45; ++i) enqueue("t", "{}", EnqueueOptions().task_id("t" + std::to_string(100 + i)));
  const std::string list = "/api/queues/default/pending_tasks";
  EXPECT_EQ(size_of(json(get(list)), "tasks"), 20U);
  EXPECT_EQ(at(json(get(list + "?page=3")), "tasks.0.id"), "t140");
  EXPECT_EQ(size_of(json(get(list + "?page=3")), "tasks"), 5U);
  EXPECT_EQ(size_of(json(get(list + "?page=4")), "tasks"), 0U);
  std::string cursor;
  std::vector<std::string> ids;
  do {
    const codec::Value page = json(get(list + "?size=7&cursor=" + encoded(cursor)));
    for (std::size_t i = 0; i < size_of(page, "tasks"); ++i) ids.push_back(at(page, "tasks." + std::to_string(i) + ".id"));
    cursor = at(page, "next");
  } while (!cursor.empty());
  ASSERT_EQ(ids.size(), 45U);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(get(list + "?page=0").status, 400);
  EXPECT_EQ(get(list + "?size=1001").status, 400);
  EXPECT_EQ(get(list + "?page=100000&size=1000").status, 400);
  EXPECT_EQ(get(list + "?cursor=nonsense").status, 400);
}

TEST_F(WebApi, SearchesOverQueuesAndStates) {
  for (int i = 0; i < 30; ++i) {
    enqueue(i % 2 ? "odd" : "even", "number " + std::to_string(i) + ".",
            EnqueueOptions().queue("q" + std::to_string(i % 3)).process_in(seconds(i % 5)).task_id("id" + std::to_string(i)));
  }
  const auto find_all = [&](const std::string& query) {
    std::set<std::string> ids;
    std::string cursor;
    do {
      const codec::Value page = json(get("/api/search?size=4&" + query + "&cursor=" + encoded(cursor)));
      for (std::size_t i = 0; i < size_of(page, "tasks"); ++i) {
        EXPECT_TRUE(ids.insert(at(page, "tasks." + std::to_string(i) + ".id")).second);
      }
      cursor = at(page, "next");
    } while (!cursor.empty());
    return ids;
  };
  EXPECT_EQ(find_all("").size(), 30U);
  EXPECT_EQ(find_all("type=odd").size(), 15U);
  EXPECT_EQ(find_all("queue=q1").size(), 10U);
  EXPECT_EQ(find_all("state=pending").size(), 6U);
  EXPECT_EQ(find_all("id=id2").size(), 11U);
  EXPECT_EQ(find_all("payload=number%207."), (std::set<std::string>{"id7"}));
  EXPECT_EQ(find_all("payload=nothing").size(), 0U);
  EXPECT_EQ(get("/api/search?state=nothing").status, 400);
  EXPECT_EQ(get("/api/search?cursor=nonsense").status, 400);
  EXPECT_EQ(get("/api/search?queue=none").status, 404);
}

TEST_F(WebApi, PausesAndRemovesQueues) {
  enqueue("t");
  EXPECT_EQ(ask("POST", "/api/queues/default:pause").status, 204);
  EXPECT_EQ(at(json(get("/api/queues/default")), "current.paused"), "true");
  EXPECT_EQ(ask("POST", "/api/queues/default:pause").status, 409);
  EXPECT_EQ(ask("POST", "/api/queues/default:resume").status, 204);
  EXPECT_EQ(ask("DELETE", "/api/queues/default").status, 400) << "not empty, as asynqmon";
  EXPECT_EQ(ask("DELETE", "/api/queues/default?force=1").status, 204);
  EXPECT_EQ(ask("DELETE", "/api/queues/default").status, 404);
}

TEST_F(WebApi, TellsOfItselfAndItsBroker) {
  const codec::Value info = json(get("/api/info"));
  EXPECT_EQ(at(info, "name"), "windlass");
  EXPECT_EQ(at(info, "broker"), "memory");
  EXPECT_EQ(at(info, "role"), "admin");
  EXPECT_EQ(at(json(get("/api/broker_info")), "facts.0.name"), "broker");
  EXPECT_EQ(get("/api/redis_info").status, 404);
  EXPECT_EQ(get("/api/dq").status, 404);
  EXPECT_EQ(size_of(json(get("/api/servers")), "servers"), 0U);
  EXPECT_EQ(size_of(json(get("/api/scheduler_entries")), "entries"), 0U);
}

TEST_F(WebApi, ChartsNeedNoOtherProgram) {
  EXPECT_EQ(get("/api/series").status, 501) << "a broker without samples";
  start_over(memory_);
  enqueue("t", "{}", EnqueueOptions().queue("a"));
  enqueue("t", "{}", EnqueueOptions().queue("b"));
  // The first sample has nothing before it; so wait for the second one.
  std::string pending;
  while (pending.empty() && !HasFailure()) {
    clock_.advance(seconds(20));
    pending = at(json(get("/api/series?queue=a")), "points.0.pending");
  }
  EXPECT_EQ(pending, "1");
  EXPECT_EQ(at(json(get("/api/series")), "points.0.pending"), "2");
  const codec::Value series = json(get("/api/series?range=hour&queue=a"));
  EXPECT_EQ(at(series, "step_seconds"), "60");
  EXPECT_EQ(at(series, "points.0.processed"), "0");
  EXPECT_EQ(at(json(get("/api/series?range=week")), "step_seconds"), "3600");
  EXPECT_EQ(get("/api/series?range=year").status, 400);
}

TEST_F(WebApi, ReadOnlyShowsAndChangesNothing) {
  enqueue("t", "{}", EnqueueOptions().task_id("a"));
  config_.read_only = true;
  start();
  EXPECT_EQ(get("/api/queues/default/tasks/a").status, 200);
  EXPECT_EQ(ask("DELETE", "/api/queues/default/tasks/a").status, 405);
  EXPECT_EQ(ask("POST", "/api/queues/default/tasks", R"({"type":"t"})").status, 405);
  EXPECT_EQ(get("/api/queues/default/tasks/a").status, 200);
}

TEST_F(WebApi, AProxyMayServeItUnderAPath) {
  config_.root_path = "/tools/windlass";
  start();
  EXPECT_EQ(get("/tools/windlass/api/queues").status, 200);
  EXPECT_NE(get("/tools/windlass/").body.find("<base href=\"/tools/windlass/\">"), std::string::npos);
  EXPECT_EQ(get("/tools/windlass").headers.at("location"), "/tools/windlass/");
  EXPECT_EQ(get("/api/queues").status, 404);
  EXPECT_EQ(get("/tools/windlassapi/queues").status, 404);
}

TEST_F(WebApi, EveryChangeIsInTheAuditLog) {
  config_.audit_file = (folder_ / "audit.jsonl").string();
  start();
  enqueue("t", "{}", EnqueueOptions().task_id("a"));
  ask("DELETE", "/api/queues/default/pending_tasks/a");
  ask("DELETE", "/api/queues/default/pending_tasks/a");
  get("/api/queues");
  const codec::Value audit = json(get("/api/audit"));
  ASSERT_EQ(size_of(audit, "entries"), 2U);
  EXPECT_EQ(at(audit, "entries.0.status"), "404");
  EXPECT_EQ(at(audit, "entries.1.action"), "delete");
  EXPECT_EQ(at(audit, "entries.1.task_id"), "a");
  EXPECT_EQ(at(audit, "entries.1.user"), "local");
  std::ifstream file(config_.audit_file);
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_EQ(line, codec::write_json((*audit.find("entries")->get_if<codec::Value::Array>())[1]));
}

}  // namespace
}  // namespace windlass::testing
