// The scheduler step by step, on the memory broker and a clock that the test moves.
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/memory/memory_broker.hpp"
#include "core/text.hpp"
#include "runtime/scheduler_publisher.hpp"
#include "runtime/scheduler_role.hpp"
#include "support/failing_broker.hpp"
#include "support/fake_clock.hpp"

namespace windlass::runtime {
namespace {

using namespace std::chrono_literals;
using broker::EnqueueStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using windlass::testing::Fault;
using windlass::testing::Verb;

std::string hms(TimePoint t) { return core::format_time(t).substr(11, 8); }
TimePoint today(const std::string& time) { return *core::parse_time("2024-02-29T" + time + "Z"); }

// The clock starts at 12:00:00.
class SchedulerTest : public ::testing::Test {
 protected:
  struct Settled {
    Tick tick;
    Result<TaskInfo> stored;
  };

  std::unique_ptr<SchedulerRole> make_scheduler() {
    SchedulerConfig config;
    config.pre_enqueue = [this](const Tick& tick, const Task&) { pre_.push_back(tick); };
    config.post_enqueue = [this](const Tick& tick, const Result<TaskInfo>& stored) {
      settled_.push_back({tick, stored});
    };
    config.on_error = [this](const Tick& tick, const Error& error) { errors_.push_back({tick, error}); };
    return std::make_unique<SchedulerRole>(*store_, clock_, config, Trouble("scheduler", clock_, base::Random(7)));
  }

  EntryPlan entry(std::string_view spec, const std::string& name, EntryOptions options = {},
                  EnqueueOptions task_options = {}) {
    auto plan = make_entry(spec, Task("tick", name, std::move(task_options)), options.name(name), "UTC", 1 << 20);
    if (!plan) throw std::runtime_error(plan.error().message());
    return *std::move(plan);
  }
  EntryPlan factory(std::string_view spec, const std::string& name, TaskFactory make) {
    auto plan = make_entry(spec, std::move(make), EntryOptions(name), "UTC");
    if (!plan) throw std::runtime_error(plan.error().message());
    return *std::move(plan);
  }
  void add(EntryPlan plan) { ASSERT_TRUE(scheduler_->add(std::move(plan)).ok()); }

  // Lets time pass, the scheduler stepping when it wants to.
  void run_for(Duration length) {
    const TimePoint end = clock_.now() + length;
    while (clock_.now() < end) {
      step();
      clock_.advance(std::min<Duration>(std::max<Duration>(next_ - clock_.now(), 1ms), end - clock_.now()));
    }
    step();
  }
  void step() { next_ = scheduler_->step(clock_.now()); }

  // Nominal times of the tasks in the store, in the order in which they came.
  std::vector<std::string> stored() {
    std::vector<std::string> times;
    for (const TaskInfo& task : tasks()) times.push_back(hms(task.scheduled_at));
    return times;
  }
  std::vector<TaskInfo> tasks(TaskState state = TaskState::kPending, const std::string& queue = "default") {
    broker::ListRequest request;
    request.filter.queue = queue;
    request.filter.state = state;
    request.limit = 1000;
    auto page = inner_->list(request);
    return page ? page->tasks : std::vector<TaskInfo>();
  }
  // What the hooks heard: "12:01:00 stored" or "12:01:00 tick_taken".
  std::vector<std::string> settled() {
    std::vector<std::string> list;
    for (const auto& [tick, stored] : settled_) {
      list.push_back(hms(tick.nominal) + " " +
                     (stored ? "stored" : std::string(error_code_name(stored.error().code()))));
    }
    return list;
  }
  void store_is_away(bool away) {
    store_->on_call([away](Verb, int) { return away ? Fault::kBefore : Fault::kNone; });
  }
  void restart() { scheduler_ = make_scheduler(); }

