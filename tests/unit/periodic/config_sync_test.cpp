// What a sync adds, replaces, removes and leaves alone, and what it does when the provider is no good.
#include "periodic/config_sync.hpp"

#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/memory/memory_broker.hpp"
#include "periodic/sync_role.hpp"
#include "support/fake_clock.hpp"

namespace windlass::periodic {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PeriodicTaskConfig config(const std::string& name, std::string spec = "@every 1m", EnqueueOptions options = {}) {
  return PeriodicTaskConfig(std::move(spec), Task("t", name, std::move(options)), EntryOptions(name));
}

class ConfigSyncTest : public ::testing::Test {
 protected:
  std::vector<std::string> running() {
    std::vector<std::string> ids;
    for (const auto& entry : scheduler_.entries()) ids.push_back(entry.id);
    return ids;
  }

  windlass::testing::FakeClock clock_;
  runtime::SchedulerRuntime scheduler_{broker::make_memory_broker(clock_), SchedulerConfig(), clock_, base::Random(7)};
  ConfigSync sync_{scheduler_};
};

TEST_F(ConfigSyncTest, AddsReplacesAndRemovesWhatDiffersAndKeepsTheRest) {
  EXPECT_THAT(sync_.apply({config("a"), config("b"), config("c")}).added, ElementsAre("a", "b", "c"));
  const SyncReport report = sync_.apply({config("a"), config("b", "@daily"), config("d")});
  EXPECT_EQ(report.kept, 1u);
  EXPECT_THAT(report.changed, ElementsAre("b"));
  EXPECT_THAT(report.added, ElementsAre("d"));
  EXPECT_THAT(report.removed, ElementsAre("c"));
  EXPECT_THAT(report.errors, IsEmpty());
  EXPECT_THAT(running(), ElementsAre("a", "b", "d"));
  EXPECT_THAT(sync_.apply({}).removed, ElementsAre("a", "b", "d"));
  EXPECT_THAT(running(), IsEmpty());
}

TEST_F(ConfigSyncTest, EveryPartOfAConfigCounts) {
  const auto base = config("a");
  std::vector<PeriodicTaskConfig> others = {
      config("a", "@every 2m"),
      config("a", "@every 1m", EnqueueOptions().queue("low")),
      config("a", "@every 1m", EnqueueOptions().header("k", "v")),
      config("a", "@every 1m", EnqueueOptions().unique(1h)),
      config("a", "@every 1m", EnqueueOptions().unique(1h, "key")),
      config("a", "@every 1m", EnqueueOptions().timeout(1s)),
      PeriodicTaskConfig("@every 1m", Task("u", "a"), EntryOptions("a")),
      PeriodicTaskConfig("@every 1m", Task("t", "b"), EntryOptions("a")),
      PeriodicTaskConfig("@every 1m", Task("t"), EntryOptions("a")),
      PeriodicTaskConfig("@every 1m", Task("t", ""), EntryOptions("a")),
      PeriodicTaskConfig("@every 1m", Task("t", "a"), EntryOptions("a").zone("Europe/Rome")),
      PeriodicTaskConfig("@every 1m", Task("t", "a"), EntryOptions("a").jitter(1s)),
      PeriodicTaskConfig("@every 1m", Task("t", "a"), EntryOptions("a").seconds()),
      PeriodicTaskConfig("@every 1m", Task("t", "a"), EntryOptions("a").missed(MissedTicks::kSkip)),
      PeriodicTaskConfig("@every 1m", Task("t", "a"), EntryOptions("a").missed(MissedTicks::kLatest, 3)),
      PeriodicTaskConfig("@every 1m", Task("t", "a"), EntryOptions("a").overlap(Overlap::kSkipIfRunning)),
  };
  std::set<std::string> prints = {fingerprint(base)};
  for (const auto& other : others) prints.insert(fingerprint(other));
  EXPECT_EQ(prints.size(), others.size() + 1);
  EXPECT_EQ(fingerprint(base), fingerprint(config("a")));
}

TEST_F(ConfigSyncTest, AWrongEntryIsPassedOverAndItsOldFormStays) {
  sync_.apply({config("a"), config("b")});
  const SyncReport report = sync_.apply({config("a", "61 * * * *"), config("b"), config("c")});
  ASSERT_EQ(report.errors.size(), 1u);
  EXPECT_EQ(report.errors[0].message(), "entry 1 ('a'): cron '61 * * * *': minute (character 1): 61 is above 59");
  EXPECT_THAT(report.added, ElementsAre("c"));
  EXPECT_THAT(running(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(scheduler_.entries()[0].spec, "@every 1m");
  EXPECT_THAT(sync_.apply({config("b")}).removed, ElementsAre("a", "c")) << "now it is gone";
}

TEST_F(ConfigSyncTest, TwoConfigsThatAreTheSameAreRefusedWithTheirNumbers) {
  const PeriodicTaskConfig unnamed("@every 1m", Task("t", "x"));
  const SyncReport same = sync_.apply({unnamed, config("b"), unnamed});
  ASSERT_EQ(same.errors.size(), 1u);
  EXPECT_EQ(same.errors[0].message(), "entry 3 is the same as entry 1; it is passed over");
  const SyncReport alike =
      sync_.apply({unnamed, PeriodicTaskConfig("@every 1m", Task("t", "x", EnqueueOptions().max_retry(1)))});
  ASSERT_EQ(alike.errors.size(), 1u);
  EXPECT_THAT(alike.errors[0].message(),
              HasSubstr("entry 2 is taken for the same as entry 1: give it a name of its own"));
}

TEST_F(ConfigSyncTest, TenThousandEntriesAreSynced) {
  PeriodicTaskConfigs configs;
  for (int i = 0; i < 10'000; ++i) configs.push_back(config("e" + std::to_string(i), "*/5 * * * *"));
  EXPECT_EQ(sync_.apply(configs).added.size(), 10'000u);
  const SyncReport again = sync_.apply(configs);
  EXPECT_EQ(again.kept, 10'000u);
  EXPECT_THAT(again.changed, IsEmpty());
}

// ---------------------------------------------------------------------------------------------------------- SyncRole

class Scripted final : public PeriodicTaskConfigProvider {
 public:
  Result<PeriodicTaskConfigs> configs(std::stop_token) override {
    ++calls;
    return answer();
  }
  bool changed() override { return std::exchange(has_changed, false); }

  std::function<Result<PeriodicTaskConfigs>()> answer = [] { return PeriodicTaskConfigs{config("a")}; };
  bool has_changed = false;
  int calls = 0;
};

class SyncRoleTest : public ConfigSyncTest {
 protected:
  SyncRoleTest() {
    config_.sync_interval = 1min;
    config_.on_sync = [this](const SyncReport& report) { reports_.push_back(report); };
  }
  // Made at first use, so that a test can change the config before.
  SyncRole& role() {
    if (!role_) role_ = std::make_unique<SyncRole>(provider_, config_, clock_, scheduler_);
    return *role_;
  }
  void advance(Duration by) {
    for (; by > 0s; by -= 1s) {
      clock_.advance(1s);
      role().step(clock_.now());
    }
  }

  std::shared_ptr<Scripted> provider_ = std::make_shared<Scripted>();
  PeriodicTaskManagerConfig config_;
  std::vector<SyncReport> reports_;
  std::unique_ptr<SyncRole> role_;
};

TEST_F(SyncRoleTest, AsksAgainAtEveryInterval) {
  ASSERT_TRUE(role().first().ok());
  advance(59s);
  EXPECT_EQ(provider_->calls, 1);
  advance(1s);
  EXPECT_EQ(provider_->calls, 2);
  EXPECT_EQ(reports_.back().kept, 1u);
}

TEST_F(SyncRoleTest, AsksAtOnceWhenSomethingChanged) {
  ASSERT_TRUE(role().first().ok());
  provider_->has_changed = true;
  advance(1s);
  EXPECT_EQ(provider_->calls, 2);
}

TEST_F(SyncRoleTest, TheFirstSyncMustBeWithoutFault) {
  provider_->answer = [] { return PeriodicTaskConfigs{config("a", "x"), config("b"), config("c", "y")}; };
  const Status first = role().first();
  ASSERT_FALSE(first.ok());
  EXPECT_EQ(first.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(first.error().message(), HasSubstr("entry 1 ('a')"));
  EXPECT_THAT(first.error().message(), HasSubstr("entry 3 ('c')"));
}

TEST_F(SyncRoleTest, AProviderThatFailsOrThrowsLeavesEverythingAsItIs) {
  ASSERT_TRUE(role().first().ok());
  provider_->answer = []() -> Result<PeriodicTaskConfigs> { throw std::runtime_error("no network"); };
  advance(1min);
  EXPECT_THAT(reports_.back().errors.at(0).message(), HasSubstr("threw std::runtime_error: no network"));
  provider_->answer = []() -> Result<PeriodicTaskConfigs> { return Error(ErrorCode::kUnavailable, "away"); };
  advance(15s);
  EXPECT_EQ(reports_.back().errors.at(0).message(), "away");
  EXPECT_THAT(running(), ElementsAre("a"));
  provider_->answer = [] { return PeriodicTaskConfigs{config("b")}; };
  advance(15s);
  EXPECT_THAT(running(), ElementsAre("b")) << "after a failure it is asked again soon";
}

TEST_F(SyncRoleTest, AHookThatThrowsIsNoHarm) {
  config_.on_sync = [](const SyncReport&) { throw std::runtime_error("hook"); };
  EXPECT_TRUE(role().first().ok());
}

}  // namespace
}  // namespace windlass::periodic
