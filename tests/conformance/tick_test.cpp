// Ticks of periodic entries: one tick, one task.
#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Ticks : public Conformance {
 protected:
  NewTask tick(const std::string& id, TimePoint nominal, const std::string& entry = "e") const {
    NewTask task = plain(id);
    task.tick = Tick{entry, nominal, 24h};
    return task;
  }
  std::optional<TimePoint> last(const std::string& entry = "e") {
    return get(broker_->last_ticks(std::span(&entry, 1))).at(0);
  }
  const TimePoint t0_ = testing::FakeClock::kStart;
  int n_ = 0;
};
WINDLASS_FOR_EACH_BROKER(Ticks, rows());

TEST_P(Ticks, OnlyTheFirstEnqueueOfATickStoresItsTask) {
  EXPECT_EQ(put(tick("a", t0_)).status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(put(tick("b", t0_)).status, EnqueueStatus::kTickTaken);
  EXPECT_FALSE(exists("b"));
  EXPECT_EQ(put(tick("c", t0_ + 1ns)).status, EnqueueStatus::kEnqueued) << "another tick of the entry";
  EXPECT_EQ(put(tick("d", t0_, "other")).status, EnqueueStatus::kEnqueued) << "the same tick of another entry";
}

TEST_P(Ticks, TheMarkOutlivesTheTask) {
  put(tick("a", t0_));
  finish(fetch_one(), FinishKind::kDone);
  EXPECT_EQ(put(tick("a", t0_)).status, EnqueueStatus::kTickTaken);
}

TEST_P(Ticks, TheMarkIsKeptAsLongAsAskedFor) {
  NewTask task = tick("a", t0_);
  task.tick->keep = 90s;
  put(task);
  clock_.advance(90s - GetParam().grain);
  EXPECT_EQ(put(tick("b", t0_)).status, EnqueueStatus::kTickTaken);
  clock_.advance(GetParam().grain);
  EXPECT_EQ(put(tick("b", t0_)).status, EnqueueStatus::kEnqueued);
}

TEST_P(Ticks, TicksThatFollowEachOtherAreRememberedTogether) {
  const auto put_tick = [&](TimePoint nominal, TimePoint previous) {
    NewTask task = tick("t" + std::to_string(++n_), nominal);
    task.tick->keep = 1h;
    task.tick->previous = previous;
    return put(task).status;
  };
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(put_tick(t0_ + i * 1min, t0_ + (i - 1) * 1min), EnqueueStatus::kEnqueued);
    clock_.advance(40min);
  }
  EXPECT_EQ(put_tick(t0_ + 1min, t0_), EnqueueStatus::kTickTaken) << "as long as the last of its run";
  EXPECT_EQ(put_tick(t0_ + 90s, t0_ + 1min), EnqueueStatus::kTickTaken) << "none lies between two that follow each other";
  EXPECT_EQ(put_tick(t0_, kNoTime), EnqueueStatus::kEnqueued) << "earlier";
  EXPECT_EQ(put_tick(t0_ + 10min, kNoTime), EnqueueStatus::kEnqueued) << "a run of its own";
  EXPECT_EQ(put_tick(t0_ + 5min, kNoTime), EnqueueStatus::kEnqueued) << "what is between runs is free";
  clock_.advance(20min);
  EXPECT_EQ(put_tick(t0_ + 1min, t0_), EnqueueStatus::kEnqueued) << "the run is forgotten";
}

