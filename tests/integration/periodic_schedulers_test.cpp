// Schedulers as processes on one store, stopped and killed: each tick of each entry is one task.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/broker.hpp>
#include <windlass/inspector.hpp>

#include "base/random.hpp"
#include "core/text.hpp"
#include "periodic_store.hpp"
#include "running_program.hpp"
#include "support/child_process.hpp"
#include "support/seed.hpp"

namespace windlass::testing {
namespace {

using namespace std::chrono_literals;

// What is in a store.
struct Found {
  std::map<std::string, std::map<TimePoint, int>> tasks;  // by entry and nominal time: how many
  std::size_t total = 0;
};

// So many seconds of one minute, a while from now.
struct Window {
  std::chrono::sys_seconds begin;
  long seconds;

  static Window soon(long seconds) {
    auto begin = std::chrono::ceil<std::chrono::seconds>(std::chrono::system_clock::now() + 5s);
    const auto minute = std::chrono::floor<std::chrono::minutes>(begin);
    if (begin - minute + std::chrono::seconds(seconds) > 1min) begin = minute + 1min;
    return {begin, seconds};
  }
  std::chrono::sys_seconds end() const { return begin + std::chrono::seconds(seconds); }
  // The spec of an entry that ticks in each of its seconds, and never again for a year.
  std::string spec() const {
    const auto day = std::chrono::floor<std::chrono::days>(begin);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(begin - day);
    const auto text = [](auto number) { return std::to_string(number); };
    return text(time.seconds().count()) + "-" + text(time.seconds().count() + seconds - 1) + " " +
           text(time.minutes().count()) + " " + text(time.hours().count()) + " " +
           text(static_cast<unsigned>(date.day())) + " " + text(static_cast<unsigned>(date.month())) + " *";
  }
};

// WINDLASS_TICK_SECONDS, up to 60: for the long run (periodic.cmake).
long seconds_to_run() {
  const char* const text = std::getenv("WINDLASS_TICK_SECONDS");
  return text != nullptr ? std::strtol(text, nullptr, 10) : 10;
}

class Schedulers : public OnEachStore {
 protected:
  using Processes = std::vector<std::unique_ptr<RunningProgram>>;

  static std::string entry_name(int i) { return "e" + std::to_string(i); }
  // The tasks go to three queues, which a cluster keeps on different nodes.
  void write_entries(int count, const std::string& spec = "@every 1s") {
    std::ofstream file(dir_.file("entries.toml"));
    for (int i = 0; i < count; ++i) {
      file << "[[entry]]\nname = \"" << entry_name(i) << "\"\ncron = \"" << spec << "\"\nseconds = true\ntype = \"t\"\n"
           << "payload = \"" << entry_name(i) << "\"\nqueue = \"q" << i % 3 << "\"\nmissed = \"all\"\n"
           << "missed_limit = 1000\n";
    }
    count_ = count;
  }
  std::unique_ptr<RunningProgram> start() const {
    return std::make_unique<RunningProgram>(
        std::vector<std::string>{WINDLASS_TOOL, "--broker", url(), "schedule", dir_.file("entries.toml")});
  }
  Processes start(int count) const {
    Processes started;
    for (int i = 0; i < count; ++i) started.push_back(start());
    for (const auto& scheduler : started) {
      if (!scheduler->wait_for_error("periodic tasks added")) ADD_FAILURE() << scheduler->err();
    }
    return started;
  }
  // Five of them, ready before the window of `seconds` begins.
  Window start_five_before_a_window(int entries, long seconds, Processes& schedulers) {
    while (true) {
      const Window window = Window::soon(seconds);
      write_entries(entries, window.spec());
      schedulers = start(5);
      if (HasFailure() || std::chrono::system_clock::now() + 1s < window.begin) return window;
      // A busy machine. From the beginning, with a store that knows none of it.
      schedulers.clear();
      store_ = std::make_unique<PeriodicStore>(GetParam());
    }
  }
  // None of them while it is being started: it would not hear that it is to end.
  static void end(Processes& schedulers) {
    for (auto& scheduler : schedulers) {
      EXPECT_TRUE(scheduler->wait_for_error("periodic tasks added")) << scheduler->err();
      EXPECT_EQ(scheduler->end(), 0) << scheduler->err();
    }
  }
  virtual std::string url() const { return store_->url(); }
  // Real time, as other processes live in it.
  static void let_pass(Duration time) { std::this_thread::sleep_for(time); }

  Found look() const {
    Found found;
    const Inspector inspector(*open_broker(url()));
    for (const std::string queue : {"q0", "q1", "q2"}) {
      std::string cursor;
      do {
        const auto page = inspector.list({.queue = queue, .state = TaskState::kPending}, 1000, cursor);
        if (!page && page.error().code() == ErrorCode::kQueueNotFound) break;  // no tick yet
        if (!page) return ADD_FAILURE() << page.error().message(), found;
        for (const TaskInfo& task : page->tasks) ++found.tasks[std::string(task.payload.bytes())][task.scheduled_at];
        found.total += page->tasks.size();
        cursor = page->next;
      } while (!cursor.empty());
    }
    return found;
  }

  // Until each entry has a task for this time or a later one; until the limit of the test.
  void wait_for_ticks_of(TimePoint time) const {
    const auto reached = [&] {
      const Found found = look();
      return found.tasks.size() == static_cast<std::size_t>(count_) &&
             std::ranges::all_of(found.tasks, [&](const auto& entry) { return entry.second.rbegin()->first >= time; });
    };
    while (!HasFailure() && !reached()) let_pass(100ms);
  }