  windlass::testing::FakeClock clock_;
  std::shared_ptr<broker::Broker> inner_ = broker::make_memory_broker(clock_);
  std::shared_ptr<windlass::testing::FailingBroker> store_ = std::make_shared<windlass::testing::FailingBroker>(inner_);
  std::vector<Tick> pre_;
  std::vector<Settled> settled_;
  std::vector<std::pair<Tick, Error>> errors_;
  std::unique_ptr<SchedulerRole> scheduler_ = make_scheduler();
  TimePoint next_;
};

TEST_F(SchedulerTest, EachTickBecomesATaskThatKnowsItsNominalTime) {
  add(entry("* * * * *", "e"));
  clock_.advance(17s);
  run_for(3min);
  EXPECT_THAT(stored(), ElementsAre("12:01:00", "12:02:00", "12:03:00"));
  const TaskInfo task = tasks().front();
  EXPECT_EQ(task.type, "tick");
  EXPECT_EQ(task.payload, Payload("e"));
  EXPECT_EQ(task.headers.at("windlass-scheduled-at"), "2024-02-29T12:01:00Z");
  EXPECT_EQ(hms(task.enqueued_at), "12:01:00");
}

TEST_F(SchedulerTest, AFactoryIsCalledOnceForEachTickWithItsTime) {
  std::vector<Tick> asked;
  add(factory("* * * * *", "f", [&](const Tick& tick) {
    asked.push_back(tick);
    return Task("made", core::format_time(tick.nominal), EnqueueOptions().queue("own"));
  }));
  run_for(2min);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1], Tick("f", today("12:02:00")));
  const auto made = tasks(TaskState::kPending, "own");
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0].payload, Payload("2024-02-29T12:01:00Z"));
}

TEST_F(SchedulerTest, NothingIsEnqueuedForTheTimeBeforeAnEntryWasKnown) {
  clock_.advance(59s);
  add(entry("* * * * *", "e"));
  clock_.advance(24h);
  step();
  EXPECT_THAT(stored(), IsEmpty()) << "it was not running yet";
}

TEST_F(SchedulerTest, SeveralSchedulersEnqueueATickOnce) {
  std::vector<std::unique_ptr<SchedulerRole>> others;
  for (int i = 0; i < 4; ++i) {
    others.push_back(make_scheduler());
    ASSERT_TRUE(others.back()->add(entry("* * * * *", "e")).ok());
  }
  for (int minute = 0; minute < 3; ++minute) {
    for (auto& other : others) other->step(clock_.now());
    clock_.advance(1min);
  }
  for (auto& other : others) other->step(clock_.now());
  EXPECT_THAT(stored(), ElementsAre("12:01:00", "12:02:00", "12:03:00"));
  EXPECT_EQ(settled_.size(), 12u);
  EXPECT_EQ(std::ranges::count_if(settled_, [](const Settled& s) { return s.stored.ok(); }), 3);
}

TEST_F(SchedulerTest, ASchedulerWhoseClockIsFastOrSlowDoesNotRepeatATick) {
  auto slow = make_scheduler();
  ASSERT_TRUE(slow->add(entry("* * * * *", "e")).ok());
  add(entry("* * * * *", "e"));
  clock_.advance(50s);
  step();
  slow->step(clock_.now() - 40s);
  clock_.advance(10s);
  step();
  slow->step(clock_.now() - 40s);
  clock_.advance(40s);
  slow->step(clock_.now() - 40s);
  EXPECT_THAT(stored(), ElementsAre("12:01:00"));
  EXPECT_THAT(settled(), ElementsAre("12:01:00 stored", "12:01:00 tick_taken"));
}

TEST_F(SchedulerTest, AllThatIsDueGoesOutInOneCall) {
  for (int i = 0; i < 50; ++i) add(entry("* * * * *", "e" + std::to_string(i)));
  step();
  clock_.advance(1min);
  step();
  EXPECT_EQ(tasks().size(), 50u);
  EXPECT_EQ(store_->calls(Verb::kEnqueue), 1);
}

