// The inspector's actions: run, archive, delete, singly and in bulk; new payloads.
#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

WINDLASS_CONFORMANCE(Actions);

constexpr ActionOutcome kOk = ActionOutcome::kApplied;

TEST_P(Actions, EachActionAnswersByState) {
  const auto after = [](TaskAction action) -> std::optional<TaskState> {
    if (action == TaskAction::kDelete) return std::nullopt;
    return action == TaskAction::kRun ? TaskState::kPending : TaskState::kArchived;
  };
  const auto expect_state = [&](const std::string& id, std::optional<TaskState> expected) {
    ASSERT_EQ(exists(id), expected.has_value()) << id;
    if (expected) { EXPECT_EQ(state(id), *expected) << id; }
  };
  struct Case {
    TaskState state;
    ActionOutcome run, archive, remove;
  };
  const std::vector<Case> cases{
      {TaskState::kActive, ActionOutcome::kActive, ActionOutcome::kActive, ActionOutcome::kActive},
      {TaskState::kPending, ActionOutcome::kAlready, kOk, kOk},
      {TaskState::kScheduled, kOk, kOk, kOk},
      {TaskState::kRetry, kOk, kOk, kOk},
      {TaskState::kArchived, kOk, ActionOutcome::kAlready, kOk},
      {TaskState::kCompleted, kOk, ActionOutcome::kWrongState, kOk},
      {TaskState::kAggregating, kOk, kOk, kOk},
  };
  for (const Case& c : cases) {
    const std::string name(task_state_name(c.state));
    for (const auto& [action, expected] :
         {std::pair(TaskAction::kRun, c.run), std::pair(TaskAction::kArchive, c.archive),
          std::pair(TaskAction::kDelete, c.remove)}) {
      const std::string id = name + std::to_string(static_cast<int>(action));
      put_in_state(id, c.state);
      EXPECT_EQ(act(id, action), expected) << id;
      expect_state(id, expected == kOk ? after(action) : c.state);
      get(broker_->bulk({.filter = {.queue = "q"}, .action = TaskAction::kDelete}));
    }
  }
}

TEST_P(Actions, UnknownTasksAndQueuesAreNotFound) {
  put_all({"a"});
  for (const TaskAction action : {TaskAction::kRun, TaskAction::kArchive, TaskAction::kDelete}) {
    EXPECT_EQ(act("nobody", action), ActionOutcome::kNotFound);
    EXPECT_EQ(act("a", action, "unknown"), ActionOutcome::kNotFound);
  }
}

TEST_P(Actions, ABatchIsDoneInOrder) {
  put_all({"a", "b"});
  const std::vector<TaskRef> refs{{"q", "a"}, {"q", "nobody"}, {"q", "a"}, {"q", "b"}};
  EXPECT_THAT(get(broker_->act(refs, TaskAction::kDelete)),
              ElementsAre(kOk, ActionOutcome::kNotFound, ActionOutcome::kNotFound, kOk));
  EXPECT_THAT(get(broker_->act({}, TaskAction::kDelete)), IsEmpty());
}

TEST_P(Actions, ATaskRunByHandWaitsBehindTheOthersAndKeepsItsHistory) {
  put_all({"a"});
  const FetchedTask running = fetch_one();
  finish(Finish{.lease = lease_of(running),
                .kind = FinishKind::kArchive,
                .failure = {FailureKind::kError, "why"},
                .result = "r"});
  put_all({"b"});
  act("a", TaskAction::kRun);
  const TaskInfo shown = info("a");
  EXPECT_EQ(shown.failure.message, "why");
  EXPECT_EQ(shown.result, "r");
  EXPECT_EQ(shown.archived_at, kNoTime);
  EXPECT_THAT(ids_of(fetch(2)), ElementsAre("b", "a"));
}

TEST_P(Actions, ACompletedTaskRunAgainLosesItsCompletion) {
  put_in_state("a", TaskState::kCompleted);
  act("a", TaskAction::kRun);
  EXPECT_EQ(info("a").completed_at, kNoTime);
  EXPECT_EQ(info("a").delete_at, kNoTime);
  clock_.advance(2h);
  get(broker_->clean({.queues = {"q"}}));
  EXPECT_TRUE(exists("a")) << "its retention does not go on";
}

TEST_P(Actions, ArchivingByHandChangesNeitherCountersNorFailure) {
  put_all({"a"});
  fail(fetch_one(), 1h, "first");
  clock_.advance(1s);
  act("a", TaskAction::kArchive);
  EXPECT_EQ(info("a").archived_at, clock_.now());
  EXPECT_EQ(info("a").next_process_at, kNoTime);
  EXPECT_EQ(info("a").failure.message, "first");
  EXPECT_EQ(info("a").last_failed_at, clock_.now() - 1s);
  EXPECT_EQ(stats().processed, 1u);
  EXPECT_EQ(stats().failed, 1u);
}

