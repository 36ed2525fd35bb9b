// Actions and removal on Redis: long lists, tasks stored by Asynq, removals that were cut off.
#include "integration/redis_inspect_fixture.hpp"

namespace windlass::testing {
namespace {

class RedisActions : public RedisInspectFixture {};

TEST_F(RedisActions, ManyTasksOfALongListAreReachedWhereverTheyStand) {
  put_numbered(0, 5000);
  std::vector<TaskRef> refs;
  for (int n = 0; n < 5000; n += 5) refs.push_back({"q", numbered(n)});
  refs.push_back({"q", "nobody"});
  const std::vector<ActionOutcome> outcomes = get(broker_->act(refs, TaskAction::kDelete));
  ASSERT_EQ(outcomes.size(), 1001u);
  EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), ActionOutcome::kApplied), 1000);
  EXPECT_EQ(outcomes.back(), ActionOutcome::kNotFound);
  EXPECT_EQ(stats().pending, 4000u);
  EXPECT_FALSE(exists(numbered(4995)));
}

TEST_F(RedisActions, ABulkOperationTakesMoreThanAScriptDoes) {
  put_numbered(0, 1000);
  const BulkResult result = get(broker_->bulk({.filter = {.queue = "q"}, .action = TaskAction::kArchive, .max = 700}));
  EXPECT_EQ(result.applied, 700u);
  EXPECT_NE(result.next, "");
  EXPECT_EQ(stats().archived, 700u);
  EXPECT_EQ(get(broker_->bulk({.filter = {.queue = "q"}, .action = TaskAction::kArchive, .cursor = result.next, .max = 700})).applied,
            300u);
}

// As Asynq's "add to group", unique: the hash names neither the time nor the lock.
TEST_F(RedisActions, ATaskOfAGroupThatAsynqStoredReleasesItsLock) {
  put(plain("x"));
  NewTask task = unique("a", "k");
  task.message.group = "g";
  run({"HSET", "asynq:{q}:t:a", "msg", core::encode_message(task.message), "state", "aggregating", "group", "g"});
  run({"ZADD", "asynq:{q}:g:g", "1709208000", "a"});
  run({"SADD", "asynq:{q}:groups", "g"});
  run({"SET", "asynq:{q}:unique:t:k", "a"});
  EXPECT_EQ(info("a").group, "g");
  EXPECT_EQ(act("a", TaskAction::kDelete), ActionOutcome::kApplied);
  EXPECT_EQ(run({"EXISTS", "asynq:{q}:unique:t:k"}), "0");
  EXPECT_EQ(run({"EXISTS", "asynq:{q}:groups"}), "0");
}

TEST_F(RedisActions, DeletingDoesNotReleaseALockThatAnotherTaskHolds) {
  put(unique("a", "k"));
  run({"SET", "asynq:{q}:unique:t:k", "b"});
  EXPECT_EQ(act("a", TaskAction::kDelete), ActionOutcome::kApplied);
  EXPECT_EQ(run({"GET", "asynq:{q}:unique:t:k"}), "b");
}

TEST_F(RedisActions, AHashWithoutAMessageIsNoTask) {
  put(plain("x"));
  run({"HSET", "asynq:{q}:t:late", "result", "r"});
  for (const TaskAction action : {TaskAction::kRun, TaskAction::kArchive, TaskAction::kDelete}) {
    EXPECT_EQ(act("late", action), ActionOutcome::kNotFound);
  }
}

TEST_F(RedisActions, AnArchivedTaskIsWhatAsynqExpects) {
  put(plain("a"));
  clock_.advance(1500ms);
  act("a", TaskAction::kArchive);
  EXPECT_EQ(run({"HGET", "asynq:{q}:t:a", "state"}), "archived");
  EXPECT_EQ(score("asynq:{q}:archived", "a"), 1709208001);
  EXPECT_EQ(run({"HEXISTS", "asynq:{q}:t:a", "pending_since"}), "0") << "else a later run by Asynq waits since then";
  act("a", TaskAction::kRun);
  EXPECT_EQ(run({"LINDEX", "asynq:{q}:pending", "0"}), "a");
}

