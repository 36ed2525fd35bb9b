// Transfer: tasks that are taken over as they are, in every state.
#include "broker/transfer.hpp"

#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Restore : public Conformance {
 protected:
  Transfer& transfer() { return *get(transfer_of(*broker_)); }
  EnqueueStatus restore(const TaskInfo& info, Duration unique_left = {}) {
    const StoredTask task{info, unique_left};
    return get(transfer().restore({&task, 1})).at(0).status;
  }
  // Shows the task, deletes it, and stores what was shown again.
  std::pair<TaskInfo, TaskInfo> there_and_back(const std::string& id) {
    const TaskInfo before = info(id);
    act(id, TaskAction::kDelete);
    EXPECT_EQ(restore(before), EnqueueStatus::kEnqueued) << id;
    return {before, info(id)};
  }
};
WINDLASS_FOR_EACH_BROKER(Restore, rows());

void expect_same(const TaskInfo& a, const TaskInfo& b) {
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.payload.bytes(), b.payload.bytes());
  EXPECT_EQ(a.headers, b.headers);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.max_retry, b.max_retry);
  EXPECT_EQ(a.retried, b.retried);
  EXPECT_EQ(a.crashes, b.crashes);
  EXPECT_EQ(a.failure, b.failure);
  EXPECT_EQ(a.last_failed_at, b.last_failed_at);
  EXPECT_EQ(a.timeout, b.timeout);
  EXPECT_EQ(a.deadline, b.deadline);
  EXPECT_EQ(a.expires_at, b.expires_at);
  EXPECT_EQ(a.retention, b.retention);
  EXPECT_EQ(a.group, b.group);
  EXPECT_EQ(a.unique_key, b.unique_key);
  EXPECT_EQ(a.enqueued_at, b.enqueued_at);
  EXPECT_EQ(a.scheduled_at, b.scheduled_at);
  EXPECT_EQ(a.next_process_at, b.next_process_at);
  EXPECT_EQ(a.completed_at, b.completed_at);
  EXPECT_EQ(a.archived_at, b.archived_at);
  EXPECT_EQ(a.delete_at, b.delete_at);
  EXPECT_EQ(a.result, b.result);
}

TEST_P(Restore, KeepsTheStateAndAllThatIsShown) {
  for (const TaskState state : {TaskState::kPending, TaskState::kScheduled, TaskState::kRetry, TaskState::kArchived,
                                TaskState::kCompleted, TaskState::kAggregating}) {
    const std::string id(task_state_name(state));
    put_in_state(id, state);
    const auto [before, after] = there_and_back(id);
    expect_same(before, after);
    EXPECT_THAT(ids(state), ElementsAre(id));
    act(id, TaskAction::kDelete);
  }
}

TEST_P(Restore, KeepsWhatRunsHaveLeft) {
  NewTask task = plain("a");
  task.message.headers = {{"k", "v"}};
  task.message.retention = 1h;
  task.message.timeout = 90s + 5ns;
  task.message.expires_at = clock_.now() + 24h + 7ns;
  put(task);
  const FetchedTask run = fetch_one();
  Finish failed{.lease = lease_of(run), .kind = FinishKind::kRetry, .at = clock_.now() + 1h + 3ns, .crashed = true};
  failed.failure = Failure(FailureKind::kExitCode, "exit code 7");
  failed.failure.exit_code = 7;
  failed.failure.detail = "the last lines";
  failed.result = std::string("so\0far", 6);
  ASSERT_EQ(finish(failed), FinishOutcome::kApplied);
  clock_.advance(5s);
  const auto [before, after] = there_and_back("a");
  expect_same(before, after);
  EXPECT_EQ(after.crashes, 1);
  EXPECT_EQ(after.retried, 1);
  clock_.advance(2h);
  EXPECT_EQ(forward(), 1u) << "and it goes on as it would have";
  EXPECT_EQ(fetch_one().message.retried, 1);
}

