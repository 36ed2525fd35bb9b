// Queues: numbers, history, pause, cleaning and removal.
#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

WINDLASS_CONFORMANCE(Queues);

TEST_P(Queues, AllNumbersOfAQueueAddUp) {
  for (int i = 1; i <= kTaskStateCount; ++i) {
    const auto state = static_cast<TaskState>(i);
    if (state == TaskState::kPending) continue;
    put_in_state(std::string(task_state_name(state)), state);
  }
  put_all({"p1", "p2"});
  const QueueInfo q = stats();
  EXPECT_EQ(q.queue, "q");
  EXPECT_EQ(q.pending, 2u);
  EXPECT_EQ(q.active, 1u);
  EXPECT_EQ(q.scheduled, 1u);
  EXPECT_EQ(q.retry, 1u);
  EXPECT_EQ(q.archived, 1u);
  EXPECT_EQ(q.completed, 1u);
  EXPECT_EQ(q.aggregating, 1u);
  EXPECT_EQ(q.groups, 1u);
  EXPECT_EQ(q.size, 8u);
  EXPECT_EQ(q.timestamp, clock_.now());
  EXPECT_GT(q.memory_bytes, 0u);
  EXPECT_FALSE(q.paused);
}

TEST_P(Queues, LatencyIsTheWaitOfTheTaskThatIsNext) {
  put_all({"a"});
  EXPECT_EQ(stats().latency, 0s);
  clock_.advance(1500ms);
  put_all({"b"});
  EXPECT_EQ(stats().latency, 1500ms);
  const FetchedTask a = fetch_one();
  EXPECT_EQ(stats().latency, 0s);
  clock_.advance(2s);
  EXPECT_EQ(stats().latency, 2s);
  finish(a, FinishKind::kRequeue);
  clock_.advance(1s);
  EXPECT_EQ(stats().latency, 1s) << "a requeued task waits from its requeue on";
}

TEST_P(Queues, LatencyCountsFromWhenATaskBecamePendingNotFromWhenItWasStored) {
  put(delayed("a", 1h));
  clock_.advance(2h);
  EXPECT_EQ(stats().latency, 0s) << "nothing is pending";
  forward();
  EXPECT_EQ(stats().latency, 0s);
  clock_.advance(3s);
  EXPECT_EQ(stats().latency, 3s);
  act("a", TaskAction::kArchive);
  clock_.advance(1h);
  act("a", TaskAction::kRun);
  clock_.advance(4s);
  EXPECT_EQ(stats().latency, 4s);
}

TEST_P(Queues, LatencyIsNeverNegative) {
  put_all({"a"});
  clock_.step_wall(-1h);
  EXPECT_EQ(stats().latency, 0s);
}

TEST_P(Queues, CountersStartAnewEachDayAndTheTotalsGoOn) {
  const auto run = [&](FinishKind kind) {
    put_all({"x"});
    finish(fetch_one(), kind);
  };
  run(FinishKind::kDone);
  run(FinishKind::kDiscard);
  clock_.advance(12h);  // midnight UTC
  EXPECT_EQ(stats().processed, 0u);
  run(FinishKind::kArchive);
  fetch(0);
  const QueueInfo q = stats();
  EXPECT_EQ(q.processed, 1u);
  EXPECT_EQ(q.failed, 1u);
}

TEST_P(Queues, HistoryShowsTodayFirstAndZerosWhereNothingHappened) {
  put_all({"a", "b", "c"});
  const auto running = fetch(3);
  finish(running[0], FinishKind::kDone);
  clock_.advance(24h);
  clock_.advance(24h);
  finish(running[1], FinishKind::kArchive);
  finish(running[2], FinishKind::kDiscard);
  const auto days = get(broker_->history("q", 4));
  ASSERT_EQ(days.size(), 4u);
  EXPECT_EQ(days[0].date, "2024-03-02");
  EXPECT_EQ(days[0].queue, "q");
  EXPECT_EQ(days[0].processed, 1u);
  EXPECT_EQ(days[0].failed, 1u);
  EXPECT_EQ(days[0].expired, 1u);
  EXPECT_EQ(days[1].date, "2024-03-01");
  EXPECT_EQ(days[1].processed, 0u);
  EXPECT_EQ(days[2].date, "2024-02-29");
  EXPECT_EQ(days[2].processed, 1u);
  EXPECT_EQ(days[3].date, "2024-02-28");
  EXPECT_EQ(days[3].processed, 0u);
  EXPECT_EQ(stats().processed_total, 2u);
}