TEST_F(RedisActions, APayloadIsReplacedOnlyInTheMessageThatWasRead) {
  put(delayed("a", 1h));
  get(broker_->update_payload({"q", "a"}, Payload("")));
  EXPECT_TRUE(info("a").payload.present());
  get(broker_->update_payload({"q", "a"}, Payload()));
  EXPECT_FALSE(info("a").payload.present());
  run({"HSET", "asynq:{q}:t:a", "msg", "\xff"});
  const Status refused = broker_->update_payload({"q", "a"}, Payload("x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kCorrupt);
}

TEST_F(RedisActions, ARemovedQueueLeavesNoKeyBehind) {
  put_numbered(0, 600);
  for (int n = 0; n < 300; ++n) put(unique("u" + numbered(n), numbered(n)));
  put(delayed("s", 1h));
  put(grouped("g1"));
  put(grouped("h1", "h"));
  get(broker_->take_group("q", {.grace = 0s}, 1h));
  for (const FetchedTask& task : fetch(2)) finish(task, FinishKind::kArchive);
  get(broker_->pause("q"));
  get(broker_->remove_queue("q", true));
  EXPECT_THAT(keys(), IsEmpty());
  EXPECT_THAT(get(broker_->queues()), IsEmpty());
}

TEST_F(RedisActions, AQueueWithManyGroupsIsRemovedInPortions) {
  for (int n = 0; n < 700; ++n) put(grouped("t" + numbered(n), "group " + numbered(n)));
  run({"SADD", "asynq:{q}:groups", "a name that is left over"});
  const Status refused = broker_->remove_queue("q", false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kQueueNotEmpty);
  EXPECT_EQ(stats().aggregating, 700u);
  get(broker_->remove_queue("q", true));
  EXPECT_THAT(keys(), IsEmpty());

  put(plain("a"));
  const TaskRef ref{"q", "a"};
  get(broker_->act(std::span(&ref, 1), TaskAction::kDelete));
  for (int n = 0; n < 700; ++n) run({"SADD", "asynq:{q}:groups", "empty " + numbered(n)});
  get(broker_->remove_queue("q", false));
  EXPECT_THAT(keys(), IsEmpty());
}

TEST_F(RedisActions, ARemovalThatWasCutOffIsContinued) {
  put_numbered(0, 600);
  put(unique("a", "k"));
  run({"RENAME", "asynq:{q}:pending", "asynq:{q}:windlass:trash:x:1"});
  run({"RPUSH", "asynq:{q}:windlass:trash", "asynq:{q}:windlass:trash:x:1"});
  run({"SREM", "asynq:queues", "q"});
  get(broker_->remove_queue("q", true));
  EXPECT_THAT(keys(), IsEmpty());
  EXPECT_FALSE(broker_->remove_queue("q", true)) << "and then it is gone";
}

TEST_F(RedisActions, ATaskInTheTrashCannotBeActedUponAndItsIdIsNotGivenAwayBefore) {
  put(plain("a"));
  run({"RENAME", "asynq:{q}:pending", "asynq:{q}:windlass:trash:x:1"});
  run({"RPUSH", "asynq:{q}:windlass:trash", "asynq:{q}:windlass:trash:x:1"});
  for (const TaskAction action : {TaskAction::kArchive, TaskAction::kDelete}) {
    EXPECT_EQ(act("a", action), ActionOutcome::kNotFound);
  }
  EXPECT_EQ(put(plain("a")), EnqueueStatus::kIdConflict);
  get(broker_->clean({.queues = {"q"}}));
  EXPECT_EQ(put(plain("a")), EnqueueStatus::kEnqueued);
}

TEST_F(RedisActions, AKeyOfAnotherTypeIsAnErrorThatChangesNothing) {
  put(plain("a"));
  run({"SET", "asynq:{q}:archived", "text"});
  const TaskRef ref{"q", "a"};
  EXPECT_FALSE(broker_->act(std::span(&ref, 1), TaskAction::kArchive));
  EXPECT_FALSE(broker_->queue_info("q"));
  EXPECT_FALSE(broker_->list({.filter = {.queue = "q", .state = TaskState::kArchived}}));
  EXPECT_FALSE(broker_->remove_queue("q", true));
  EXPECT_EQ(info("a").state, TaskState::kPending);
}

}  // namespace
}  // namespace windlass::testing