TEST_P(Restore, PendingOnesComeLastInTheirOrder) {
  put(plain("x"));
  std::vector<StoredTask> tasks;
  for (const char* id : {"b", "a", "c"}) {
    TaskInfo task = info("x");
    task.id = id;
    tasks.push_back({task, {}});
  }
  get(transfer().restore(tasks));
  EXPECT_THAT(ids(TaskState::kPending), ElementsAre("x", "b", "a", "c"));
  EXPECT_EQ(stats().pending, 4u);
  EXPECT_EQ(stats().processed, 0u);
}

TEST_P(Restore, ATakenIdChangesNothing) {
  put_in_state("a", TaskState::kArchived);
  TaskInfo other = info("a");
  other.type = "other";
  other.state = TaskState::kPending;
  EXPECT_EQ(restore(other), EnqueueStatus::kIdConflict);
  EXPECT_EQ(info("a").type, "t");
  EXPECT_EQ(state("a"), TaskState::kArchived);
}

TEST_P(Restore, AnActiveTaskIsRefusedAndAllWithIt) {
  put(plain("a"));
  fetch_one();
  TaskInfo active = info("a");
  active.id = "b";
  TaskInfo pending = active;
  pending.id = "c";
  pending.state = TaskState::kPending;
  const StoredTask tasks[] = {{pending, {}}, {active, {}}};
  EXPECT_EQ(code_of(transfer().restore(tasks)), ErrorCode::kInvalidArgument);
  EXPECT_FALSE(exists("c"));
}

TEST_P(Restore, CarriesUniqueLocksForWhatIsLeftOfThem) {
  put(unique("a", 1h));
  clock_.advance(20min);
  const TaskInfo before = info("a");
  const Duration left = get(transfer().unique_left({&before, 1})).at(0);
  EXPECT_EQ(left, 40min);
  act("a", TaskAction::kDelete);
  EXPECT_EQ(get(transfer().unique_left({&before, 1})).at(0), Duration::zero());
  EXPECT_EQ(restore(before, left), EnqueueStatus::kEnqueued);
  EXPECT_EQ(put(unique("b", 1h)).status, EnqueueStatus::kDuplicate);
  TaskInfo second = before;
  second.id = "c";
  EXPECT_EQ(restore(second, 1h), EnqueueStatus::kDuplicate);
  EXPECT_FALSE(exists("c"));
  clock_.advance(41min);
  EXPECT_EQ(put(unique("b", 1h)).status, EnqueueStatus::kEnqueued);
}

TEST_P(Restore, AGroupIsAggregatedAsAnyOther) {
  put_in_state("a", TaskState::kAggregating);
  const std::string group = info("a").group;
  there_and_back("a");
  EXPECT_EQ(get(broker_->groups("q")).at(0).group, group);
  clock_.advance(2h);
  const auto set = get(broker_->take_group("q", {}, 1min));
  ASSERT_TRUE(set);
  EXPECT_EQ(set->tasks.at(0).id, "a");
}

TEST_P(Restore, CountersAreRaisedAndNeverLowered) {
  put(plain("a"));
  finish(fetch_one(), FinishKind::kDone);
  const TimePoint today = std::chrono::floor<std::chrono::days>(clock_.now());
  get(transfer().restore_counts({"q", 7, 0, 3, {{today, 0, 0, 2}, {today - 24h, 4, 1, 0}}}));
  const QueueInfo after = stats();
  EXPECT_EQ(after.processed_total, 7u);
  EXPECT_EQ(after.failed_total, 0u);
  EXPECT_EQ(after.expired_total, 3u);
  EXPECT_EQ(after.processed, 1u) << "what was counted here is more";
  EXPECT_EQ(after.expired, 2u);
  const auto history = get(broker_->history("q", 3));
  EXPECT_EQ(history.at(1).processed, 4u);
  EXPECT_EQ(history.at(1).failed, 1u);
  EXPECT_EQ(history.at(2).processed, 0u);
  put(plain("b"));
  finish(fetch_one(), FinishKind::kDone);
  EXPECT_EQ(stats().processed_total, 8u) << "and it counts on";
}

