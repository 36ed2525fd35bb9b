// Storing tasks: what goes in comes out, and what is refused leaves no trace.
#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

WINDLASS_CONFORMANCE(Enqueue);

// Every field has a value of its own, none a round one.
NewTask full_task(TimePoint now) {
  NewTask task;
  task.message.id = "id: with spaces, ü and \xE2\x82\xAC";
  task.message.queue = "q";
  task.message.type = "mail:send";
  task.message.payload = Payload(std::string("\0\xff\n{}", 5));
  task.message.headers = {{"traceparent", "00-ab"}, {"empty", ""}, {"ключ", "значение"}};
  task.message.max_retry = 7;
  task.message.timeout = 1500ms + 1ns;
  task.message.deadline = now + 2h + 3ns;
  task.message.retention = 900ms;
  task.message.unique_key = "asynq:{q}:unique:mail:send:abc";
  task.message.expires_at = now + 1h + 5ns;
  task.message.scheduled_at = now - 10s;
  task.message.enqueued_at = now + 1ns;
  return task;
}

TEST_P(Enqueue, AFetchReturnsTheMessageExactlyAsItWasStored) {
  const NewTask task = full_task(clock_.now());
  EXPECT_EQ(put(task).status, EnqueueStatus::kEnqueued);
  const FetchedTask fetched = fetch_one();
  EXPECT_EQ(fetched.message, task.message);
  EXPECT_EQ(fetched.crashes, 0);
}

TEST_P(Enqueue, TheInspectorShowsEveryFieldOfTheMessage) {
  const NewTask task = full_task(clock_.now());
  put(task);
  const TaskInfo shown = info(task.message.id);
  EXPECT_EQ(shown.id, task.message.id);
  EXPECT_EQ(shown.queue, "q");
  EXPECT_EQ(shown.type, "mail:send");
  EXPECT_EQ(shown.payload, task.message.payload);
  EXPECT_EQ(shown.headers, task.message.headers);
  EXPECT_EQ(shown.max_retry, 7);
  EXPECT_EQ(shown.timeout, 1500ms + 1ns);
  EXPECT_EQ(shown.deadline, clock_.now() + 2h + 3ns);
  EXPECT_EQ(shown.expires_at, clock_.now() + 1h + 5ns);
  EXPECT_EQ(shown.retention, 900ms);
  EXPECT_EQ(shown.unique_key, task.message.unique_key);
  EXPECT_EQ(shown.enqueued_at, clock_.now() + 1ns);
  EXPECT_EQ(shown.scheduled_at, clock_.now() - 10s);
  EXPECT_EQ(shown.next_process_at, clock_.now()) << "a pending task is to run now";
}

TEST_P(Enqueue, AFreshTaskHasNothingOfARun) {
  put(plain("a"));
  const TaskInfo shown = info("a");
  EXPECT_EQ(shown.retried, 0);
  EXPECT_EQ(shown.crashes, 0);
  EXPECT_EQ(shown.failure, Failure());
  EXPECT_EQ(shown.last_failed_at, kNoTime);
  EXPECT_EQ(shown.started_at, kNoTime);
  EXPECT_EQ(shown.completed_at, kNoTime);
  EXPECT_EQ(shown.archived_at, kNoTime);
  EXPECT_EQ(shown.delete_at, kNoTime);
  EXPECT_FALSE(shown.progress.has_value());
  EXPECT_FALSE(shown.result.has_value());
  EXPECT_EQ(shown.owner, "");
  EXPECT_FALSE(shown.orphaned);
}

TEST_P(Enqueue, AbsentEmptyAndBinaryPayloadsStayWhatTheyAre) {
  NewTask absent = plain("absent"), empty = plain("empty"), binary = plain("binary"), large = plain("large");
  std::string all_bytes;
  for (int i = 0; i < 256; ++i) all_bytes.push_back(static_cast<char>(i));
  absent.message.payload = Payload();
  empty.message.payload = Payload("");
  binary.message.payload = Payload(all_bytes);
  large.message.payload = Payload(std::string(std::size_t{1} << 20, '\xfe'));
  for (const NewTask& task : {absent, empty, binary, large}) put(task);
  for (const NewTask& task : {absent, empty, binary, large}) {
    EXPECT_TRUE(info(task.message.id).payload == task.message.payload) << task.message.id;
    EXPECT_TRUE(fetch_one().message.payload == task.message.payload) << task.message.id;
  }
}

TEST_P(Enqueue, AnEmptyBatchIsFineAndStoresNothing) {
  EXPECT_THAT(get(broker_->enqueue({})), IsEmpty());
  EXPECT_THAT(get(broker_->queues()), IsEmpty());
}

TEST_P(Enqueue, ABatchOfAThousandIsStoredInItsOrder) {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("task-" + std::to_string(i));
  put_all(names);
  EXPECT_EQ(stats().pending, 1000u);
  EXPECT_EQ(ids(TaskState::kPending), names);
  EXPECT_EQ(ids_of(fetch(1000)), names);
}

