// Schedulers as processes on one SQLite file, stopped and killed: each tick of each entry is one task.
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/broker.hpp>
#include <windlass/inspector.hpp>

#include "base/random.hpp"
#include "core/text.hpp"
#include "running_program.hpp"
#include "support/child_process.hpp"
#include "support/seed.hpp"

namespace windlass::testing {
namespace {

using namespace std::chrono_literals;

class Schedulers : public ::testing::Test {
 protected:
  void write_entries(int count) {
    std::ofstream file(dir_.file("entries.toml"));
    for (int i = 0; i < count; ++i) {
      file << "[[entry]]\nname = \"e" << i
           << "\"\ncron = \"@every 1s\"\ntype = \"t\"\nmissed = \"all\"\nmissed_limit = 1000\n";
    }
    count_ = count;
  }
  std::unique_ptr<RunningProgram> start() {
    return std::make_unique<RunningProgram>(
        std::vector<std::string>{WINDLASS_TOOL, "--broker", url(), "schedule", dir_.file("entries.toml")});
  }
  std::string url() const { return "sqlite:" + dir_.file("tasks.db"); }
  // Real time, as other processes live in it.
  static void let_pass(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

  // That each entry has had every second from its first tick to its last, each once, and each with its task.
  void expect_each_tick_once() {
    const auto broker = open_broker(url());
    ASSERT_TRUE(broker.ok());
    const Inspector inspector(*broker);
    std::size_t tasks = 0;
    TimePoint first = TimePoint::max(), last = TimePoint::min();
    for (int i = 0; i < count_; ++i) {
      const std::string entry = "e" + std::to_string(i);
      const auto events = inspector.scheduler_events(entry, 1000);
      ASSERT_TRUE(events.ok());
      ASSERT_FALSE(events->empty()) << entry;
      std::set<TimePoint> ticks;
      for (const SchedulerEvent& event : *events) ticks.insert(event.tick);
      EXPECT_EQ(ticks.size(), events->size()) << entry << ": a tick twice";
      EXPECT_EQ((*ticks.rbegin() - *ticks.begin()) / 1s + 1, static_cast<long>(ticks.size()))
          << entry << ": a tick is missing";
      tasks += ticks.size();
      first = std::min(first, *ticks.begin());
      last = std::max(last, *ticks.rbegin());
    }
    EXPECT_EQ(inspector.queue("default")->pending, tasks) << "one task for each tick";
    RecordProperty("tasks", static_cast<int>(tasks));
    std::cout << tasks << " tasks of " << count_ << " entries, from " << core::format_time(first) << " to "
              << core::format_time(last) << '\n';
    seconds_ = (last - first) / 1s + 1;
  }

  TempDir dir_;
  int count_ = 0;
  long seconds_ = 0;
};

TEST_F(Schedulers, FiveProcessesWithTwoHundredEntriesEnqueueEachSecondOnce) {
  write_entries(200);
  std::vector<std::unique_ptr<RunningProgram>> schedulers;
  for (int i = 0; i < 5; ++i) schedulers.push_back(start());
  let_pass(5s);
  schedulers[0]->signal(SIGSTOP);
  schedulers[1]->signal(SIGKILL);
  schedulers[1]->wait();
  schedulers[1] = start();
  let_pass(5s);
  schedulers[0]->signal(SIGCONT);
  let_pass(2s);
  for (auto& scheduler : schedulers) EXPECT_EQ(scheduler->end(), 0) << scheduler->err();
  expect_each_tick_once();
  EXPECT_GE(seconds_, 8);
}

TEST_F(Schedulers, AProcessThatIsStoppedOverFiveTicksMakesUpForThem) {
  write_entries(3);
  const auto scheduler = start();
  let_pass(2s);
  scheduler->signal(SIGSTOP);
  let_pass(5500ms);
  scheduler->signal(SIGCONT);
  let_pass(1500ms);
  EXPECT_EQ(scheduler->end(), 0);
  expect_each_tick_once();
  EXPECT_GE(seconds_, 7);
}

TEST_F(Schedulers, AProcessThatIsKilledAtAnyMomentLeavesNoTickHalfDone) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE(replay(seed));
  base::Random random(seed);
  write_entries(100);
  for (int round = 0; round < 10; ++round) {
    const auto scheduler = start();
    let_pass(std::chrono::milliseconds(200 + random.below(1300)));
    scheduler->signal(SIGKILL);
    scheduler->wait();
  }
  const auto scheduler = start();
  let_pass(3s);
  EXPECT_EQ(scheduler->end(), 0) << scheduler->err();
  expect_each_tick_once();
}

}  // namespace
}  // namespace windlass::testing
