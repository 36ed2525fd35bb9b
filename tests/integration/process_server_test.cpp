// Whole programs: a server that is killed, a binary that is replaced, a thousand crashes.
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "process_fixture.hpp"
#include "running_program.hpp"

namespace windlass::testing {
namespace {

std::vector<pid_t> children_of(pid_t parent) {
  std::ifstream file("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  std::vector<pid_t> all;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(parent) + "/task")) {
    std::ifstream children(entry.path() / "children");
    for (pid_t pid = 0; children >> pid;) all.push_back(pid);
  }
  return all;
}

std::size_t open_descriptors() {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
  return n;
}

std::size_t resident_kib() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  }
  return 0;
}

// A server program of its own, on a file: see process_server.cpp.
class ServerProgram : public ::testing::Test {
 protected:
  std::string enqueue(const std::string& type, const std::string& payload) {
    return get(Client(broker).enqueue(Task(type, payload), EnqueueOptions().max_retry(3).retention(1h))).id;
  }
  TaskInfo task(const std::string& id) { return get(Inspector(broker).task("default", id)); }
  bool comes_to(const std::string& id, TaskState state) {
    return eventually([&] { return task(id).state == state; });
  }

  TempDir dir;
  const std::string url = "sqlite:" + dir.file("tasks.db");
  BrokerPtr broker = get(open_broker(url));
};

TEST_F(ServerProgram, ChildrenOfAKilledServerEndAndItsTasksRunElsewhere) {
  const std::string mark = dir.file("mark");
  RunningProgram first({WINDLASS_PROCESS_SERVER, url});
  const std::string id = enqueue("grandchild", mark);
  const pid_t grandchild = std::stoi(marked(mark));
  const std::string ok = enqueue("ok", {});
  ASSERT_TRUE(comes_to(ok, TaskState::kCompleted));
  const pid_t child = std::stoi(*task(ok).result);
  std::filesystem::remove(mark);
  first.signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return !process_lives(child) && !process_lives(grandchild); }));
  RunningProgram second({WINDLASS_PROCESS_SERVER, url});
  EXPECT_NE(std::stoi(marked(mark)), grandchild) << "it runs again";
  EXPECT_EQ(task(id).retried, 0);
  EXPECT_EQ(second.end(), 0);
}

TEST_F(ServerProgram, AReplacedOrDeletedBinaryGoesOn) {
  const std::string program = dir.file("server");
  std::filesystem::copy_file(WINDLASS_PROCESS_SERVER, program);
  RunningProgram server({program, url});
  ASSERT_TRUE(comes_to(enqueue("ok", {}), TaskState::kCompleted));
  std::filesystem::remove(program);
  std::ofstream(program) << "not a program";
  ASSERT_TRUE(comes_to(enqueue("segv", {}), TaskState::kArchived));
  EXPECT_TRUE(comes_to(enqueue("ok", {}), TaskState::kCompleted)) << "in a child that was started after it";
  std::filesystem::remove(program);
  ASSERT_TRUE(comes_to(enqueue("segv", {}), TaskState::kArchived));
  EXPECT_TRUE(comes_to(enqueue("ok", {}), TaskState::kCompleted));
  EXPECT_EQ(server.end(), 0);
}

TEST_F(ServerProgram, AStoppedServerLeavesNoProcess) {
  RunningProgram server({WINDLASS_PROCESS_SERVER, url});
  const std::string ok = enqueue("ok", {});
  ASSERT_TRUE(comes_to(ok, TaskState::kCompleted));
  EXPECT_EQ(server.end(), 0);
  EXPECT_FALSE(process_lives(std::stoi(*task(ok).result)));
}

TEST_F(ProcessTest, AThousandCrashesLeaveNothingBehind) {
  set_log_sink(nullptr);
  config.concurrency = 2;
  start();
  const auto crash = [&](int times) {
    std::vector<Task> tasks;
    for (int i = 0; i < times; ++i) {
      const char* const ways[] = {"segv", "abort", "kill", "_exit"};
      tasks.emplace_back(ways[i % 4], "1", EnqueueOptions().max_retry(0));
    }
    for (const auto& stored : Client(broker).enqueue_batch(tasks)) ASSERT_TRUE(stored);
    get(server->wait_until_empty());
  };
  crash(100);
  // What archived tasks take belongs to the store.
  get(Inspector(broker).delete_all({.state = TaskState::kArchived}));
  const std::size_t descriptors = open_descriptors(), memory = resident_kib();
  crash(1000);
  EXPECT_EQ(get(Inspector(broker).queue("default")).archived, 1000u);
  get(Inspector(broker).delete_all({.state = TaskState::kArchived}));
  EXPECT_LE(open_descriptors(), descriptors + 8) << "the children that are alive";
  EXPECT_LE(children_of(::getpid()).size(), 2u);
  // AddressSanitizer keeps what was freed for a while.
  if (!kAddressSanitizer) {
    EXPECT_LT(resident_kib(), memory + (4u << 10));
  }
  server->stop();
  EXPECT_TRUE(children_of(::getpid()).empty());
}

}  // namespace
}  // namespace windlass::testing
