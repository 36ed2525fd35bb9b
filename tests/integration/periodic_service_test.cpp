// Scheduler and PeriodicTaskManager as services, in real time: starting, stopping, in a server, and beside a provider
// that blocks.
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/windlass.hpp>

namespace windlass::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// What threads tell the test. Thread-safe.
class Events {
 public:
  void add(const std::string& event) {
    std::lock_guard lock(mu_);
    ++counts_[event];
    changed_.notify_all();
  }
  bool wait_for(const std::string& event, int times = 1) {
    std::unique_lock lock(mu_);
    return changed_.wait_for(lock, 60s, [&] { return counts_[event] >= times; });
  }
  int count(const std::string& event) {
    std::lock_guard lock(mu_);
    return counts_[event];
  }

 private:
  std::mutex mu_;
  std::condition_variable changed_;
  std::map<std::string, int> counts_;
};

class PeriodicService : public ::testing::Test {
 protected:
  SchedulerConfig config() {
    SchedulerConfig config;
    config.post_enqueue = [this](const Tick& tick, const Result<TaskInfo>& stored) {
      if (stored) events_.add(tick.entry);
    };
    return config;
  }

  Events events_;
  BrokerPtr broker_ = *open_broker("memory:");
};

TEST_F(PeriodicService, ASchedulerStartsOnceAndStopsForGood) {
  Scheduler scheduler(broker_, config());
  ASSERT_TRUE(scheduler.add("@every 1s", Task("t"), EntryOptions("e")).ok());
  ASSERT_TRUE(scheduler.start().ok());
  EXPECT_EQ(scheduler.start().error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_TRUE(events_.wait_for("e", 2));
  EXPECT_EQ(Inspector(broker_).scheduler_entries()->size(), 1u);
  scheduler.stop();
  scheduler.stop();
  EXPECT_EQ(Inspector(broker_).scheduler_entries()->size(), 0u);
  EXPECT_EQ(scheduler.start().error().code(), ErrorCode::kFailedPrecondition);
}

TEST_F(PeriodicService, AnEntryThatIsAddedWhileItRunsIsServed) {
  Scheduler scheduler(broker_, config());
  ASSERT_TRUE(scheduler.start().ok());
  const auto id = scheduler.add("* * * * * *", Task("t"), EntryOptions().seconds());
  ASSERT_TRUE(id.ok());
  EXPECT_TRUE(events_.wait_for(*id));
  EXPECT_TRUE(scheduler.remove(*id).ok());
  EXPECT_THAT(scheduler.remove(*id).error().message(), HasSubstr("there is no entry"));
  EXPECT_TRUE(scheduler.entries().empty());
}

TEST_F(PeriodicService, RunReturnsAfterStop) {
  Scheduler scheduler(broker_, config());
  ASSERT_TRUE(scheduler.add("@every 1s", Task("t"), EntryOptions("e")).ok());
  std::thread runner([&] { EXPECT_TRUE(scheduler.run().ok()); });
  EXPECT_TRUE(events_.wait_for("e"));
  scheduler.stop();
  runner.join();
}

TEST_F(PeriodicService, AnAttachedSchedulerStartsAndStopsWithTheServer) {
  Scheduler scheduler(broker_, config());
  ASSERT_TRUE(scheduler.add("@every 1s", Task("t"), EntryOptions("e")).ok());
  Mux mux;
  mux.handle("t", [&](Context& ctx) {
    events_.add(ctx.scheduled_at().time_since_epoch() % 1s == 0s ? "nominal" : "not nominal");
  });
  Server server(broker_);
  server.attach(scheduler);
  ASSERT_TRUE(server.start(mux).ok());
  EXPECT_TRUE(events_.wait_for("nominal", 2));
  server.stop();
  EXPECT_EQ(scheduler.start().error().code(), ErrorCode::kFailedPrecondition) << "it was stopped";
  EXPECT_EQ(events_.count("not nominal"), 0);
}

TEST_F(PeriodicService, AServerWhoseServiceCannotStartDoesNotStart) {
  PeriodicTaskManager manager(broker_, function_provider([]() -> Result<PeriodicTaskConfigs> {
                                return Error(ErrorCode::kUnavailable, "no list today");
                              }));
  Server server(broker_);
  server.attach(manager);
  const Status started = server.start(Mux());
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().message(), "no list today");
}

// Blocks from the second call on, until it is told to stop.
class BlockingProvider final : public PeriodicTaskConfigProvider {
 public:
  explicit BlockingProvider(Events& events) : events_(events) {}
  Result<PeriodicTaskConfigs> configs(std::stop_token stop) override {
    if (++calls_ > 1) {
      events_.add("blocked");
      std::mutex mu;
      std::condition_variable_any stopped;
      std::unique_lock lock(mu);
      stopped.wait(lock, stop, [] { return false; });
    }
    return PeriodicTaskConfigs{PeriodicTaskConfig("@every 1s", Task("t"), EntryOptions("e"))};
  }

 private:
  Events& events_;
  int calls_ = 0;
};

TEST_F(PeriodicService, TicksGoOnWhileTheProviderBlocksAndStopDoesNotWaitForIt) {
  PeriodicTaskManagerConfig manager_config;
  manager_config.scheduler = config();
  manager_config.sync_interval = 100ms;
  PeriodicTaskManager manager(broker_, std::make_shared<BlockingProvider>(events_), manager_config);
  ASSERT_TRUE(manager.start().ok());
  ASSERT_TRUE(events_.wait_for("blocked"));
  const int before = events_.count("e");
  EXPECT_TRUE(events_.wait_for("e", before + 3));
  manager.stop();
  EXPECT_EQ(events_.count("blocked"), 1);
}

TEST_F(PeriodicService, AManagerRefusesASyncIntervalThatIsTooShort) {
  PeriodicTaskManagerConfig manager_config;
  manager_config.sync_interval = 99ms;
  PeriodicTaskManager manager(broker_, function_provider([] { return PeriodicTaskConfigs(); }), manager_config);
  EXPECT_THAT(manager.start().error().message(), HasSubstr("at least 100ms, not 99ms"));
}

TEST_F(PeriodicService, TenThousandEntriesAreTakenAndTheirTicksServed) {
  Scheduler scheduler(broker_, config());
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(scheduler.add("@every 1s", Task("t"), EntryOptions("e" + std::to_string(i))).ok());
  }
  ASSERT_TRUE(scheduler.start().ok());
  for (const char* entry : {"e0", "e5000", "e9999"}) EXPECT_TRUE(events_.wait_for(entry)) << entry;
  scheduler.stop();
  EXPECT_EQ(Inspector(broker_).queue("default")->pending % 10'000, 0u) << "all or none in each second";
}

}  // namespace
}  // namespace windlass::testing