TEST_F(SchedulerTest, AfterAnOutageTheLatestMissedTickIsServed) {
  add(entry("* * * * *", "e"));
  run_for(1min);
  restart();
  clock_.advance(10min + 30s);
  add(entry("* * * * *", "e"));
  run_for(0s);
  EXPECT_THAT(stored(), ElementsAre("12:01:00", "12:11:00"));
  run_for(1min);
  EXPECT_THAT(stored(), ElementsAre("12:01:00", "12:11:00", "12:12:00"));
}

TEST_F(SchedulerTest, AfterAnOutageNothingOrAllIsServedAsTheEntryWishes) {
  const auto none = EntryOptions().missed(MissedTicks::kSkip);
  const auto all = EntryOptions().missed(MissedTicks::kAll, 3);
  add(entry("* * * * *", "none", none, EnqueueOptions().queue("none")));
  add(entry("* * * * *", "all", all, EnqueueOptions().queue("all")));
  run_for(1min);
  restart();
  clock_.advance(10min + 30s);
  add(entry("* * * * *", "none", none, EnqueueOptions().queue("none")));
  add(entry("* * * * *", "all", all, EnqueueOptions().queue("all")));
  step();
  EXPECT_EQ(tasks(TaskState::kPending, "none").size(), 1u);
  const auto made_up = tasks(TaskState::kPending, "all");
  ASSERT_EQ(made_up.size(), 4u);
  EXPECT_EQ(hms(made_up[1].scheduled_at), "12:09:00");
  EXPECT_EQ(hms(made_up[3].scheduled_at), "12:11:00");
}

TEST_F(SchedulerTest, AStoppedProcessThatWakesAfterFiveTicksServesTheLatest) {
  add(entry("* * * * *", "e"));
  step();
  clock_.advance(5min + 30s);
  step();
  EXPECT_THAT(stored(), ElementsAre("12:05:00"));
}

TEST_F(SchedulerTest, AStoppedProcessThatWakesDoesNotRepeatWhatOthersServedLongAgo) {
  const auto all = EntryOptions().missed(MissedTicks::kAll, 1000);
  auto other = make_scheduler();
  ASSERT_TRUE(other->add(entry("@hourly", "e", all)).ok());
  add(entry("@hourly", "e", all));
  step();
  for (int hour = 0; hour < 72; ++hour) {
    other->step(clock_.now());
    clock_.advance(1h);
  }
  other->step(clock_.now());
  EXPECT_EQ(tasks().size(), 72u);
  step();
  EXPECT_EQ(tasks().size(), 72u) << "the marks of the first two days have expired, but the last tick is known";
}

TEST_F(SchedulerTest, AFailedEnqueueIsTriedAgainAndReported) {
  add(entry("*/5 * * * *", "e"));
  step();
  clock_.advance(4min + 59s);
  step();
  store_is_away(true);
  run_for(40s);
  EXPECT_THAT(stored(), IsEmpty());
  EXPECT_GT(errors_.size(), 5u);
  EXPECT_LT(errors_.size(), 60u) << "with back-off";
  EXPECT_EQ(errors_[0].second.code(), ErrorCode::kUnavailable);
  EXPECT_EQ(hms(errors_[0].first.nominal), "12:05:00");
  EXPECT_THAT(settled(), IsEmpty()) << "not given up";
  store_is_away(false);
  run_for(5s);
  EXPECT_THAT(stored(), ElementsAre("12:05:00"));
  EXPECT_THAT(settled(), ElementsAre("12:05:00 stored"));
  EXPECT_EQ(pre_.size(), 1u) << "the task is made once";
}

TEST_F(SchedulerTest, ATickThatFailsUntilTheNextOneIsGivenUpAndReported) {
  add(entry("* * * * *", "e"));
  step();
  store_is_away(true);
  run_for(3min + 20s);
  store_is_away(false);
  run_for(20s);
  EXPECT_THAT(stored(), ElementsAre("12:03:00"));
  EXPECT_THAT(settled(), ElementsAre("12:01:00 unavailable", "12:02:00 unavailable", "12:03:00 stored"));
}

