// Finishing tasks: what each kind does to the task, the counters and the lock.
#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

WINDLASS_CONFORMANCE(Finishing);

struct Counters {
  std::uint64_t processed, failed, expired;
  friend bool operator==(const Counters&, const Counters&) = default;
};
void PrintTo(const Counters& c, std::ostream* out) {
  *out << "processed " << c.processed << ", failed " << c.failed << ", expired " << c.expired;
}
Counters today(const QueueInfo& q) { return {q.processed, q.failed, q.expired}; }
Counters total(const QueueInfo& q) { return {q.processed_total, q.failed_total, q.expired_total}; }

TEST_P(Finishing, DoneRemovesTheTaskAndCountsIt) {
  put_all({"a"});
  EXPECT_EQ(finish(fetch_one(), FinishKind::kDone), FinishOutcome::kApplied);
  EXPECT_FALSE(exists("a"));
  EXPECT_EQ(stats().size, 0u);
  EXPECT_EQ(today(stats()), (Counters{1, 0, 0}));
  EXPECT_EQ(total(stats()), (Counters{1, 0, 0}));
}

TEST_P(Finishing, CompleteKeepsTheRecordWithItsResultForItsRetention) {
  NewTask task = plain("a");
  task.message.retention = 1500ms;
  put(task);
  const FetchedTask running = fetch_one();
  clock_.advance(2s);
  finish(Finish{.lease = lease_of(running), .kind = FinishKind::kComplete, .result = std::string("\0done", 5)});
  const TaskInfo shown = info("a");
  EXPECT_EQ(shown.state, TaskState::kCompleted);
  EXPECT_EQ(shown.completed_at, clock_.now());
  EXPECT_EQ(shown.delete_at, clock_.now() + 1500ms) << "not truncated to whole seconds";
  EXPECT_EQ(shown.result, std::string("\0done", 5));
  EXPECT_EQ(shown.owner, "");
  EXPECT_EQ(shown.started_at, kNoTime);
  EXPECT_EQ(today(stats()), (Counters{1, 0, 0}));
}

TEST_P(Finishing, CompleteWithoutRetentionKeepsTheRecordUntilTheNextClean) {
  put_all({"a"});
  finish(fetch_one(), FinishKind::kComplete);
  EXPECT_EQ(state("a"), TaskState::kCompleted);
  EXPECT_EQ(get(broker_->clean({.queues = {"q"}})).completed, 1u);
  EXPECT_FALSE(exists("a"));
}

TEST_P(Finishing, AChargedRetryCountsAsAFailedRun) {
  put_all({"a"});
  const FetchedTask running = fetch_one();
  Failure failure(FailureKind::kSignal, "killed");
  failure.signal = 11;
  failure.detail = "last lines";
  EXPECT_EQ(finish(Finish{.lease = lease_of(running),
                          .kind = FinishKind::kRetry,
                          .at = clock_.now() + 250ms,
                          .failure = failure,
                          .result = "half"}),
            FinishOutcome::kApplied);
  const TaskInfo shown = info("a");
  EXPECT_EQ(shown.state, TaskState::kRetry);
  EXPECT_EQ(shown.next_process_at, clock_.now() + 250ms);
  EXPECT_EQ(shown.retried, 1);
  EXPECT_EQ(shown.failure, failure);
  EXPECT_EQ(shown.last_failed_at, clock_.now());
  EXPECT_EQ(shown.result, "half");
  EXPECT_EQ(today(stats()), (Counters{1, 1, 0}));
}

TEST_P(Finishing, ARunThatEndedItsProcessCountsAsACrashWhateverBecomesOfTheTask) {
  put_all({"a"});
  int crashes = 0;
  for (const FinishKind kind : {FinishKind::kRetry, FinishKind::kRequeue, FinishKind::kArchive}) {
    const FetchedTask running = fetch_one();
    EXPECT_EQ(running.crashes, crashes);
    Failure failure(FailureKind::kCrashed, "SIGSEGV");
    failure.signal = 11;
    EXPECT_EQ(finish(Finish{.lease = lease_of(running), .kind = kind, .at = clock_.now(), .crashed = true, .failure = failure}),
              FinishOutcome::kApplied);
    EXPECT_EQ(info("a").crashes, ++crashes);
    get(broker_->forward(std::vector<std::string>{"q"}, 10));
  }
  EXPECT_EQ(info("a").state, TaskState::kArchived);
  EXPECT_EQ(info("a").failure.signal, 11);
  EXPECT_EQ(info("a").retried, 1);
}

