// Listings on Redis: seconds with many tasks, lists that move under a cursor, ghosts, messages that do not decode, large pages.
#include <algorithm>
#include <numeric>

#include "integration/redis_inspect_fixture.hpp"

namespace windlass::testing {
namespace {

class RedisListing : public RedisInspectFixture {
 protected:
  // Due at different moments of one second, the later the smaller the number.
  void put_in_one_second(int first, int end) {
    std::vector<NewTask> tasks;
    for (int n = first; n < end; ++n) tasks.push_back(delayed(numbered(n), 10s + 100ms - Duration(n)));
    get(broker_->enqueue(tasks));
  }
  static std::vector<std::string> numbers(int first, int end) {
    std::vector<std::string> all;
    for (int n = first; n < end; ++n) all.push_back(numbered(n));
    return all;
  }
  static std::vector<std::string> reversed(std::vector<std::string> ids) {
    std::ranges::reverse(ids);
    return ids;
  }
  static std::vector<std::string> sorted(std::vector<std::string> ids) {
    std::ranges::sort(ids);
    return ids;
  }
};

TEST_F(RedisListing, TasksOfOneSecondAreInTheOrderOfTheirExactTimesIfTheyAreFew) {
  put_in_one_second(0, 1000);
  EXPECT_EQ(ids(TaskState::kScheduled, 300), reversed(numbers(0, 1000)));
}

TEST_F(RedisListing, ASecondWithManyTasksIsShownByIdAndEachOnce) {
  put(delayed("before", 9s));
  put_in_one_second(0, 1500);
  put(delayed("later", 12s));
  std::vector<std::string> expected = numbers(0, 1500);
  expected.insert(expected.begin(), "before");
  expected.emplace_back("later");
  EXPECT_EQ(ids(TaskState::kScheduled, 400), expected);
  EXPECT_EQ(ids(TaskState::kScheduled, 1000), expected);
}

TEST_F(RedisListing, ASecondWithManyArchivedTasksIsShownByIdBackwards) {
  put_in_one_second(0, 1500);
  BulkRequest archive{.filter = {.queue = "q", .state = TaskState::kScheduled}, .action = TaskAction::kArchive, .max = 600};
  std::size_t applied = 0;
  do {
    const BulkResult result = get(broker_->bulk(archive));
    applied += result.applied;
    archive.cursor = result.next;
  } while (!archive.cursor.empty());
  EXPECT_EQ(applied, 1500u);
  EXPECT_EQ(ids(TaskState::kArchived, 400), reversed(numbers(0, 1500)));
}

TEST_F(RedisListing, ASecondThatFillsUpBetweenPagesShowsNothingTwiceAndLeavesNothingOut) {
  put_in_one_second(0, 900);
  const TaskPage first = page(TaskState::kScheduled, 100);
  EXPECT_EQ(ids_of(first).front(), numbered(899));
  put_in_one_second(2000, 2300);  // due before all others, so that they need not be shown
  std::vector<std::string> rest = ids(TaskState::kScheduled, 70, first.next);
  EXPECT_EQ(sorted(rest), numbers(0, 800));
}

TEST_F(RedisListing, ASecondThatEmptiesBetweenPagesShowsNothingTwiceAndLeavesNothingOut) {
  put_in_one_second(0, 1500);
  const TaskPage first = page(TaskState::kScheduled, 100);
  EXPECT_EQ(ids_of(first), numbers(0, 100));
  for (int n = 50; n < 1000; ++n) act(numbered(n), TaskAction::kDelete);
  EXPECT_EQ(ids(TaskState::kScheduled, 70, first.next), numbers(1000, 1500));
}

TEST_F(RedisListing, AggregatingTasksOfManyGroupsAreMergedInOrder) {
  std::vector<std::string> expected;
  for (int n = 0; n < 400; ++n) {
    put(grouped(numbered(n), "group " + std::to_string(n % 30)));
    if (n % 7 == 0) clock_.advance(300ms);
    expected.push_back(numbered(n));
    if (n == 200) get(broker_->take_group("q", {.grace = 0s}, 1h));
  }
  EXPECT_EQ(ids(TaskState::kAggregating, 37), expected);
}

TEST_F(RedisListing, ASecondWithManyTasksOfManyGroupsIsShownByIdAndEachOnce) {
  std::vector<NewTask> tasks;
  for (int n = 0; n < 1500; ++n) tasks.push_back(grouped(numbered(n), "group " + std::to_string(n % 50)));
  get(broker_->enqueue(tasks));
  EXPECT_EQ(ids(TaskState::kAggregating, 170), numbers(0, 1500));
}

TEST_F(RedisListing, ACursorInAListGoesOnBehindWhatConsumersTook) {
  put_numbered(0, 1000);
  const TaskPage first = page(TaskState::kPending, 100);
  const auto running = fetch(400);
  EXPECT_EQ(ids(TaskState::kPending, 1000, first.next), numbers(400, 1000)) << "its place has gone";
  const TaskPage active = page(TaskState::kActive, 100);
  for (int n = 50; n < 350; ++n) finish(running[static_cast<std::size_t>(n)], FinishKind::kDone);
  EXPECT_EQ(ids(TaskState::kActive, 1000, active.next), numbers(350, 400));
}

TEST_F(RedisListing, ACursorInAListGoesOnBehindWhatWasDeletedAroundIt) {
  put_numbered(0, 1000);
  const TaskPage first = page(TaskState::kPending, 500);
  for (int n = 490; n < 510; ++n) act(numbered(n), TaskAction::kDelete);
  EXPECT_EQ(ids(TaskState::kPending, 1000, first.next).front(), numbered(510));
}

TEST_F(RedisListing, ACursorInAListIsFoundAgainFarFromItsPlace) {
  put_numbered(0, 1000);
  const TaskPage first = page(TaskState::kPending, 600);
  fetch(590);
  EXPECT_EQ(ids(TaskState::kPending, 1000, first.next), numbers(600, 1000));
}

TEST_F(RedisListing, RequeuedTasksDoNotMoveACursor) {
  put_numbered(0, 700);
  const TaskPage first = page(TaskState::kPending, 100);
  const auto running = fetch(300);
  for (const FetchedTask& task : running) finish(task, FinishKind::kRequeue);
  EXPECT_EQ(ids(TaskState::kPending, 1000, first.next), numbers(300, 700)) << "they stand before it now";
}

TEST_F(RedisListing, GhostsAreNotShown) {
  put_numbered(0, 3);
  run({"DEL", "asynq:{q}:t:00001"});
  run({"RPUSH", "asynq:{q}:active", "nobody"});
  run({"ZADD", "asynq:{q}:archived", "1", "nobody"});
  EXPECT_EQ(ids(TaskState::kPending, 10), (std::vector<std::string>{"00000", "00002"}));
  EXPECT_THAT(ids(TaskState::kActive, 10), IsEmpty());
  EXPECT_THAT(ids(TaskState::kArchived, 10), IsEmpty());
  EXPECT_FALSE(exists("00001"));
}

TEST_F(RedisListing, AMessageThatDoesNotDecodeIsShownWithItsBytes) {
  put_numbered(0, 1);
  const std::string bytes = "\xff\xff not a message";
  run({"HSET", "asynq:{q}:t:00000", "msg", bytes});
  const TaskInfo shown = page(TaskState::kPending, 10).tasks.at(0);
  EXPECT_EQ(shown.id, "00000");
  EXPECT_EQ(shown.payload, Payload(bytes));
  EXPECT_EQ(shown.failure.kind, FailureKind::kBadPayload);
  EXPECT_THAT(shown.failure.message, HasSubstr("does not decode"));
  EXPECT_EQ(act("00000", TaskAction::kArchive), ActionOutcome::kApplied);
  EXPECT_EQ(act("00000", TaskAction::kDelete), ActionOutcome::kApplied);
}

TEST_F(RedisListing, AnActiveTaskWithoutALeaseIsOrphaned) {
  put_numbered(0, 1);
  fetch(1);
  EXPECT_FALSE(info("00000").orphaned);
  run({"ZREM", "asynq:{q}:lease", "00000"});
  EXPECT_TRUE(info("00000").orphaned);
  EXPECT_TRUE(page(TaskState::kActive, 1).tasks.at(0).orphaned);
}

TEST_F(RedisListing, ATaskThatAGoServerRunsDoesNotShowOurEarlierRun) {
  put_numbered(0, 1);
  fetch(1);
  run({"ZADD", "asynq:{q}:lease", "99999999999", "00000"});
  EXPECT_EQ(info("00000").owner, "");
  EXPECT_EQ(info("00000").started_at, kNoTime);
  EXPECT_FALSE(info("00000").orphaned);
}

TEST_F(RedisListing, PagesOfLargeTasksAreShorter) {
  for (int n = 0; n < 20; ++n) {
    NewTask task = plain(numbered(n));
    task.message.payload = Payload(std::string(std::size_t{1} << 20, 'x'));
    put(task);
  }
  const TaskPage first = page(TaskState::kPending, 1000);
  EXPECT_THAT(first.tasks.size(), ::testing::AllOf(::testing::Ge(8u), ::testing::Le(9u)));
  EXPECT_EQ(ids(TaskState::kPending, 1000), numbers(0, 20));
}

TEST_F(RedisListing, ARareTypeIsFoundOverManyPages) {
  put_numbered(0, 1000);
  NewTask rare = plain("rare");
  rare.message.type = "rare";
  put(rare);
  put_numbered(1000, 1500);
  const TaskPage found = get(broker_->list({.filter = {.queue = "q", .type = "rare"}, .limit = 1}));
  EXPECT_EQ(ids_of(found), std::vector<std::string>{"rare"});
}

TEST_F(RedisListing, ATamperedCursorIsAnErrorAndNothingElse) {
  put_in_one_second(0, 10);
  std::string cursor = page(TaskState::kScheduled, 3).next;
  for (std::size_t i = 20; i < cursor.size(); ++i) {
    std::string tampered = cursor;
    tampered[i] = tampered[i] == 'f' ? '0' : 'f';
    (void)broker_->list({.filter = {.queue = "q", .state = TaskState::kScheduled}, .cursor = tampered});
  }
  EXPECT_EQ(ids(TaskState::kScheduled, 3).size(), 10u);
}

}  // namespace
}  // namespace windlass::testing