TEST_F(SchedulerTest, TicksOfAnOutageAreAllServedWhereAllAreWanted) {
  add(entry("* * * * *", "e", EntryOptions().missed(MissedTicks::kAll)));
  step();
  store_is_away(true);
  run_for(3min + 20s);
  store_is_away(false);
  run_for(20s);
  EXPECT_THAT(stored(), ElementsAre("12:01:00", "12:02:00", "12:03:00"));
}

TEST_F(SchedulerTest, AStoreThatIsAwayAtTheStartLosesNoTickFromThenOn) {
  store_is_away(true);
  add(entry("* * * * *", "e"));
  run_for(1min + 5s);
  store_is_away(false);
  run_for(6s);
  EXPECT_THAT(stored(), ElementsAre("12:01:00"));
}

TEST_F(SchedulerTest, AnAnswerThatIsLostDoesNotDoubleTheTask) {
  add(entry("* * * * *", "e"));
  step();
  store_->on_call([](Verb verb, int n) { return verb == Verb::kEnqueue && n == 1 ? Fault::kAfter : Fault::kNone; });
  run_for(1min + 10s);
  EXPECT_THAT(stored(), ElementsAre("12:01:00"));
  EXPECT_THAT(settled(), ElementsAre("12:01:00 tick_taken"));
}

TEST_F(SchedulerTest, TaskAndMarkAreOneStepWhereverTheStoreFails) {
  for (int n = 1; n <= 6; ++n) {
    for (const Fault fault : {Fault::kBefore, Fault::kAfter}) {
      clock_.advance(1h - clock_.now().time_since_epoch() % 1h);
      restart();
      const std::string name = "e" + std::to_string(n) + (fault == Fault::kAfter ? "after" : "before");
      add(entry("* * * * *", name, {}, EnqueueOptions().queue(name)));
      int calls = 0;
      store_->on_call([&](Verb, int) { return ++calls == n ? fault : Fault::kNone; });
      run_for(2min + 30s);
      EXPECT_EQ(tasks(TaskState::kPending, name).size(), 2u) << name;
    }
  }
}

TEST_F(SchedulerTest, AFactoryThatThrowsIsTriedAgainUntilTheNextTick) {
  add(factory("* * * * *", "f", [&](const Tick& tick) -> Task {
    if (tick.nominal == today("12:01:00")) throw std::runtime_error("no data yet");
    return Task("made");
  }));
  run_for(2min + 50s);
  EXPECT_THAT(stored(), ElementsAre("12:02:00"));
  ASSERT_FALSE(errors_.empty());
  EXPECT_THAT(errors_[0].second.message(), HasSubstr("std::runtime_error: no data yet"));
  EXPECT_THAT(settled(), ElementsAre("12:01:00 failed_precondition", "12:02:00 stored"));
}

TEST_F(SchedulerTest, AFactoryThatThrowsDoesNotHoldUpOthers) {
  add(factory("* * * * *", "bad", [](const Tick&) -> Task { throw 42; }));
  add(factory("* * * * *", "invalid", [](const Tick&) { return Task(" "); }));
  add(entry("* * * * *", "good"));
  run_for(1min);
  EXPECT_THAT(stored(), ElementsAre("12:01:00"));
  EXPECT_EQ(errors_.size(), 2u);
}

TEST_F(SchedulerTest, ATaskThatTheStoreRefusesDoesNotHoldUpOthers) {
  for (int i = 0; i < 5; ++i) add(entry("* * * * *", "e" + std::to_string(i)));
  step();
  // The batch, then its halves (2 and 3), then those of the first half.
  store_->on_call(
      [](Verb verb, int n) { return verb == Verb::kEnqueue && (n <= 2 || n == 4) ? Fault::kRefused : Fault::kNone; });
  run_for(1min);
  EXPECT_EQ(tasks().size(), 4u);
  ASSERT_EQ(errors_.size(), 1u);
  EXPECT_EQ(errors_[0].first.entry, "e1");
  run_for(5s);
  EXPECT_EQ(tasks().size(), 5u);
}