TEST_P(Actions, BulkGoesThroughEverythingInChunks) {
  std::vector<NewTask> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(delayed(std::to_string(i), 1h + Duration(i)));
  get(broker_->enqueue(tasks));
  BulkRequest request{.filter = {.queue = "q", .state = TaskState::kScheduled}, .action = TaskAction::kRun, .max = 3};
  std::size_t applied = 0, calls = 0;
  do {
    const BulkResult result = get(broker_->bulk(request));
    EXPECT_LE(result.applied, 3u);
    applied += result.applied;
    request.cursor = result.next;
    ++calls;
  } while (!request.cursor.empty() && calls < 100);
  EXPECT_EQ(applied, 10u);
  EXPECT_THAT(ids_of(fetch(10)), ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
}

TEST_P(Actions, BulkTouchesOnlyWhatTheFilterNames) {
  NewTask other = plain("user-2");
  other.message.type = "other";
  put_all({"user-1", "job-1"});
  put(other);
  put(plain("user-9", "another queue"));
  EXPECT_EQ(
      get(broker_->bulk({.filter = {.queue = "q", .id_prefix = "user-", .type = "t"}, .action = TaskAction::kDelete}))
          .applied,
      1u);
  EXPECT_THAT(ids(TaskState::kPending), ElementsAre("job-1", "user-2"));
  EXPECT_TRUE(exists("user-9", "another queue"));
  put(grouped("g1", "g"));
  put(grouped("h1", "h"));
  EXPECT_EQ(get(broker_->bulk({.filter = {.queue = "q", .state = TaskState::kAggregating, .group = "h"},
                               .action = TaskAction::kArchive}))
                .applied,
            1u);
  EXPECT_THAT(ids(TaskState::kAggregating), ElementsAre("g1"));
}

TEST_P(Actions, BulkPassesOverTasksForWhichTheActionIsNotPossible) {
  put_all({"a"});
  put_in_state("c", TaskState::kScheduled);
  EXPECT_EQ(get(broker_->bulk({.filter = {.queue = "q"}, .action = TaskAction::kRun})).applied, 0u);
  finish(fetch_one(), FinishKind::kComplete);
  EXPECT_EQ(
      get(broker_->bulk({.filter = {.queue = "q", .state = TaskState::kCompleted}, .action = TaskAction::kArchive}))
          .applied,
      0u);
  EXPECT_EQ(state("a"), TaskState::kCompleted);
}

TEST_P(Actions, BulkRefusesWhatCannotBe) {
  put_all({"a"});
  const TaskFilter pending{.queue = "q"};
  EXPECT_EQ(code_of(broker_->bulk({.filter = {.queue = "q", .state = TaskState::kActive}})),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(broker_->bulk({.filter = pending, .max = 0})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(broker_->bulk({.filter = {.queue = "q", .group = "g"}})), ErrorCode::kInvalidArgument)
      << "a filter that cannot work must not mean all tasks";
  EXPECT_EQ(code_of(broker_->bulk({.filter = {.queue = "unknown"}})), ErrorCode::kQueueNotFound);
  EXPECT_TRUE(exists("a"));
}

TEST_P(Actions, ABulkCursorBelongsToItsAction) {
  put_all({"a", "b", "c"});
  const BulkResult first = get(broker_->bulk({.filter = {.queue = "q"}, .action = TaskAction::kRun, .max = 1}));
  ASSERT_NE(first.next, "");
  EXPECT_EQ(code_of(broker_->bulk({.filter = {.queue = "q"}, .action = TaskAction::kDelete, .cursor = first.next})),
            ErrorCode::kInvalidArgument);
}

TEST_P(Actions, APayloadOfAScheduledTaskCanBeReplaced) {
  NewTask task = delayed("a", 1h);
  task.message.unique_key = "asynq:{q}:unique:t:k";
  task.unique_ttl = 24h;
  put(task);
  get(broker_->update_payload({"q", "a"}, Payload(std::string("new\0", 4))));
  EXPECT_EQ(info("a").payload, Payload(std::string("new\0", 4)));
  EXPECT_EQ(info("a").next_process_at, clock_.now() + 1h);
  EXPECT_EQ(put(unique("b", 1s)).status, EnqueueStatus::kDuplicate) << "its lock stays as it is";
  get(broker_->update_payload({"q", "a"}, Payload()));
  clock_.advance(1h);
  forward();
  EXPECT_FALSE(fetch_one().message.payload.present());
}

TEST_P(Actions, APayloadOfAnyOtherTaskCannot) {
  for (int i = 1; i <= kTaskStateCount; ++i) {
    const auto state = static_cast<TaskState>(i);
    if (state == TaskState::kScheduled) continue;
    const std::string id(task_state_name(state));
    put_in_state(id, state);
    EXPECT_EQ(code_of(broker_->update_payload({"q", id}, Payload("x"))), ErrorCode::kFailedPrecondition) << id;
    if (state == TaskState::kPending) fetch_one();
  }
  put(delayed("a", 1h));
  EXPECT_EQ(code_of(broker_->update_payload({"q", "nobody"}, Payload("x"))), ErrorCode::kTaskNotFound);
  EXPECT_EQ(code_of(broker_->update_payload({"unknown", "a"}, Payload("x"))), ErrorCode::kQueueNotFound);
  EXPECT_EQ(code_of(broker_->update_payload({"q", "a"}, Payload(std::string(kTestPayloadMax + 1, 'x')))),
            ErrorCode::kResourceExhausted);
}

TEST_P(Actions, AskingForATaskThatIsNotThereSaysWhatIsMissing) {
  EXPECT_EQ(code_of(broker_->task({"q", "a"})), ErrorCode::kQueueNotFound);
  put_all({"a"});
  EXPECT_EQ(code_of(broker_->task({"q", "b"})), ErrorCode::kTaskNotFound);
}

}  // namespace
}  // namespace windlass::conformance