  // That each entry has had every second from its first tick to its last, each with one task.
  void expect_each_tick_once() {
    const Found found = look();
    EXPECT_EQ(found.tasks.size(), static_cast<std::size_t>(count_));
    TimePoint first = TimePoint::max(), last = TimePoint::min();
    for (const auto& [entry, ticks] : found.tasks) {
      for (const auto& [tick, tasks] : ticks) EXPECT_EQ(tasks, 1) << entry << ", " << core::format_time(tick);
      EXPECT_EQ((ticks.rbegin()->first - ticks.begin()->first) / 1s + 1, static_cast<long>(ticks.size()))
          << entry << ": a tick is missing";
      first = std::min(first, ticks.begin()->first);
      last = std::max(last, ticks.rbegin()->first);
    }
    expect_history_of(found);
    std::cout << found.total << " tasks of " << count_ << " entries, from " << core::format_time(first) << " to "
              << core::format_time(last) << '\n';
    seconds_ = (last - first) / 1s + 1;
    total_ = found.total;
  }
  // That the histories hold no tick twice, and none without a task.
  void expect_history_of(const Found& found) const {
    const Inspector inspector(*open_broker(url()));
    for (const auto& [entry, ticks] : found.tasks) {
      const auto events = inspector.scheduler_events(entry, 1000);
      ASSERT_TRUE(events.ok()) << events.error().message();
      EXPECT_FALSE(events->empty()) << entry;
      std::set<TimePoint> seen;
      for (const SchedulerEvent& event : *events) {
        EXPECT_TRUE(seen.insert(event.tick).second) << entry << ", " << core::format_time(event.tick) << ": twice";
        EXPECT_TRUE(ticks.contains(event.tick)) << entry << ", " << core::format_time(event.tick) << ": no task";
      }
    }
  }

  TempDir dir_;
  int count_ = 0;
  // Found by expect_each_tick_once().
  long seconds_ = 0;  // from the first tick to the last
  std::size_t total_ = 0;
};

TEST_P(Schedulers, FiveWithTwoHundredEntriesEnqueueEachSecondOnceWhileTheyAreStoppedAndKilled) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE(replay(seed));
  base::Random random(seed);
  Processes schedulers;
  const Window window = start_five_before_a_window(200, seconds_to_run(), schedulers);
  std::this_thread::sleep_until(window.begin);
  int kills = 0;
  while (std::chrono::system_clock::now() < window.end()) {
    const std::size_t stopped = random.below(5), killed = (stopped + 1 + random.below(4)) % 5;
    schedulers[stopped]->signal(SIGSTOP);
    let_pass(std::chrono::milliseconds(random.below(1500)));
    schedulers[killed]->signal(SIGKILL);
    schedulers[killed]->wait();
    schedulers[killed] = start();
    ++kills;
    let_pass(std::chrono::milliseconds(random.below(1500)));
    schedulers[stopped]->signal(SIGCONT);
  }
  const std::size_t expected = 200 * static_cast<std::size_t>(window.seconds);
  while (look().total < expected) let_pass(100ms);  // until the limit of the test
  let_pass(2s);                                      // for one too many
  end(schedulers);
  expect_each_tick_once();
  EXPECT_EQ(seconds_, window.seconds);
  EXPECT_EQ(total_, expected);
  std::cout << store_name(GetParam()) << ": exactly " << total_ << " tasks for 200 entries x " << window.seconds
            << " ticks by 5 schedulers, one of them stopped and one killed (SIGKILL) " << kills << " times\n";
}

TEST_P(Schedulers, AProcessThatIsStoppedOverFiveTicksMakesUpForThem) {
  write_entries(3);
  Processes scheduler = start(1);
  wait_for_ticks_of(TimePoint::min());
  scheduler[0]->signal(SIGSTOP);
  let_pass(5500ms);
  scheduler[0]->signal(SIGCONT);
  wait_for_ticks_of(std::chrono::system_clock::now() + 1s);
  end(scheduler);
  expect_each_tick_once();
  EXPECT_GE(seconds_, 7);
}

INSTANTIATE_TEST_SUITE_P(Stores, Schedulers, ::testing::Values(StoreKind::kSqlite, StoreKind::kRedis), name_of_store);

class KilledScheduler : public Schedulers {};

TEST_P(KilledScheduler, LeavesNoTickHalfDoneAtAnyMoment) {
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
  Processes scheduler = start(1);
  wait_for_ticks_of(std::chrono::system_clock::now() + 1s);
  end(scheduler);
  expect_each_tick_once();
}

INSTANTIATE_TEST_SUITE_P(Stores, KilledScheduler,
                         ::testing::Values(StoreKind::kSqlite, StoreKind::kRedis, StoreKind::kCluster), name_of_store);

// A Redis that keeps what it answered for.
class SchedulersAndRedis : public Schedulers {
 protected:
  void SetUp() override {
    if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
    redis_ = std::make_unique<RedisServer>(RedisOptions{.config = {"appendonly yes", "appendfsync always"}});
  }
  std::string url() const override { return redis_->url(); }

  std::unique_ptr<RedisServer> redis_;
};

TEST_P(SchedulersAndRedis, TicksOfAnOutageAreMadeUpForOnce) {
  write_entries(50);
  Processes schedulers = start(2);
  wait_for_ticks_of(TimePoint::min());
  let_pass(2s);
  redis_->kill();
  let_pass(3500ms);
  redis_->start();
  let_pass(2s);
  redis_->freeze();  // calls are under way, and whether they were carried out is not known
  let_pass(3500ms);
  redis_->thaw();
  wait_for_ticks_of(std::chrono::system_clock::now() + 1s);
  end(schedulers);
  expect_each_tick_once();
  EXPECT_GE(seconds_, 11);
}

INSTANTIATE_TEST_SUITE_P(Stores, SchedulersAndRedis, ::testing::Values(StoreKind::kRedis), name_of_store);

}  // namespace
}  // namespace windlass::testing
