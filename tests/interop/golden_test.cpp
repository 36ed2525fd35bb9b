// What C++ writes is, key by key and field by field, what Go Asynq writes for the same operations. For each scenario
// there is a dump recorded from Go (golden/*.txt); C++ is compared with it always, and Go too where it is there, so
// that the records stay true.
//
// To record them anew: WINDLASS_RECORD_GOLDEN=1 build/dev/bin/interop_tests --gtest_filter='Golden.Go*'
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

#include "interop/dump.hpp"
#include "interop/fixture.hpp"

namespace windlass::interop {
namespace {

class Golden;

struct Scenario {
  const char* name;
  std::function<void(Golden&, Language)> play;
  // Where C++ writes something else on purpose: under this key, Go's line is missing (if any), and this one is there
  // (if any).
  struct Difference {
    std::string key, go, cpp, why;
  };
  std::vector<Difference> differences = {};
};

void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.name; }

class Golden : public Interop, public ::testing::WithParamInterface<Scenario> {
 public:
  using Interop::count;
  using Interop::enqueue;
  using Interop::inspect;
  using Interop::must_enqueue;
  using Interop::redis;
  using Interop::schedule;
  using Interop::serve;
  using Interop::serve_until_idle;
  using Interop::wait_until;

  // What a server leaves behind that ran these tasks.
  void enqueue_and_serve(Language language, const std::vector<json>& tasks, const json& config = json::object()) {
    must_enqueue(language, tasks);
    serve_until_idle(language, config);
  }

  void must(Language language, const json& request) {
    const json answer = inspect(language, request);
    EXPECT_FALSE(answer.contains("error")) << request << answer;
  }

  // Runs that servers have put on record.
  std::int64_t workers() {
    std::int64_t n = 0;
    const redis::Replies keys = server().run({"KEYS", "asynq:workers:*"});
    for (const redis::Value key : keys[0]) n += count({"HLEN", std::string(key.text())});
    return n;
  }

  // For what is to be seen while something runs.
  void dump_now() { kept_ = dump(server(), began_); }

 protected:
  std::string played(Language language) {
    redis({"FLUSHALL"});
    kept_.clear();
    began_ = unix_now();
    GetParam().play(*this, language);
    if (kept_.empty()) dump_now();
    return kept_;
  }

  static std::string path() { return std::string(WINDLASS_GOLDEN) + "/" + GetParam().name + ".txt"; }
  static std::string recorded() {
    std::ifstream file(path());
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string kept_;
  std::int64_t began_ = 0;
};

// The record with the known differences put in.
std::string as_cpp_writes(const std::string& recorded, const Scenario& scenario) {
  std::vector<std::pair<std::string, std::vector<std::string>>> keys;
  std::istringstream stream(recorded);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("  "))
      keys.back().second.push_back(line.substr(2));
    else
      keys.emplace_back(line, std::vector<std::string>());
  }
  for (const Scenario::Difference& difference : scenario.differences) {
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.first == difference.key; });
    if (key == keys.end()) return "no key '" + difference.key + "': " + difference.why;
    std::vector<std::string>& lines = key->second;
    if (!difference.go.empty() && std::erase(lines, difference.go) != 1)
      return "no line '" + difference.go + "': " + difference.why;
    if (!difference.cpp.empty())
      lines.insert(std::upper_bound(lines.begin(), lines.end(), difference.cpp), difference.cpp);
  }
  std::string text;
  for (const auto& [key, lines] : keys) {
    text += key + "\n";
    for (const std::string& line : lines) text += "  " + line + "\n";
  }
  return text;
}

constexpr const char* kLatency = "C++ counts the latency of a task from when it became pending, however it did";
constexpr const char* kArchivedPending = "C++ keeps pending_since of pending tasks only";
constexpr const char* kGroupLock =
    "C++ writes down whose lock it is for tasks in groups too, so that Go releases it on delete";

TEST_P(Golden, GoIsAsRecorded) {
  if (!can_use({Language::kGo})) return;
  const std::string go = played(Language::kGo);
  if (std::getenv("WINDLASS_RECORD_GOLDEN") != nullptr) std::ofstream(path()) << go;
  EXPECT_EQ(go, recorded());
}

TEST_P(Golden, CppWritesWhatGoWrites) { EXPECT_EQ(played(Language::kCpp), as_cpp_writes(recorded(), GetParam())); }

json task(const char* id, json more = json::object()) {
  more["id"] = id;
  if (!more.contains("type")) more["type"] = "t";
  return more;
}