TEST_P(Ticks, ARunGoesOnOverATickThatIsForgotten) {
  NewTask later = tick("a", t0_ + 1min);
  later.tick->keep = 1min;
  EXPECT_EQ(put(later).status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(put(tick("b", t0_)).status, EnqueueStatus::kEnqueued);
  clock_.advance(1min);
  NewTask again = tick("c", t0_ + 1min);
  again.tick->previous = t0_;
  EXPECT_EQ(put(again).status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(put(tick("d", t0_ + 1min)).status, EnqueueStatus::kTickTaken);
  EXPECT_EQ(put(tick("e", t0_)).status, EnqueueStatus::kTickTaken);
}

TEST_P(Ticks, OfTooManyRunsTheEarliestBecomeOne) {
  const auto nominal = [&](std::size_t i) { return t0_ + 10min * static_cast<int>(i); };
  std::vector<NewTask> tasks;
  for (std::size_t i = 0; i <= broker::kTickRuns; ++i) tasks.push_back(tick(std::to_string(i), nominal(i)));
  for (const EnqueueOutcome& outcome : get(broker_->enqueue(tasks))) EXPECT_EQ(outcome.status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(put(tick("x", nominal(0))).status, EnqueueStatus::kTickTaken);
  EXPECT_EQ(put(tick("x", nominal(0) + 1min)).status, EnqueueStatus::kTickTaken) << "between the two that became one";
  EXPECT_EQ(put(tick("x", nominal(1) + 1min)).status, EnqueueStatus::kEnqueued);
}

TEST_P(Ticks, ARefusedTaskDoesNotTakeTheTick) {
  put(unique("holder", 1h));
  NewTask duplicate = unique("b", 1h);
  duplicate.tick = Tick{"e", t0_};
  EXPECT_EQ(put(duplicate).status, EnqueueStatus::kDuplicate);
  EXPECT_EQ(put(tick("holder", t0_)).status, EnqueueStatus::kIdConflict);
  EXPECT_EQ(last(), std::nullopt);
  EXPECT_THAT(get(broker_->scheduler_events("e", 10)), IsEmpty());
  EXPECT_EQ(put(tick("c", t0_)).status, EnqueueStatus::kEnqueued);
}

TEST_P(Ticks, TheTickIsLookedAtBeforeLockAndId) {
  put(tick("a", t0_));
  NewTask again = unique("a", 1h);
  again.tick = Tick{"e", t0_};
  EXPECT_EQ(put(again).status, EnqueueStatus::kTickTaken);
  EXPECT_EQ(put(unique("b", 1h)).status, EnqueueStatus::kEnqueued) << "and leaves no lock";
}

TEST_P(Ticks, TheLastTickIsTheGreatestNominalTimeAndIsNotForgotten) {
  put(tick("a", t0_));
  put(tick("b", t0_ + 2min));
  put(tick("c", t0_ + 1min));
  EXPECT_EQ(last(), t0_ + 2min);
  clock_.advance(24h * 400);
  EXPECT_EQ(last(), t0_ + 2min);
  const std::vector<std::string> entries{"unknown", "e"};
  EXPECT_THAT(get(broker_->last_ticks(entries)), ElementsAre(std::nullopt, std::optional(t0_ + 2min)));
}

TEST_P(Ticks, TheHistoryShowsTheNewestFirst) {
  put(tick("a", t0_));
  clock_.advance(1min);
  put(tick("b", t0_ + 30s));
  const auto events = get(broker_->scheduler_events("e", 10));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].task_id, "b");
  EXPECT_EQ(events[0].tick, t0_ + 30s);
  EXPECT_EQ(events[0].enqueued_at, t0_ + 1min);
  EXPECT_EQ(events[1].task_id, "a");
  EXPECT_EQ(get(broker_->scheduler_events("e", 1)).size(), 1u);
  EXPECT_THAT(get(broker_->scheduler_events("unknown", 10)), IsEmpty());
}

TEST_P(Ticks, TheHistoryKeepsTheLastThousand) {
  std::vector<NewTask> tasks;
  for (int i = 0; i < 1005; ++i) tasks.push_back(tick(std::to_string(i), t0_ + std::chrono::seconds(i)));
  get(broker_->enqueue(tasks));
  const auto events = get(broker_->scheduler_events("e", 5000));
  ASSERT_EQ(events.size(), 1000u);
  EXPECT_EQ(events.front().task_id, "1004");
  EXPECT_EQ(events.back().task_id, "5");
}

TEST_P(Ticks, ATickIsSkippedWhileTheTaskOfAnEarlierOneHasNotEnded) {
  put(tick("a", t0_));
  NewTask next = tick("b", t0_ + 1min);
  next.tick->skip_if_running = true;
  EXPECT_EQ(put(next).status, EnqueueStatus::kTickSkipped) << "while it is pending";
  EXPECT_FALSE(exists("b"));
  EXPECT_EQ(last(), t0_ + 1min) << "the tick is taken";
  EXPECT_EQ(get(broker_->scheduler_events("e", 10)).size(), 1u) << "and not in the history";
  EXPECT_EQ(put(tick("c", t0_ + 1min)).status, EnqueueStatus::kTickTaken);
  const FetchedTask running = fetch_one();
  next.tick->nominal = t0_ + 2min;
  EXPECT_EQ(put(next).status, EnqueueStatus::kTickSkipped) << "while it runs";
  finish(running, FinishKind::kDone);
  next.tick->nominal = t0_ + 3min;
  EXPECT_EQ(put(next).status, EnqueueStatus::kEnqueued) << "when it is gone";
}

TEST_P(Ticks, ACompletedOrArchivedTaskLetsTheNextTickPass) {
  int n = 0;
  for (const FinishKind kind : {FinishKind::kComplete, FinishKind::kArchive}) {
    for (int i = 0; i < 2; ++i, ++n) {
      NewTask task = tick("t" + std::to_string(n), t0_ + std::chrono::minutes(n));
      task.tick->skip_if_running = true;
      task.message.retention = 1h;
      EXPECT_EQ(put(task).status, EnqueueStatus::kEnqueued);
      finish(fetch_one(), kind);
    }
  }
}

TEST_P(Ticks, TasksOfOtherEntriesDoNotMakeATickSkip) {
  put(tick("a", t0_, "other"));
  put_all({"b"});
  NewTask task = tick("c", t0_);
  task.tick->skip_if_running = true;
  EXPECT_EQ(put(task).status, EnqueueStatus::kEnqueued);
}

TEST_P(Ticks, ATickMayBeDelayedAndUnique) {
  NewTask task = tick("a", t0_);
  task.process_at = clock_.now() + 1h;
  task.message.unique_key = "asynq:{q}:unique:t:k";
  task.unique_ttl = 2h;
  EXPECT_EQ(put(task).state, TaskState::kScheduled);
  EXPECT_EQ(last(), t0_);
}

}  // namespace
}  // namespace windlass::conformance
