// Several processes on one file, and processes that die in the middle of it.
#include <fcntl.h>
#include <sys/mman.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "base/random.hpp"
#include "broker/sqlite/side_file.hpp"
#include "integration/sqlite_fixture.hpp"

namespace windlass::testing {
namespace {

class SqliteProcesses : public SqliteBrokerTest {
 protected:
  SqliteProcesses() {
    const char* given = std::getenv("WINDLASS_SEED");
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : base::Random::seeded().next() % 1'000'000;
    random_ = base::Random(seed_);
    std::printf("seed %llu; repeat with WINDLASS_SEED=%llu\n", static_cast<unsigned long long>(seed_),
                static_cast<unsigned long long>(seed_));
  }
  // Lets the child work for a while, then kills it.
  void kill_soon(pid_t child) {
    std::this_thread::sleep_for(std::chrono::microseconds(5000 + random_.below(40000)));
    kill(child, SIGKILL);
    EXPECT_EQ(wait_for(child), -SIGKILL);
  }

  std::uint64_t seed_ = 0;
  base::Random random_{0};
};

// Three threads that enqueue and note in a file what was acknowledged, until they are killed.
int enqueue_forever(const DatabaseOptions& options, const std::string& notes, const std::string& prefix) {
  const auto broker = get(open_sqlite_broker(options, base::real_clock()));
  const int fd = ::open(notes.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const auto work = [&](int thread) {
    for (int i = 0;; ++i) {
      std::vector<NewTask> batch(3);
      std::string acknowledged;
      for (std::size_t k = 0; k < batch.size(); ++k) {
        core::TaskMessage& message = batch[k].message;
        message.id = prefix + "-" + std::to_string(thread) + "-" + std::to_string(i) + "-" + std::to_string(k);
        message.queue = "q";
        message.type = "t";
        acknowledged += message.id + "\n";
      }
      get(broker->enqueue(batch));
      if (write(fd, acknowledged.data(), acknowledged.size()) < 0) _exit(1);
    }
  };
  std::thread second(work, 2);
  std::thread third(work, 3);
  work(1);
  return 0;
}

TEST_F(SqliteProcesses, EveryAcknowledgedTaskIsThereAfterKillNine) {
  { const auto broker = open(); }
  for (int round = 0; round < 8; ++round) {
    kill_soon(spawn([&] { return enqueue_forever(options_, path("notes"), std::to_string(round)); }));
  }
  const auto broker = open();
  std::ifstream notes(path("notes"));
  std::size_t acknowledged = 0;
  for (std::string id; std::getline(notes, id); ++acknowledged) ASSERT_TRUE(exists(*broker, id)) << id;
  EXPECT_GT(acknowledged, 0U);
  // A batch is stored whole or not at all.
  EXPECT_EQ(size(*broker) % 3, 0U);
  expect_true_counters(*broker);
}

int work_forever(const DatabaseOptions& options) {
  const auto broker = get(open_sqlite_broker(options, base::real_clock()));
  const std::string owner = core::new_process_id(base::real_clock().now());
  if (!broker->keep_alive(owner, 1h)) return 1;
  base::Random random = base::Random::seeded();
  while (true) {
    std::vector<Finish> items;
    for (const FetchedTask& task : get(broker->fetch({{{"q", 7}}, 7, owner, 1h}))) {
      Finish item{.lease = {{"q", task.message.id}, task.token}};
      item.kind = static_cast<FinishKind>(random.below(6));
      item.at = base::real_clock().now();
      item.failure = Failure(FailureKind::kError, "boom");
      items.push_back(item);
    }
    get(broker->finish(items));
    const std::string queues[] = {"q"};
    get(broker->forward(queues, 5));
  }
}

TEST_F(SqliteProcesses, CountersAndTasksStayTrueWhenWorkersAreKilled) {
  {
    const auto broker = open();
    std::vector<NewTask> tasks;
    for (int i = 0; i < 2000; ++i) tasks.push_back(task(std::to_string(i)));
    get(broker->enqueue(tasks));
  }
  for (int round = 0; round < 5; ++round) {
    const pid_t first = spawn([&] { return work_forever(options_); });
    const pid_t second = spawn([&] { return work_forever(options_); });
    kill_soon(first);
    kill_soon(second);
    expect_true_counters(*open());
  }
}

// Two processes pass tasks through one file; each task is run once.
TEST_F(SqliteProcesses, NoTaskIsHandedOutTwice) {
  constexpr int kTasks = 1000;
  {
    const auto broker = open();
    std::vector<NewTask> tasks;
    for (int i = 0; i < kTasks; ++i) tasks.push_back(task(std::to_string(i)));
    get(broker->enqueue(tasks));
  }
  const auto work = [&](const std::string& notes) {
    const auto broker = open();
    std::ofstream out(notes);
    for (auto tasks = fetch(*broker, 7); !tasks.empty(); tasks = fetch(*broker, 7)) {
      std::vector<Finish> items;
      for (const FetchedTask& task : tasks) {
        out << task.message.id << "\n";
        items.push_back({.lease = {{"q", task.message.id}, task.token}});
      }
      for (const FinishOutcome outcome : get(broker->finish(items))) {
        if (outcome != FinishOutcome::kApplied) return 1;
      }
    }
    return 0;
  };
  const pid_t first = spawn([&] { return work(path("a")); });
  const pid_t second = spawn([&] { return work(path("b")); });
  EXPECT_EQ(wait_for(first), 0);
  EXPECT_EQ(wait_for(second), 0);
  std::vector<int> runs(kTasks);
  for (const char* notes : {"a", "b"}) {
    std::ifstream in(path(notes));
    for (std::string id; std::getline(in, id);) ++runs[static_cast<std::size_t>(std::stoi(id))];
  }
  EXPECT_EQ(runs, std::vector<int>(kTasks, 1));
  EXPECT_EQ(get(open()->queue_info("q")).processed, static_cast<std::uint64_t>(kTasks));
}

// The child sleeps on the bell alone, for a minute: that it wakes at all is the bell's work.
TEST_F(SqliteProcesses, AnEnqueueWakesASleeperInAnotherProcess) {
  { const auto broker = open(); }
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t sleeper = spawn([&] {
    SideFile::Listener listener(get(SideFile::open(options_.path)), bell_pending("q"));
    if (write(ready[1], "x", 1) != 1) return 1;
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < end) {
      const std::uint32_t mark = listener.mark();
      if (listener.take_ring()) return exists(*open(), "1") ? 0 : 2;
      listener.sleep(mark, 60s);
    }
    return 3;
  });
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  put(*open(), "1");
  EXPECT_EQ(wait_for(sleeper), 0);
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
}  // namespace windlass::testing