TEST_P(Enqueue, TheStateFollowsFromTimeAndGroup) {
  EXPECT_EQ(put(plain("now")).state, TaskState::kPending);
  EXPECT_EQ(put(delayed("later", 1ns)).state, TaskState::kScheduled);
  EXPECT_EQ(put(delayed("just", 0ns)).state, TaskState::kPending) << "only a time later than now is scheduled";
  EXPECT_EQ(put(delayed("past", -1h)).state, TaskState::kPending);
  EXPECT_EQ(put(grouped("in-group")).state, TaskState::kAggregating);
  NewTask both = grouped("both");
  both.process_at = clock_.now() + 1h;
  EXPECT_EQ(put(both).state, TaskState::kScheduled) << "a delayed task waits for its time before it joins its group";
  const QueueInfo q = stats();
  EXPECT_EQ(q.pending, 3u);
  EXPECT_EQ(q.scheduled, 2u);
  EXPECT_EQ(q.aggregating, 1u);
  EXPECT_EQ(q.size, 6u);
}

TEST_P(Enqueue, ATakenIdIsAConflictInWhateverStateItsTaskIs) {
  for (int i = 1; i <= kTaskStateCount; ++i) {
    const auto state = static_cast<TaskState>(i);
    const std::string id(task_state_name(state));
    put_in_state(id, state);
    EXPECT_EQ(put(plain(id)).status, EnqueueStatus::kIdConflict) << id;
    EXPECT_EQ(this->state(id), state) << "the first one stays as it was";
    if (state == TaskState::kPending) fetch_one();
  }
}

TEST_P(Enqueue, TheSameIdTwiceInOneBatchIsAConflictForTheSecond) {
  NewTask second = plain("a");
  second.message.payload = Payload("second");
  const std::vector<NewTask> batch{plain("a"), second, plain("b")};
  const auto outcomes = get(broker_->enqueue(batch));
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_EQ(outcomes[0].status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(outcomes[1].status, EnqueueStatus::kIdConflict);
  EXPECT_EQ(outcomes[2].status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(info("a").payload, Payload("payload of a"));
}

TEST_P(Enqueue, TheSameIdInAnotherQueueIsAnotherTask) {
  EXPECT_EQ(put(plain("a", "one")).status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(put(plain("a", "two")).status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(finish(fetch_one("one"), FinishKind::kDone), FinishOutcome::kApplied);
  EXPECT_FALSE(exists("a", "one"));
  EXPECT_TRUE(exists("a", "two"));
}

TEST_P(Enqueue, AnIdIsFreeAgainWhenItsTaskIsGone) {
  put(plain("a"));
  finish(fetch_one(), FinishKind::kDone);
  EXPECT_EQ(put(plain("a")).status, EnqueueStatus::kEnqueued);
}

TEST_P(Enqueue, QueuesAppearWithTheirFirstTaskWhateverTheirName) {
  const std::vector<std::string> names{"a queue", "a{b}:c", "default", "очередь", "队列"};
  for (const std::string& name : names) put(plain("x", name));
  EXPECT_EQ(get(broker_->queues()), names) << "sorted by bytes";
  for (const std::string& name : names) {
    EXPECT_EQ(stats(name).pending, 1u);
    EXPECT_EQ(fetch_one(name).message.queue, name);
  }
}

TEST_P(Enqueue, ABatchMayGoToManyQueues) {
  const std::vector<NewTask> batch{plain("1", "a"), plain("2", "b"), delayed("3", 1h, "a"), plain("4", "a")};
  get(broker_->enqueue(batch));
  EXPECT_THAT(ids(TaskState::kPending, "a"), ElementsAre("1", "4"));
  EXPECT_THAT(ids(TaskState::kPending, "b"), ElementsAre("2"));
  EXPECT_THAT(ids(TaskState::kScheduled, "a"), ElementsAre("3"));
}

TEST_P(Enqueue, APayloadOverTheLimitFailsTheWholeBatch) {
  EXPECT_EQ(broker_->payload_max(), kTestPayloadMax);
  NewTask fits = plain("fits"), too_large = plain("too-large");
  fits.message.payload = Payload(std::string(kTestPayloadMax, 'x'));
  too_large.message.payload = Payload(std::string(kTestPayloadMax + 1, 'x'));
  const std::vector<NewTask> batch{plain("small"), too_large};
  EXPECT_EQ(code_of(broker_->enqueue(batch)), ErrorCode::kResourceExhausted);
  EXPECT_THAT(get(broker_->queues()), IsEmpty());
  EXPECT_EQ(put(fits).status, EnqueueStatus::kEnqueued);
}

TEST_P(Enqueue, ATaskWithoutIdQueueOrTypeFailsTheWholeBatch) {
  NewTask no_id = plain(""), no_queue = plain("x", ""), no_type = plain("x"), no_key = unique("x", 1s, "");
  no_type.message.type.clear();
  for (const NewTask& bad : {no_id, no_queue, no_type, no_key}) {
    const std::vector<NewTask> batch{plain("good"), bad};
    EXPECT_EQ(code_of(broker_->enqueue(batch)), ErrorCode::kInvalidArgument);
  }
  EXPECT_THAT(get(broker_->queues()), IsEmpty());
}

}  // namespace
}  // namespace windlass::conformance