TEST_P(Finishing, AnUnchargedRetryCostsAndCountsNothing) {
  put_all({"a"});
  finish(Finish{.lease = lease_of(fetch_one()),
                .kind = FinishKind::kRetry,
                .at = clock_.now() + 1s,
                .charged = false,
                .failure = {FailureKind::kError, "busy"}});
  EXPECT_EQ(state("a"), TaskState::kRetry);
  EXPECT_EQ(info("a").retried, 0);
  EXPECT_EQ(info("a").failure.message, "busy");
  EXPECT_EQ(today(stats()), (Counters{0, 0, 0}));
}

TEST_P(Finishing, TheNextRunSeesTheFailureAndTheRetryCount) {
  put_all({"a"});
  fail(fetch_one(), 0s, "first");
  const TimePoint failed_at = clock_.now();
  forward();
  fail(fetch_one(), 0s, "second");
  clock_.advance(1s);
  forward();
  const FetchedTask third = fetch_one();
  EXPECT_EQ(third.message.retried, 2);
  EXPECT_EQ(third.message.error_msg, "second");
  EXPECT_EQ(third.message.last_failed_at, failed_at);
}

TEST_P(Finishing, ArchiveKeepsTheTaskWithItsFailure) {
  put_all({"a"});
  const FetchedTask running = fetch_one();
  clock_.advance(3ns);
  finish(Finish{.lease = lease_of(running),
                .kind = FinishKind::kArchive,
                .failure = {FailureKind::kError, "no use"},
                .result = "r"});
  const TaskInfo shown = info("a");
  EXPECT_EQ(shown.state, TaskState::kArchived);
  EXPECT_EQ(shown.archived_at, clock_.now());
  EXPECT_EQ(shown.retried, 0) << "archiving is not a retry";
  EXPECT_EQ(shown.failure, Failure(FailureKind::kError, "no use"));
  EXPECT_EQ(shown.result, "r");
  EXPECT_EQ(today(stats()), (Counters{1, 1, 0}));
}

TEST_P(Finishing, AnArchivedExpiredTaskIsCountedAsExpiredOnly) {
  put_all({"a"});
  finish(
      Finish{.lease = lease_of(fetch_one()), .kind = FinishKind::kArchive, .failure = {FailureKind::kExpired, "late"}});
  EXPECT_EQ(info("a").failure.kind, FailureKind::kExpired);
  EXPECT_EQ(today(stats()), (Counters{0, 0, 1}));
  EXPECT_EQ(total(stats()), (Counters{0, 0, 1}));
}

TEST_P(Finishing, DiscardRemovesAnExpiredTaskAndCountsIt) {
  put(unique("a", 1h));
  finish(fetch_one(), FinishKind::kDiscard);
  EXPECT_FALSE(exists("a"));
  EXPECT_EQ(today(stats()), (Counters{0, 0, 1}));
  EXPECT_EQ(put(unique("b", 1h)).status, EnqueueStatus::kEnqueued) << "its lock is released";
}

TEST_P(Finishing, SnoozeSchedulesAgainWithoutCost) {
  NewTask task = plain("a");
  task.message.scheduled_at = clock_.now() - 1min;
  put(task);
  finish(Finish{.lease = lease_of(fetch_one()), .kind = FinishKind::kSnooze, .at = clock_.now() + 1500us});
  const TaskInfo shown = info("a");
  EXPECT_EQ(shown.state, TaskState::kScheduled);
  EXPECT_EQ(shown.next_process_at, clock_.now() + 1500us);
  EXPECT_EQ(shown.scheduled_at, task.message.scheduled_at) << "the nominal time stays";
  EXPECT_EQ(shown.retried, 0);
  EXPECT_EQ(today(stats()), (Counters{0, 0, 0}));
}

TEST_P(Finishing, ARequeuedTaskIsTheNextToRun) {
  put_all({"a", "b", "c"});
  const FetchedTask a = fetch_one();
  clock_.advance(1s);
  finish(a, FinishKind::kRequeue);
  EXPECT_EQ(state("a"), TaskState::kPending);
  EXPECT_EQ(info("a").owner, "");
  EXPECT_EQ(info("a").retried, 0);
  EXPECT_EQ(today(stats()), (Counters{0, 0, 0}));
  EXPECT_THAT(ids_of(fetch(3)), ElementsAre("a", "b", "c"));
}

TEST_P(Finishing, OfSeveralRequeuedTasksTheLastRunsFirst) {
  put_all({"a", "b", "c", "d"});
  const auto running = fetch(3);
  std::vector<Finish> items;
  for (auto it = running.rbegin(); it != running.rend(); ++it) {
    items.push_back({.lease = lease_of(*it), .kind = FinishKind::kRequeue});
  }
  get(broker_->finish(items));
  EXPECT_THAT(ids_of(fetch(4)), ElementsAre("a", "b", "c", "d")) << "given back from the last to the first: order kept";
}