TEST_F(SchedulerTest, HooksThatThrowAreNoHarm) {
  SchedulerConfig config;
  config.pre_enqueue = [](const Tick&, const Task&) { throw std::runtime_error("pre"); };
  config.post_enqueue = [](const Tick&, const Result<TaskInfo>&) { throw std::runtime_error("post"); };
  scheduler_ = std::make_unique<SchedulerRole>(*store_, clock_, config, Trouble("scheduler", clock_, base::Random(7)));
  add(entry("* * * * *", "e"));
  run_for(2min);
  EXPECT_THAT(stored(), ElementsAre("12:01:00", "12:02:00"));
}

TEST_F(SchedulerTest, AClockThatIsSteppedBackRepeatsNoTickAndStopsNone) {
  add(entry("*/10 * * * *", "e"));
  run_for(25min);
  clock_.step_wall(-2h);
  run_for(30min);
  EXPECT_THAT(stored(), ElementsAre("12:10:00", "12:20:00", "10:30:00", "10:40:00", "10:50:00"));
  run_for(2h);
  EXPECT_EQ(tasks().size(), 5u + 10u) << "12:10 and 12:20 are done";
}

TEST_F(SchedulerTest, AClockThatIsSteppedForthIsAnOutageAndComesBackWithoutHarm) {
  add(entry("*/10 * * * *", "e"));
  run_for(15min);
  clock_.step_wall(2h);
  run_for(1min);
  EXPECT_THAT(stored(), ElementsAre("12:10:00", "14:10:00"));
  clock_.step_wall(-2h);
  run_for(10min);
  EXPECT_THAT(stored(), ElementsAre("12:10:00", "14:10:00", "12:20:00"));
}

TEST_F(SchedulerTest, TicksThatComeAfterAStepBackAreOneRunAgain) {
  add(entry("*/10 * * * *", "e"));
  run_for(25min);
  clock_.step_wall(-2h);
  run_for(30min);
  broker::NewTask between;
  between.message.id = "between";
  between.message.queue = "default";
  between.message.type = "tick";
  between.tick = broker::Tick{"e", today("10:45:00")};
  const auto outcomes = inner_->enqueue({&between, 1});
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(outcomes->at(0).status, EnqueueStatus::kTickTaken) << "10:40 and 10:50 follow each other";
}

TEST_F(SchedulerTest, AClockThatIsSlewedBackALittleAsksForNothingTwice) {
  add(entry("* * * * *", "e"));
  run_for(1min);
  clock_.step_wall(-300ms);
  run_for(30s);
  EXPECT_THAT(settled(), ElementsAre("12:01:00 stored"));
}

TEST_F(SchedulerTest, ASteppedClockIsNoticedWithinASecond) {
  add(entry("@daily", "e"));
  step();
  step();
  EXPECT_LE(next_, clock_.now() + 1s);
}

TEST_F(SchedulerTest, WhatATaskCountsFromItsEnqueueCountsFromItsTick) {
  add(entry("* * * * *", "e", {}, EnqueueOptions().expires_in(1h).process_in(10min)));
  run_for(59s + 500ms);
  clock_.advance(1400ms);
  step();
  const auto made = tasks(TaskState::kScheduled);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].enqueued_at, today("12:01:00") + 900ms);
  EXPECT_EQ(made[0].expires_at, today("13:01:00"));
  EXPECT_EQ(made[0].next_process_at, today("12:11:00"));
}