// Numbers: of the checklist in asynq-wire.md, section 17.
const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all{
      // 1
      {"enqueue_payloads",
       [](Golden& g, Language l) {
         g.must_enqueue(l, {task("none"), task("empty", {{"payload", ""}}),
                            task("text", {{"payload", hex("{\"u\":1}")}}), task("bytes", {{"payload", "00ff0a22"}})});
       }},
      {"enqueue_options",
       [](Golden& g, Language l) {
         g.must_enqueue(l,
                        {task("timeout", {{"timeout", 60}}), task("deadline", {{"deadline", 500}}),
                         task("both", {{"timeout", 90}, {"deadline", 300}}), task("retention", {{"retention", 3600}}),
                         task("no-retry", {{"max_retry", 0}}), task("three", {{"max_retry", 3}}),
                         task("headers", {{"headers", {{"trace", "abc"}, {"k", ""}}}})});
       }},
      {"enqueue_queues",
       [](Golden& g, Language l) {
         g.must_enqueue(l, {task("a", {{"queue", "low"}}), task("b", {{"queue", "größe:ä b"}}), task("a"), task("b")});
       }},
      {"enqueue_unique",
       [](Golden& g, Language l) {
         g.must_enqueue(l, {task("nil", {{"unique", 600}}), task("empty", {{"unique", 600}, {"payload", ""}}),
                            task("text", {{"unique", 600}, {"payload", hex("{\"u\":1}")}})});
         EXPECT_EQ(g.enqueue(l, {task("again", {{"unique", 600}})})[0]["error"], "duplicate_task");
       }},
      {"enqueue_scheduled",
       [](Golden& g, Language l) {
         g.must_enqueue(l, {task("later", {{"in", 100}}), task("locked", {{"in", 1000}, {"unique", 600}}),
                            task("past", {{"in", -5}})});
       }},
      {"enqueue_group",
       [](Golden& g, Language l) {
         g.must_enqueue(l, {task("a", {{"group", "g1"}}), task("b", {{"group", "g1"}}), task("c", {{"group", "g:2"}}),
                            task("later", {{"group", "g1"}, {"in", 100}})});
       }},
      {"enqueue_group_unique",
       [](Golden& g, Language l) {
         g.must_enqueue(l, {task("a", {{"group", "g1"}, {"unique", 600}})});
       },
       {{"hash asynq:{default}:t:a", "", "unique_key: asynq:{default}:unique:t:", kGroupLock}}},
      // 2
      {"enqueue_id_taken",
       [](Golden& g, Language l) {
         g.must_enqueue(
             l, {task("a", {{"payload", hex("first")}}), task("old", {{"type", "skip"}, {"payload", hex("no")}})});
         g.must(l, {{"do", "archive"}, {"queue", "default"}, {"id", "old"}});
         for (const json& more : {json::object(), json{{"in", 100}}, json{{"group", "g"}}}) {
           EXPECT_EQ(g.enqueue(l, {task("a", more)})[0]["error"], "task_id_conflict");
           EXPECT_EQ(g.enqueue(l, {task("old", more)})[0]["error"], "task_id_conflict");
         }
       },
       {{"hash asynq:{default}:t:old", "pending_since: now", "", kArchivedPending}}},
      // 3, 9
      {"serve_active",
       [](Golden& g, Language l) {
         g.must_enqueue(l, {task("a", {{"type", "wait"}, {"timeout", 60}, {"payload", "00ff"}})});
         const auto server = g.serve(l, {{"queues", {{"default", 2}, {"low", 1}}}});
         server->wait_for("run");
         g.wait_until([&] { return g.workers() > 0; }, "a record of the run");
         g.dump_now();
         server->stop();
       }},
      // 4
      {"serve_done",
       [](Golden& g, Language l) {
         g.enqueue_and_serve(
             l, {task("a", {{"type", "echo"}}), task("b", {{"type", "echo"}, {"payload", hex("hi")}}),
                 task("locked", {{"type", "echo"}, {"unique", 600}}), task("needless", {{"type", "revoke"}})});
       }},
      {"serve_completed",
       [](Golden& g, Language l) {
         g.enqueue_and_serve(
             l, {task("a", {{"type", "echo"}, {"retention", 3600}, {"payload", "00ff"}}),
                 task("locked", {{"type", "echo"}, {"retention", 600}, {"unique", 900}, {"payload", hex("x")}})});
       }},
      {"serve_retry",
       [](Golden& g, Language l) {
         g.enqueue_and_serve(
             l,
             {task("a", {{"type", "fail"}, {"payload", hex("boom")}}),
              task("soft", {{"type", "soft"}, {"payload", hex("not now")}}),
              task("locked", {{"type", "fail"}, {"payload", hex("é")}, {"unique", 900}, {"headers", {{"k", "v"}}}})});
       }},
      {"serve_archive",
       [](Golden& g, Language l) {
         g.enqueue_and_serve(l, {task("last", {{"type", "fail"}, {"payload", hex("boom")}, {"max_retry", 0}}),
                                 task("never", {{"type", "skip"}, {"payload", hex("no such user")}, {"unique", 900}})});
       }},
      // 5
      {"serve_requeue",
       [](Golden& g, Language l) {
         g.must_enqueue(l, {task("a", {{"type", "wait"}})});
         const auto server = g.serve(l);
         server->wait_for("run");
         g.must(l, {{"do", "pause"}, {"queue", "default"}});
         g.must_enqueue(l, {task("b", {{"type", "wait"}})});
         server->stop();
       },
       {{"hash asynq:{default}:t:a", "", "pending_since: now", kLatency}}},
      // 6
      {"serve_forward",
       [](Golden& g, Language l) {
         std::vector<json> tasks;
         for (int i = 0; i < 5; ++i) tasks.push_back(task(("t" + std::to_string(i)).c_str(), {{"in", 1}}));
         tasks.push_back(task("later", {{"in", 100}}));
         g.must_enqueue(l, tasks);
         g.must(l, {{"do", "pause"}, {"queue", "default"}});
         const auto server = g.serve(l);
         g.wait_until([&] { return g.count({"LLEN", "asynq:{default}:pending"}) == 5; }, "due tasks");
         server->stop();
       }},
      // 8
      {"serve_group",
       [](Golden& g, Language l) {
         g.must_enqueue(l, {task("a", {{"group", "g"}, {"payload", hex("1")}}),
                            task("b", {{"group", "g"}, {"payload", hex("2")}})});
         const auto server = g.serve(l, {{"group_max_size", 2}});
         g.wait_until([&] { return g.count({"ZCARD", "asynq:{default}:completed"}) == 1; }, "the aggregate");
         server->stop();
       }},
      // 9
      {"schedule",
       [](Golden& g, Language l) {
         const json report{{"type", "report"}, {"payload", hex("x")}, {"queue", "low"}, {"max_retry", 3},
                           {"timeout", 90},    {"retention", 3600},   {"unique", 60}};
         const auto scheduler = g.schedule(l, {{"entries", {{{"spec", "@every 100s"}, {"task", report}}}}});
         g.wait_until([&] { return g.count({"ZCARD", "asynq:schedulers"}) > 0; }, "the record");
         g.dump_now();
         scheduler->stop();
       }},
      // 10
      {"inspect_one",
       [](Golden& g, Language l) {
         g.must_enqueue(l, {task("run", {{"in", 100}}), task("archive", {{"in", 100}}),
                            task("delete", {{"in", 100}, {"unique", 600}}), task("update", {{"in", 100}}),
                            task("grouped", {{"group", "g"}}), task("dropped", {{"group", "g"}})});
         for (const char* what : {"run", "archive", "delete"})
           g.must(l, {{"do", what}, {"queue", "default"}, {"id", what}});
         g.must(l, {{"do", "update"}, {"queue", "default"}, {"id", "update"}, {"payload", "00ff"}});
         g.must(l, {{"do", "archive"}, {"queue", "default"}, {"id", "grouped"}});
         g.must(l, {{"do", "delete"}, {"queue", "default"}, {"id", "dropped"}});
       },
       {{"hash asynq:{default}:t:run", "", "pending_since: now", kLatency}}},
      {"inspect_all",
       [](Golden& g, Language l) {
         for (const char* queue : {"run", "archive", "delete"}) {
           g.must_enqueue(l, {task("a", {{"queue", queue}, {"in", 100}}),
                              task("b", {{"queue", queue}, {"in", 200}, {"unique", 600}}),
                              task("c", {{"queue", queue}, {"group", "g"}})});
           for (const char* state : {"scheduled", "aggregating"}) {
             json request{{"do", std::string(queue) + "_all"}, {"queue", queue}, {"state", state}};
             if (request["state"] == "aggregating") request["group"] = "g";
             g.must(l, request);
           }
         }
         g.must(l, {{"do", "pause"}, {"queue", "run"}});
       },
       {{"hash asynq:{run}:t:a", "", "pending_since: now", kLatency},
        {"hash asynq:{run}:t:b", "", "pending_since: now", kLatency},
        {"hash asynq:{run}:t:c", "", "pending_since: now", kLatency}}},
      {"inspect_run_finished",
       [](Golden& g, Language l) {
         g.enqueue_and_serve(l, {task("done", {{"type", "echo"}, {"retention", 3600}}),
                                 task("failed", {{"type", "fail"}}), task("dead", {{"type", "skip"}})});
         for (const char* id : {"done", "failed", "dead"}) g.must(l, {{"do", "run"}, {"queue", "default"}, {"id", id}});
       },
       {{"hash asynq:{default}:t:dead", "", "pending_since: now", kLatency},
        {"hash asynq:{default}:t:done", "", "pending_since: now", kLatency},
        {"hash asynq:{default}:t:failed", "", "pending_since: now", kLatency}}},
      {"inspect_remove_queue",
       [](Golden& g, Language l) {
         g.must_enqueue(l, {task("a", {{"queue", "old"}}), task("b", {{"queue", "old"}, {"in", 100}}),
                            task("a", {{"queue", "new"}})});
         EXPECT_EQ(g.inspect(l, {{"do", "remove_queue"}, {"queue", "old"}})["error"], "queue_not_empty");
         g.must(l, {{"do", "remove_queue"}, {"queue", "old"}, {"force", true}});
       }},
  };
  return all;
}

INSTANTIATE_TEST_SUITE_P(, Golden, ::testing::ValuesIn(scenarios()),
                         [](const auto& scenario) { return scenario.param.name; });

}  // namespace
}  // namespace windlass::interop
