// Many threads on one broker: each task is given out exactly once, whatever happens beside.
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

class Concurrency : public Conformance {
 protected:
  // Runs `work(number)` in `threads` threads and waits for them.
  template <class Work>
  static void in_threads(int threads, const Work& work) {
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) running.emplace_back([&work, t] { work(t); });
    for (std::thread& thread : running) thread.join();
  }
};
WINDLASS_FOR_EACH_BROKER(Concurrency, rows());

TEST_P(Concurrency, EachTaskIsFetchedByExactlyOneOfManyThreads) {
  constexpr std::size_t kTasks = 300;
  for (const int threads : {1, 2, 3, 7}) {
    const std::string prefix = std::to_string(threads) + "-";
    for (const char* queue : {"one", "two", "three"}) {
      std::vector<std::string> names;
      for (std::size_t i = 0; i < kTasks / 3; ++i) names.push_back(prefix + std::to_string(i));
      put_all(names, queue);
    }
    std::mutex mu;
    std::map<std::string, int> seen;
    in_threads(threads, [&](int number) {
      FetchRequest request{
          .queues = {{"one", 3}, {"two", 2}, {"three", 2}}, .max = 7, .owner = std::to_string(number), .lease = 1h};
      for (;;) {
        const auto tasks = get(broker_->fetch(request));
        if (tasks.empty()) return;
        std::vector<Finish> done;
        for (const FetchedTask& task : tasks) done.push_back({.lease = lease_of(task)});
        for (const FinishOutcome outcome : get(broker_->finish(done))) EXPECT_EQ(outcome, FinishOutcome::kApplied);
        std::lock_guard lock(mu);
        for (const FetchedTask& task : tasks) ++seen[task.message.queue + "/" + task.message.id];
      }
    });
    EXPECT_EQ(seen.size(), kTasks) << threads << " threads";
    for (const auto& [id, times] : seen) EXPECT_EQ(times, 1) << id;
  }
}

TEST_P(Concurrency, AUniqueKeyIsWonByExactlyOneOfManyThreads) {
  std::atomic<int> stored = 0, duplicates = 0;
  in_threads(7, [&](int number) {
    for (int i = 0; i < 50; ++i) {
      const NewTask task = unique(std::to_string(number) + "-" + std::to_string(i), 1h, "asynq:{q}:unique:t:" + std::to_string(i));
      const EnqueueStatus status = get(broker_->enqueue(std::span(&task, 1))).at(0).status;
      if (status == EnqueueStatus::kEnqueued) ++stored;
      if (status == EnqueueStatus::kDuplicate) ++duplicates;
    }
  });
  EXPECT_EQ(stored, 50);
  EXPECT_EQ(duplicates, 300);
}

TEST_P(Concurrency, ATickIsTakenByExactlyOneOfManySchedulers) {
  std::atomic<int> stored = 0;
  in_threads(7, [&](int number) {
    for (int i = 0; i < 50; ++i) {
      NewTask task = plain(std::to_string(number) + "-" + std::to_string(i));
      task.tick = Tick{"entry", testing::FakeClock::kStart + std::chrono::minutes(i)};
      if (get(broker_->enqueue(std::span(&task, 1))).at(0).status == EnqueueStatus::kEnqueued) ++stored;
    }
  });
  EXPECT_EQ(stored, 50);
  EXPECT_EQ(stats().pending, 50u);
}

TEST_P(Concurrency, OneOfManyFinishesOfALeaseIsApplied) {
  put_all({"a"});
  const FetchedTask task = fetch_one();
  std::atomic<int> applied = 0;
  in_threads(7, [&](int) {
    const Finish done{.lease = lease_of(task)};
    if (get(broker_->finish(std::span(&done, 1))).at(0) == FinishOutcome::kApplied) ++applied;
  });
  EXPECT_EQ(applied, 1);
  EXPECT_EQ(stats().processed, 1u);
}

TEST_P(Concurrency, LostTasksAreRecoveredByExactlyOneOfManyServers) {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back(std::to_string(i));
  put_all(names);
  fetch(100, "q", "dead", 1s);
  clock_.advance(1s);
  std::atomic<std::size_t> recovered = 0;
  in_threads(3, [&](int) {
    for (;;) {
      const std::size_t n = get(broker_->recover({.queues = {"q"}, .max = 7})).size();
      if (n == 0) return;
      recovered += n;
    }
  });
  EXPECT_EQ(recovered, 100u);
  EXPECT_EQ(info("0").crashes, 1);
}

TEST_P(Concurrency, AGroupIsTakenByExactlyOneOfManyServers) {
  for (int i = 0; i < 40; ++i) put(grouped(std::to_string(i), "g" + std::to_string(i % 10)));
  std::mutex mu;
  std::vector<std::string> taken;
  in_threads(3, [&](int) {
    while (auto set = get(broker_->take_group("q", {.grace = 0s}, 1h))) {
      {
        std::lock_guard lock(mu);
        for (const core::TaskMessage& message : set->tasks) taken.push_back(message.id);
      }
      get(broker_->finish_group(*set, nullptr));
    }
  });
  std::ranges::sort(taken);
  EXPECT_EQ(taken.size(), 40u);
  EXPECT_EQ(std::ranges::unique(taken).size(), 0u);
  EXPECT_EQ(stats().size, 0u);
}

// Servers, a forwarder, a recoverer and an inspector at once; at the end every task was done exactly once.
TEST_P(Concurrency, NothingIsLostOrDoneTwiceInTheMidstOfEverything) {
  constexpr std::size_t kTasks = 400;
  std::vector<NewTask> tasks;
  for (std::size_t i = 0; i < kTasks; ++i) {
    tasks.push_back(i % 3 == 0 ? delayed(std::to_string(i), 1ms) : plain(std::to_string(i)));
  }
  get(broker_->enqueue(tasks));
  std::atomic<std::size_t> done = 0;
  in_threads(4, [&](int number) {
    for (std::size_t turn = 0; done < kTasks; ++turn) {
      clock_.advance(1ms);
      if (number == 0) {
        forward();
        get(broker_->recover({.queues = {"q"}, .crash_limit = 0}));
        get(broker_->list({.filter = {.queue = "q", .state = TaskState::kActive}}));
        stats();
        continue;
      }
      std::vector<Finish> items;
      for (const FetchedTask& task : fetch(5, "q", std::to_string(number), 20ms)) {
        const bool again = (turn + items.size()) % 4 == 0;
        items.push_back(
            {.lease = lease_of(task), .kind = again ? FinishKind::kRetry : FinishKind::kDone, .at = clock_.now()});
      }
      const auto outcomes = get(broker_->finish(items));
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].kind == FinishKind::kDone && outcomes[i] == FinishOutcome::kApplied) ++done;
      }
    }
  });
  EXPECT_EQ(done, kTasks);
  const QueueInfo q = stats();
  EXPECT_EQ(q.size, 0u);
  EXPECT_EQ(q.processed_total - q.failed_total, kTasks);
}

}  // namespace
}  // namespace windlass::conformance