TEST_P(Restore, CountersMakeTheirQueue) {
  get(transfer().restore_counts({"empty", 5, 1, 0, {}}));
  EXPECT_THAT(get(broker_->queues()), ElementsAre("empty"));
  EXPECT_EQ(get(broker_->queue_info("empty")).processed_total, 5u);
  get(broker_->pause("empty"));
}

class RestoreTicks : public Restore {
 protected:
  EnqueueStatus put_tick(const std::string& entry, TimePoint nominal, TimePoint previous = kNoTime) {
    NewTask task = plain("t" + std::to_string(++n_));
    task.tick = Tick{entry, nominal, 24h};
    task.tick->previous = previous;
    return put(task).status;
  }
  // What the store remembers of entry `e`, as if it were `f`.
  TickRecord record_as(const std::string& entry) {
    std::vector<TickRecord> records = get(transfer().ticks());
    EXPECT_EQ(records.size(), 1u);
    records.at(0).entry = entry;
    return records.at(0);
  }
  std::vector<std::string> history(const std::string& entry) {
    std::vector<std::string> tasks;
    for (const SchedulerEvent& event : get(broker_->scheduler_events(entry, 100))) tasks.push_back(event.task_id);
    return tasks;
  }
  const TimePoint t0_ = testing::FakeClock::kStart;
  int n_ = 0;
};
WINDLASS_FOR_EACH_BROKER(RestoreTicks, rows());

TEST_P(RestoreTicks, WhatWasTakenElsewhereIsTaken) {
  put_tick("e", t0_);
  put_tick("e", t0_ + 1min, t0_);
  clock_.advance(2min);
  put_tick("e", t0_ + 5min);
  const TickRecord record = record_as("f");
  EXPECT_EQ(record.runs.size(), 2u);
  EXPECT_EQ(record.task, (TaskRef{"q", "t3"}));
  get(transfer().restore_ticks({&record, 1}));
  for (const Duration at : {0s, 30s, 60s, 300s}) EXPECT_EQ(put_tick("f", t0_ + at), EnqueueStatus::kTickTaken);
  EXPECT_EQ(put_tick("f", t0_ + 4min), EnqueueStatus::kEnqueued) << "between the runs";
  EXPECT_EQ(put_tick("f", t0_ + 6min, t0_ + 5min), EnqueueStatus::kEnqueued) << "and on";
  const std::string entry = "f";
  EXPECT_EQ(get(broker_->last_ticks({&entry, 1})).at(0), t0_ + 6min);
  clock_.advance(25h);
  EXPECT_EQ(put_tick("f", t0_), EnqueueStatus::kEnqueued) << "for as long as elsewhere";
}

TEST_P(RestoreTicks, HistoriesComeOnceAndInOrder) {
  for (int i = 0; i < 3; ++i) {
    put_tick("e", t0_ + i * 1s);
    clock_.advance(1s);
  }
  const TickRecord record = record_as("f");
  for (int i = 0; i < 2; ++i) get(transfer().restore_ticks({&record, 1}));
  EXPECT_THAT(history("f"), ElementsAre("t3", "t2", "t1"));
  put_tick("f", t0_ + 10s);
  get(transfer().restore_ticks({&record, 1}));
  EXPECT_THAT(history("f"), ElementsAre("t4", "t3", "t2", "t1"));
  const TickRecord own = get(transfer().ticks()).at(0);
  get(transfer().restore_ticks({&own, 1}));
  EXPECT_THAT(history("e"), ElementsAre("t3", "t2", "t1")) << "where it came from, too";
}

TEST_P(RestoreTicks, AnEntryThatWentOnStaysAsItIs) {
  put_tick("e", t0_);
  const TickRecord record = record_as("f");
  put_tick("f", t0_ + 1h);
  get(transfer().restore_ticks({&record, 1}));
  EXPECT_EQ(put_tick("f", t0_ + 1h), EnqueueStatus::kTickTaken);
  const std::string entry = "f";
  EXPECT_EQ(get(broker_->last_ticks({&entry, 1})).at(0), t0_ + 1h);
}

}  // namespace
}  // namespace windlass::conformance