TEST_F(SchedulerTest, AnEntryThatIsStillRunningIsSkippedIfItWishesSo) {
  add(entry("* * * * *", "e", EntryOptions().overlap(Overlap::kSkipIfRunning)));
  run_for(3min);
  EXPECT_THAT(settled(),
              ElementsAre("12:01:00 stored", "12:02:00 failed_precondition", "12:03:00 failed_precondition"));
  EXPECT_THAT(errors_, IsEmpty()) << "that is no failure";
  const auto fetched = inner_->fetch({.queues = {{"default", 9}}, .max = 9, .owner = "s", .lease = 1h});
  run_for(1min);
  EXPECT_EQ(settled().back(), "12:04:00 failed_precondition") << "it is active";
  ASSERT_EQ(fetched->size(), 1u);
  const broker::Finish finish{.lease = {{"default", fetched->front().message.id}, fetched->front().token}};
  ASSERT_TRUE(inner_->finish({&finish, 1}).ok());
  run_for(1min);
  EXPECT_EQ(settled().back(), "12:05:00 stored");
  EXPECT_EQ(inner_->scheduler_events("e", 10)->size(), 2u) << "ticks that were skipped are not in the history";
  EXPECT_EQ(hms(*inner_->last_ticks(std::vector<std::string>{"e"})->front()), "12:05:00");
}

TEST_F(SchedulerTest, AUniqueTaskThatWaitsKeepsTheNextTicksOut) {
  add(entry("* * * * *", "e", {}, EnqueueOptions().unique(90s)));
  run_for(3min);
  EXPECT_THAT(settled(), ElementsAre("12:01:00 stored", "12:02:00 duplicate_task", "12:03:00 stored"));
}

TEST_F(SchedulerTest, JitterDelaysTheTaskAndNotItsNominalTime) {
  add(entry("* * * * *", "e", EntryOptions().jitter(50s)));
  run_for(1min);
  const auto waiting = tasks(TaskState::kScheduled);
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(hms(waiting[0].scheduled_at), "12:01:00");
  EXPECT_GT(waiting[0].next_process_at, today("12:01:00"));
  EXPECT_LT(waiting[0].next_process_at, today("12:01:50"));
}

TEST_F(SchedulerTest, AnEntryMayComeAndGoWhileItRuns) {
  add(entry("* * * * *", "a"));
  run_for(1min);
  add(entry("* * * * *", "b"));
  run_for(1min);
  EXPECT_TRUE(scheduler_->remove("a"));
  EXPECT_FALSE(scheduler_->remove("a"));
  run_for(1min);
  EXPECT_EQ(tasks().size(), 4u);
  EXPECT_EQ(tasks().back().payload, Payload("b"));
}

TEST_F(SchedulerTest, TwoEntriesWithOneIdentityAreRefused) {
  add(entry("* * * * *", "a"));
  const Status again = scheduler_->add(entry("@daily", "a"));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_THAT(again.error().message(), HasSubstr("there is an entry 'a' already"));
}

TEST_F(SchedulerTest, AReplacedEntryGoesOnFromNow) {
  add(entry("* * * * *", "e"));
  run_for(5min);
  clock_.advance(20s);
  scheduler_->replace(entry("3-59/10 * * * *", "e"));
  step();
  EXPECT_EQ(stored().size(), 5u) << "12:03 of the new spec is no missed tick";
  run_for(10min);
  EXPECT_EQ(stored().back(), "12:13:00");
}

TEST_F(SchedulerTest, AnEntryThatIsReplacedWhenItIsDueLosesNoTick) {
  add(entry("* * * * *", "e", EntryOptions().missed(MissedTicks::kAll)));
  run_for(90s);
  clock_.advance(30s);
  scheduler_->replace(entry("*/2 * * * *", "e", EntryOptions().missed(MissedTicks::kAll)));
  step();
  EXPECT_THAT(stored(), ElementsAre("12:01:00", "12:02:00"));
  run_for(30s);
  store_is_away(true);
  run_for(4min);
  scheduler_->replace(entry("* * * * *", "e", EntryOptions().missed(MissedTicks::kAll)));
  store_is_away(false);
  run_for(20s);
  EXPECT_THAT(stored(), ElementsAre("12:01:00", "12:02:00", "12:04:00", "12:05:00", "12:06:00"))
      << "of the new spec, from the first tick of the old one that was not served";
}

