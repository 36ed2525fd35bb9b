// A fleet of Go and C++ servers on one queue, half of which is killed with -9 while tasks run, wait and fail: every
// task ends once.
//
// Asynq's rule for the tasks of a dead Go server is that their lease has been over for 30 s: more than a minute. Here
// these leases are put back instead. With WINDLASS_LONG_TESTS=1 the test waits, and takes 20,000 tasks: ctest -C long
// -L long.
#include <cstdlib>
#include <fstream>
#include <map>

#include "interop/fixture.hpp"

namespace windlass::interop {
namespace {

class Fleet : public Interop {
 protected:
  struct Member {
    Language language;
    std::unique_ptr<Running> server;
    std::string runs;
    bool killed = false;
  };

  void SetUp() override {
    Interop::SetUp();
    if (!IsSkipped()) can_use({Language::kGo});
  }

  static bool is_long() { return std::getenv("WINDLASS_LONG_TESTS") != nullptr; }

  void start(Language language) {
    const std::string runs = dir_.file("runs" + std::to_string(fleet_.size()));
    fleet_.push_back(
        {language, serve(language, {{"concurrency", 10}, {"retry_delay", 1}, {"runs", runs}, {"pace", 5}}), runs});
  }
  void kill(std::size_t i) {
    fleet_[i].server->kill();
    fleet_[i].killed = true;
  }

  // Every tenth fails once, every fiftieth twice.
  void enqueue_all(int tasks) {
    std::vector<json> by_go, by_cpp;
    for (int i = 0; i < tasks; ++i) {
      const char* failures = i % 50 == 0 ? "2" : i % 10 == 0 ? "1" : "0";
      (i % 2 == 0 ? by_go : by_cpp)
          .push_back({{"type", "tally"},
                      {"id", std::to_string(i)},
                      {"payload", hex(failures)},
                      {"max_retry", 50},
                      {"retention", 3600}});
    }
    must_enqueue(Language::kGo, by_go);
    must_enqueue(Language::kCpp, by_cpp);
  }

  std::int64_t completed() const { return count({"ZCARD", "asynq:{default}:completed"}); }
  std::vector<std::string> active() {
    std::vector<std::string> ids;
    const redis::Replies replies = server().run({"LRANGE", "asynq:{default}:active", "0", "-1"});
    for (const redis::Value id : replies[0]) ids.emplace_back(id.text());
    return ids;
  }
  // What a dead Go server holds is all that is left: nothing has moved for so long that no living one can be at it.
  void wait_for_leftovers(std::int64_t tasks) {
    std::vector<std::string> before;
    auto since = std::chrono::steady_clock::now();
    wait_until(
        [&] {
          std::vector<std::string> now = active();
          if (now != before || completed() + static_cast<std::int64_t>(now.size()) != tasks)
            since = std::chrono::steady_clock::now();
          before = std::move(now);
          return std::chrono::steady_clock::now() - since > std::chrono::seconds(5);
        },
        "the living servers");
  }
  void put_leases_back() {
    for (const std::string& id : active())
      redis({"ZADD", "asynq:{default}:lease", "XX", std::to_string(unix_now() - 31), id});
  }

  // How often each task ended well in a handler: of servers that live, and of those that were killed.
  struct Ends {
    int living = 0, killed = 0;
  };
  std::map<std::string, Ends> read_runs() const {
    std::map<std::string, Ends> ends;
    for (const Member& member : fleet_) {
      std::ifstream file(member.runs);
      for (std::string id, verdict; file >> id >> verdict;) {
        if (verdict == "ok") (member.killed ? ends[id].killed : ends[id].living)++;
      }
    }
    return ends;
  }

  testing::TempDir dir_;
  std::vector<Member> fleet_;
};

TEST_F(Fleet, EveryTaskEndsOnceThoughServersAreKilled) {
  if (IsSkipped()) return;
  const int tasks = is_long() ? 20000 : 4000;
  for (const Language language : {Language::kGo, Language::kCpp, Language::kGo, Language::kCpp}) start(language);
  enqueue_all(tasks);
  wait_until([&] { return completed() > tasks / 4; }, "a quarter of the tasks");
  kill(0);
  kill(1);
  if (is_long()) {
    wait_until([&] { return completed() == tasks; }, "all tasks", std::chrono::minutes(5));
  } else {
    wait_for_leftovers(tasks);
    put_leases_back();
    wait_until([&] { return completed() == tasks; }, "the tasks of the dead Go server");
  }

  for (const std::size_t i : {2, 3}) fleet_[i].server->stop();
  const json queue = inspect_both({{"do", "queue"}, {"queue", "default"}});
  EXPECT_EQ(queue["completed"], tasks);
  EXPECT_EQ(queue["size"], tasks) << "nothing is left anywhere else";
  EXPECT_EQ(count({"ZCARD", "asynq:{default}:lease"}), 0);
  EXPECT_EQ(queue["processed_total"].get<int>() - queue["failed_total"].get<int>(), tasks)
      << "each success was counted once";

  // A run whose server died before it could say so is made again. No other is.
  const std::map<std::string, Ends> ends = read_runs();
  EXPECT_EQ(ends.size(), static_cast<std::size_t>(tasks));
  int again = 0;
  for (const auto& [id, n] : ends) {
    EXPECT_LE(n.living, 1) << id;
    EXPECT_LE(n.killed, 2) << id;
    if (n.living + n.killed > 1) ++again;
  }
  RecordProperty("tasks_run_again", again);
  EXPECT_LE(again, 600) << "more than two servers can have had in hand";
}

}  // namespace
}  // namespace windlass::interop