TEST_P(Queues, HistoryChecksItsArguments) {
  put_all({"a"});
  EXPECT_EQ(code_of(broker_->history("q", 0)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(broker_->history("q", 3661)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(broker_->history("unknown", 1)), ErrorCode::kQueueNotFound);
  EXPECT_EQ(get(broker_->history("q", 3660)).size(), 3660u);
}

TEST_P(Queues, VerbsThatNameAQueueSayWhenThereIsNone) {
  EXPECT_EQ(code_of(broker_->queue_info("no")), ErrorCode::kQueueNotFound);
  EXPECT_EQ(code_of(broker_->groups("no")), ErrorCode::kQueueNotFound);
  EXPECT_EQ(code_of(broker_->pause("no")), ErrorCode::kQueueNotFound);
  EXPECT_EQ(code_of(broker_->resume("no")), ErrorCode::kQueueNotFound);
  EXPECT_EQ(code_of(broker_->remove_queue("no", true)), ErrorCode::kQueueNotFound);
}

TEST_P(Queues, PauseAndResumeAreRefusedWhenItIsAlreadySo) {
  put_all({"a"});
  EXPECT_EQ(code_of(broker_->resume("q")), ErrorCode::kFailedPrecondition);
  get(broker_->pause("q"));
  EXPECT_TRUE(stats().paused);
  EXPECT_EQ(code_of(broker_->pause("q")), ErrorCode::kFailedPrecondition);
  get(broker_->resume("q"));
  EXPECT_FALSE(stats().paused);
}

TEST_P(Queues, CleanDeletesRecordsWhoseRetentionEnded) {
  for (const auto& [id, retention] : {std::pair("short", 500ms), std::pair("long", 1500ms)}) {
    NewTask task = plain(id);
    task.message.retention = retention;
    put(task);
    finish(fetch_one(), FinishKind::kComplete);
  }
  clock_.advance(500ms - 1ns);
  EXPECT_EQ(get(broker_->clean({.queues = {"q"}})).completed, 0u);
  clock_.advance(1ns);
  EXPECT_EQ(get(broker_->clean({.queues = {"q", "unknown"}})).completed, 1u);
  EXPECT_THAT(ids(TaskState::kCompleted), ElementsAre("long"));
}

TEST_P(Queues, CleanTrimsTheArchiveByNumberAndAge) {
  put_all({"a", "b", "c", "d"});
  for (const char* id : {"c", "a", "d", "b"}) {
    act(id, TaskAction::kArchive);
    clock_.advance(1h);
  }
  EXPECT_EQ(get(broker_->clean({.queues = {"q"}, .archive_max = 3})).archived, 1u);
  EXPECT_THAT(ids(TaskState::kArchived), ElementsAre("b", "d", "a"));
  EXPECT_EQ(get(broker_->clean({.queues = {"q"}, .archive_age = 3h})).archived, 1u) << "archived 3 h ago";
  EXPECT_THAT(ids(TaskState::kArchived), ElementsAre("b", "d"));
  EXPECT_FALSE(exists("a"));
  EXPECT_EQ(put(plain("a")).status, EnqueueStatus::kEnqueued) << "the whole task is gone, its id is free";
  EXPECT_EQ(get(broker_->clean({.queues = {"q"}, .archive_max = 0})).archived, 2u);
}

TEST_P(Queues, CleanStopsAtMaxAndSaysSo) {
  std::vector<std::string> names;
  for (int i = 0; i < 5; ++i) names.push_back(std::to_string(i));
  put_all(names);
  for (const FetchedTask& task : fetch(5)) finish(task, FinishKind::kComplete);
  CleanResult result = get(broker_->clean({.queues = {"q"}, .max = 3}));
  EXPECT_EQ(result.completed, 3u);
  EXPECT_TRUE(result.more);
  EXPECT_THAT(ids(TaskState::kCompleted), ElementsAre("4", "3")) << "the oldest went first";
  result = get(broker_->clean({.queues = {"q"}, .max = 3}));
  EXPECT_EQ(result.completed, 2u);
  EXPECT_FALSE(result.more);
}

TEST_P(Queues, CleanForgetsOldDays) {
  put_all({"a"});
  finish(fetch_one(), FinishKind::kDone);
  clock_.advance(12h);  // the first day has just ended
  clock_.advance(48h - 1ns);
  get(broker_->clean({.queues = {"q"}, .stats_age = 48h}));
  EXPECT_EQ(get(broker_->history("q", 3))[2].processed, 1u);
  clock_.advance(1ns);
  get(broker_->clean({.queues = {"q"}, .stats_age = 48h}));
  EXPECT_EQ(get(broker_->history("q", 4))[3].processed, 0u);
  EXPECT_EQ(stats().processed_total, 1u) << "totals are not forgotten";
}

TEST_P(Queues, CleanLeavesAllOtherTasksAlone) {
  for (int i = 1; i <= kTaskStateCount; ++i) {
    const auto state = static_cast<TaskState>(i);
    put_in_state(std::string(task_state_name(state)), state);
    if (state == TaskState::kPending) fetch_one();
  }
  get(broker_->clean({.queues = {"q"}}));
  EXPECT_EQ(stats().size, 7u);
}

TEST_P(Queues, AnEmptyQueueIsRemovedAndAFullOneOnlyByForce) {
  put_all({"a"});
  EXPECT_EQ(code_of(broker_->remove_queue("q", false)), ErrorCode::kQueueNotEmpty);
  act("a", TaskAction::kDelete);
  get(broker_->remove_queue("q", false));
  EXPECT_THAT(get(broker_->queues()), IsEmpty());
}

TEST_P(Queues, AnyTaskInAnyStateKeepsAQueueFromBeingRemoved) {
  for (int i = 1; i <= kTaskStateCount; ++i) {
    const auto state = static_cast<TaskState>(i);
    put_in_state("x", state);
    EXPECT_EQ(code_of(broker_->remove_queue("q", false)), ErrorCode::kQueueNotEmpty) << task_state_name(state);
    if (state == TaskState::kActive) {
      EXPECT_EQ(code_of(broker_->remove_queue("q", true)), ErrorCode::kFailedPrecondition) << "not even by force";
      get(broker_->clear_server("server"));
      get(broker_->recover({.queues = {"q"}}));
    }
    get(broker_->remove_queue("q", true));
    EXPECT_THAT(get(broker_->queues()), IsEmpty()) << task_state_name(state);
  }
}

TEST_P(Queues, ARemovedQueueLeavesNothingBehind) {
  put_all({"a", "b"});
  finish(fetch_one(), FinishKind::kDone);
  put(grouped("g1"));
  put(grouped("g2", "h"));
  const auto set = get(broker_->take_group("q", {.grace = 0s}, 1h));
  get(broker_->pause("q"));
  get(broker_->remove_queue("q", true));
  put_all({"a"});
  const QueueInfo q = stats();
  EXPECT_EQ(q.size, 1u);
  EXPECT_EQ(q.processed_total, 0u);
  EXPECT_EQ(q.groups, 0u);
  EXPECT_FALSE(q.paused);
  EXPECT_EQ(get(broker_->history("q", 1))[0].processed, 0u);
  EXPECT_EQ(code_of(broker_->finish_group(*set, nullptr)), ErrorCode::kLeaseLost);
  get(broker_->release_group(*set));
  EXPECT_EQ(stats().size, 1u);
}

TEST_P(Queues, OtherQueuesStayWhenOneIsRemoved) {
  put_all({"a"}, "q");
  put_all({"a"}, "q2");
  get(broker_->remove_queue("q", true));
  EXPECT_THAT(get(broker_->queues()), ElementsAre("q2"));
  EXPECT_TRUE(exists("a", "q2"));
}

TEST_P(Queues, TheBrokerAnswersAndDescribesItself) {
  get(broker_->ping());
  const auto facts = get(broker_->describe());
  ASSERT_FALSE(facts.empty());
  EXPECT_EQ(facts[0].first, "broker");
  EXPECT_FALSE(facts[0].second.empty());
}

}  // namespace
}  // namespace windlass::conformance