TEST_F(SchedulerTest, AnEntryThatIsReplacedBeforeItWasSeenStillAsksForItsLastTick) {
  add(entry("* * * * *", "e"));
  run_for(1min);
  restart();
  clock_.advance(5min + 30s);
  add(entry("* * * * *", "e"));
  scheduler_->replace(entry("* * * * *", "e", EntryOptions().missed(MissedTicks::kAll)));
  step();
  EXPECT_THAT(stored(), ElementsAre("12:01:00", "12:02:00", "12:03:00", "12:04:00", "12:05:00", "12:06:00"));
}

TEST_F(SchedulerTest, ARestartKeepsThePhaseOfAnInterval) {
  add(entry("@every 1h", "e"));
  run_for(2h);
  const auto before = tasks();
  ASSERT_EQ(before.size(), 2u);
  restart();
  add(entry("@every 1h", "e"));
  run_for(1h);
  ASSERT_EQ(tasks().size(), 3u);
  EXPECT_EQ(tasks()[2].scheduled_at - before[1].scheduled_at, 1h);
}

TEST_F(SchedulerTest, AnEntryThatNeverFiresIsNoWork) {
  add(entry("0 0 30 2 *", "never"));
  run_for(1min);
  EXPECT_THAT(stored(), IsEmpty());
  EXPECT_EQ(next_, clock_.now() + 1s);
}

TEST_F(SchedulerTest, EntriesAreShownWithLastAndNextTick) {
  add(entry("*/10 * * * *", "a", EntryOptions().zone("Europe/Rome"), EnqueueOptions().queue("low").max_retry(2)));
  add(factory("@every 1m", "f", [](const Tick&) { return Task("t"); }));
  run_for(15min);
  const auto shown = scheduler_->entries();
  ASSERT_EQ(shown.size(), 2u);
  EXPECT_EQ(shown[0].id, "a");
  EXPECT_EQ(shown[0].spec, "CRON_TZ=Europe/Rome */10 * * * *");
  EXPECT_EQ(shown[0].task_type, "tick");
  EXPECT_EQ(shown[0].payload, Payload("a"));
  EXPECT_THAT(shown[0].options, ElementsAre("Queue(\"low\")", "MaxRetry(2)"));
  EXPECT_EQ(hms(shown[0].prev_at), "12:10:00");
  EXPECT_EQ(hms(shown[0].next_at), "12:20:00");
  EXPECT_EQ(shown[1].task_type, "(factory)");
}

TEST_F(SchedulerTest, TheRecordIsPublishedAtOnceAndAsLongAsItRuns) {
  SchedulerPublisher publisher(*store_, clock_, "s1", *scheduler_, Trouble("publisher", clock_, base::Random(7)));
  add(entry("@daily", "a"));
  EXPECT_EQ(publisher.step(clock_.now()), clock_.now() + 10s);
  EXPECT_EQ(inner_->scheduler_entries()->size(), 1u);
  add(entry("@daily", "b"));
  publisher.changed();
  clock_.advance(1s);
  publisher.step(clock_.now());
  EXPECT_EQ(inner_->scheduler_entries()->size(), 2u);
  clock_.advance(19s);
  EXPECT_EQ(inner_->scheduler_entries()->size(), 2u);
  clock_.advance(1s);
  EXPECT_THAT(*inner_->scheduler_entries(), IsEmpty());
  publisher.step(clock_.now());
  ASSERT_TRUE(publisher.sign_off().ok());
  EXPECT_THAT(*inner_->scheduler_entries(), IsEmpty());
}

TEST_F(SchedulerTest, ARecordThatCannotBePublishedIsTriedAgainSoon) {
  SchedulerPublisher publisher(*store_, clock_, "s1", *scheduler_, Trouble("publisher", clock_, base::Random(7)));
  add(entry("@daily", "a"));
  store_is_away(true);
  EXPECT_LE(publisher.step(clock_.now()), clock_.now() + 1s);
  store_is_away(false);
  clock_.advance(1s);
  publisher.step(clock_.now());
  EXPECT_EQ(inner_->scheduler_entries()->size(), 1u);
}