TEST_P(Finishing, ATokenIsGoodForOneFinish) {
  put_all({"a"});
  const FetchedTask running = fetch_one();
  const Finish done{.lease = lease_of(running), .kind = FinishKind::kDone};
  const std::vector<Finish> twice{done, done};
  EXPECT_THAT(get(broker_->finish(twice)), ElementsAre(FinishOutcome::kApplied, FinishOutcome::kLeaseLost));
  EXPECT_EQ(finish(done), FinishOutcome::kLeaseLost) << "repeating a finish is harmless";
  EXPECT_EQ(stats().processed, 1u);
}

TEST_P(Finishing, NoKindIsAppliedWithoutTheLease) {
  put_all({"a"});
  const FetchedTask stale = fetch_one();
  finish(stale, FinishKind::kRequeue);
  const FetchedTask running = fetch_one();
  for (const FinishKind kind : {FinishKind::kDone, FinishKind::kComplete, FinishKind::kRetry, FinishKind::kArchive,
                                FinishKind::kSnooze, FinishKind::kRequeue, FinishKind::kDiscard}) {
    EXPECT_EQ(finish(stale, kind), FinishOutcome::kLeaseLost);
  }
  EXPECT_EQ(state("a"), TaskState::kActive);
  EXPECT_EQ(today(stats()), (Counters{0, 0, 0}));
  EXPECT_EQ(finish(running, FinishKind::kDone), FinishOutcome::kApplied);
}

TEST_P(Finishing, ATokenOfARemovedTaskIsNotGoodForItsSuccessor) {
  put_all({"a"});
  const FetchedTask first = fetch_one();
  finish(first, FinishKind::kDone);
  put_all({"a"});
  fetch_one();
  EXPECT_EQ(finish(first, FinishKind::kDone), FinishOutcome::kLeaseLost);
  EXPECT_EQ(state("a"), TaskState::kActive);
}

TEST_P(Finishing, UnknownTasksAndQueuesAreLostLeases) {
  put_all({"a"});
  const Finish no_task{.lease = {{"q", "nobody"}, {1, 1}}}, no_queue{.lease = {{"nowhere", "a"}, {1, 1}}};
  EXPECT_EQ(finish(no_task), FinishOutcome::kLeaseLost);
  EXPECT_EQ(finish(no_queue), FinishOutcome::kLeaseLost);
}

TEST_P(Finishing, ABatchMixesKindsQueuesAndLostLeases) {
  put_all({"a", "b"}, "one");
  put_all({"c"}, "two");
  const auto one = fetch(2, "one");
  const FetchedTask two = fetch_one("two");
  const std::vector<Finish> items{{.lease = lease_of(one[1]), .kind = FinishKind::kDone},
                                  {.lease = {{"one", "x"}, {}}, .kind = FinishKind::kDone},
                                  {.lease = lease_of(two), .kind = FinishKind::kArchive},
                                  {.lease = lease_of(one[0]), .kind = FinishKind::kRequeue}};
  EXPECT_THAT(get(broker_->finish(items)), ElementsAre(FinishOutcome::kApplied, FinishOutcome::kLeaseLost,
                                                       FinishOutcome::kApplied, FinishOutcome::kApplied));
  EXPECT_THAT(ids(TaskState::kPending, "one"), ElementsAre("a"));
  EXPECT_THAT(ids(TaskState::kArchived, "two"), ElementsAre("c"));
}

TEST_P(Finishing, AnEmptyBatchIsFine) { EXPECT_THAT(get(broker_->finish({})), IsEmpty()); }

TEST_P(Finishing, AThousandTasksAreFinishedInOneCall) {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back(std::to_string(i));
  put_all(names);
  std::vector<Finish> items;
  for (const FetchedTask& task : fetch(1000)) items.push_back({.lease = lease_of(task), .kind = FinishKind::kDone});
  for (const FinishOutcome outcome : get(broker_->finish(items))) EXPECT_EQ(outcome, FinishOutcome::kApplied);
  EXPECT_EQ(stats().processed, 1000u);
  EXPECT_EQ(stats().size, 0u);
}