TEST_F(SchedulerTest, FiveSchedulersWithTwoHundredEntriesMakeTwelveThousandTasksInAMinute) {
  const auto all = EntryOptions().missed(MissedTicks::kAll);
  std::vector<std::unique_ptr<SchedulerRole>> schedulers;
  for (int s = 0; s < 5; ++s) {
    schedulers.push_back(make_scheduler());
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(schedulers.back()->add(entry("@every 1s", "e" + std::to_string(i), all)).ok());
    }
    schedulers.back()->step(clock_.now());
  }
  base::Random random(42);
  for (int second = 0; second < 60; ++second) {
    clock_.advance(1s);
    // In any order; now and then one sleeps, or dies and is started anew.
    const std::size_t first = random.below(5);
    for (std::size_t i = 0; i < 5; ++i) {
      const std::uint64_t fate = random.below(20);
      auto& scheduler = schedulers[(first + i) % 5];
      if (fate == 0) continue;
      if (fate == 1) {
        scheduler = make_scheduler();
        for (int e = 0; e < 200; ++e) {
          ASSERT_TRUE(scheduler->add(entry("@every 1s", "e" + std::to_string(e), all)).ok());
        }
      }
      scheduler->step(clock_.now());
    }
  }
  for (auto& scheduler : schedulers) scheduler->step(clock_.now());
  EXPECT_EQ(inner_->queue_info("default")->pending, 12'000u);
  std::set<std::pair<std::string, TimePoint>> ticks;
  for (int i = 0; i < 200; ++i) {
    const std::string name = "e" + std::to_string(i);
    const auto events = *inner_->scheduler_events(name, 1000);
    for (const auto& event : events) ticks.insert({name, event.tick});
  }
  EXPECT_EQ(ticks.size(), 12'000u) << "each tick of each entry once";
}

TEST_F(SchedulerTest, BadEntriesAreRefusedWithWhatIsWrong) {
  const auto message = [](const Result<EntryPlan>& plan) { return plan ? "accepted" : plan.error().message(); };
  const Task task("t");
  EXPECT_THAT(message(make_entry("61 * * * *", task, EntryOptions(), "UTC", 100)),
              HasSubstr("minute (character 1): 61 is above 59"));
  EXPECT_THAT(message(make_entry("* * * * *", task, EntryOptions().zone("Mars/Base"), "UTC", 100)),
              HasSubstr("Mars/Base"));
  EXPECT_THAT(message(make_entry("* * * * *", task, EntryOptions(), "Moon", 100)), HasSubstr("Moon"));
  EXPECT_THAT(message(make_entry("* * * * *", task, EntryOptions(" "), "UTC", 100)), HasSubstr("must not be blank"));
  EXPECT_THAT(message(make_entry("* * * * *", task, EntryOptions("\xff"), "UTC", 100)), HasSubstr("UTF-8"));
  EXPECT_THAT(message(make_entry("* * * * *", task, EntryOptions().missed(MissedTicks::kAll, 0), "UTC", 100)),
              HasSubstr("at least 1"));
  EXPECT_THAT(message(make_entry("* * * * *", task, EntryOptions().jitter(-1s), "UTC", 100)),
              HasSubstr("negative, is -1s"));
  EXPECT_THAT(message(make_entry("* * * * *", Task(""), EntryOptions(), "UTC", 100)), HasSubstr("typename"));
  EXPECT_THAT(message(make_entry("* * * * *", Task("t", "12345"), EntryOptions(), "UTC", 4)), HasSubstr("too large"));
  EXPECT_THAT(message(make_entry("* * * * *", TaskFactory(), EntryOptions("f"), "UTC")), HasSubstr("factory is empty"));
  EXPECT_THAT(message(make_entry(
                  "* * * * *", [](const Tick&) { return Task("t"); }, EntryOptions(), "UTC")),
              HasSubstr("needs a name"));
  EXPECT_EQ(message(make_entry("* * * * * *", task, EntryOptions().seconds(), "UTC", 100)), "accepted");
}

}  // namespace
}  // namespace windlass::runtime