TEST_P(Finishing, DoneTasksOfOneFetchMayComeInAnyOrder) {
  put_all({"0", "1", "2", "3", "4", "5", "6", "7"});
  const std::vector<FetchedTask> running = fetch(8);
  std::vector<Finish> items;
  for (const std::size_t i : {3, 0, 2, 1, 6, 5, 7, 5}) items.push_back({.lease = lease_of(running[i]), .kind = FinishKind::kDone});
  constexpr auto kApplied = FinishOutcome::kApplied;
  EXPECT_THAT(get(broker_->finish(items)),
              ElementsAre(kApplied, kApplied, kApplied, kApplied, kApplied, kApplied, kApplied, FinishOutcome::kLeaseLost));
  EXPECT_THAT(ids(TaskState::kActive), ElementsAre("4"));
  EXPECT_EQ(stats().size, 1u);
  EXPECT_EQ(today(stats()), (Counters{7, 0, 0}));
}

TEST_P(Finishing, AmongManyDoneTasksEachIsJudgedByItself) {
  put_all({"0", "1", "2"});
  put(unique("locked", 1min));
  put_all({"4", "5", "6", "7"});
  const std::vector<FetchedTask> running = fetch(8);
  finish(running[5], FinishKind::kDone);
  std::vector<Finish> items;
  for (const FetchedTask& task : running) items.push_back({.lease = lease_of(task), .kind = FinishKind::kDone});
  const std::vector<FinishOutcome> outcomes = get(broker_->finish(items));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i], i == 5 ? FinishOutcome::kLeaseLost : FinishOutcome::kApplied) << i;
  }
  EXPECT_EQ(stats().size, 0u);
  EXPECT_EQ(today(stats()), (Counters{8, 0, 0}));
  EXPECT_EQ(put(unique("next", 1min)).status, EnqueueStatus::kEnqueued) << "the lock is free again";
}

TEST_P(Finishing, AFailureMessageIsMadeValidUtf8) {
  put_all({"a"});
  finish(Finish{
      .lease = lease_of(fetch_one()), .kind = FinishKind::kArchive, .failure = {FailureKind::kError, "bad \xff byte"}});
  EXPECT_EQ(info("a").failure.message, "bad \xEF\xBF\xBD byte");
}

TEST_P(Finishing, AResultStaysUntilItIsReplaced) {
  put_all({"a"});
  finish(Finish{.lease = lease_of(fetch_one()), .kind = FinishKind::kRetry, .at = clock_.now(), .result = "one"});
  forward();
  finish(Finish{.lease = lease_of(fetch_one()), .kind = FinishKind::kRetry, .at = clock_.now()});
  EXPECT_EQ(info("a").result, "one");
  forward();
  finish(Finish{.lease = lease_of(fetch_one()), .kind = FinishKind::kArchive, .result = ""});
  EXPECT_EQ(info("a").result, "") << "an empty result is a result";
}

TEST_P(Finishing, ResultAndProgressAreVisibleWhileTheTaskRuns) {
  put_all({"a"});
  const FetchedTask running = fetch_one();
  const TaskUpdate both{.lease = lease_of(running), .result = "part", .progress = Progress{12.5, "reading"}};
  get(broker_->update(std::span(&both, 1)));
  EXPECT_EQ(info("a").result, "part");
  EXPECT_EQ(info("a").progress, (Progress{12.5, "reading"}));
  const TaskUpdate one{.lease = lease_of(running), .progress = Progress{100, ""}};
  get(broker_->update(std::span(&one, 1)));
  EXPECT_EQ(info("a").result, "part") << "what an update does not name stays";
  EXPECT_EQ(info("a").progress, (Progress{100, ""}));
}

TEST_P(Finishing, AnUpdateUnderALostLeaseIsIgnored) {
  put_all({"a"});
  const FetchedTask stale = fetch_one();
  finish(stale, FinishKind::kRequeue);
  fetch_one();
  const std::vector<TaskUpdate> updates{{.lease = lease_of(stale), .result = "x", .progress = Progress{1, "x"}},
                                        {.lease = {{"q", "nobody"}, {}}, .result = "x"}};
  get(broker_->update(updates));
  EXPECT_FALSE(info("a").result.has_value());
  EXPECT_FALSE(info("a").progress.has_value());
  EXPECT_FALSE(exists("nobody")) << "nothing comes into being by an update";
}

TEST_P(Finishing, AFetchDropsTheProgressOfTheRunBefore) {
  put_all({"a"});
  const FetchedTask running = fetch_one();
  const TaskUpdate update{.lease = lease_of(running), .progress = Progress{50, "half"}};
  get(broker_->update(std::span(&update, 1)));
  fail(running, 0s);
  EXPECT_EQ(info("a").progress, (Progress{50, "half"}));
  forward();
  fetch_one();
  EXPECT_FALSE(info("a").progress.has_value());
}

}  // namespace
}  // namespace windlass::conformance
