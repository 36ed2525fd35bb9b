// Listings: order, filters, pages that do not drift.
#include <set>

#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Listing : public Conformance {
 protected:
  TaskPage page(const TaskFilter& filter, std::size_t limit, const std::string& cursor = {}) {
    return get(broker_->list({.filter = filter, .cursor = cursor, .limit = limit}));
  }
  const TaskFilter pending_{.queue = "q"};
};
WINDLASS_FOR_EACH_BROKER(Listing, rows());

TEST_P(Listing, PendingShowsTheNextToRunFirst) {
  put_all({"a", "b", "c"});
  finish(fetch_one(), FinishKind::kRequeue);
  act("b", TaskAction::kArchive);
  act("b", TaskAction::kRun);
  EXPECT_THAT(ids(TaskState::kPending), ElementsAre("a", "c", "b"));
}

TEST_P(Listing, ActiveShowsTheFirstFetchedFirst) {
  put_all({"a", "b"});
  const auto running = fetch(2);
  finish(running[0], FinishKind::kRequeue);
  clock_.step_wall(-1h);
  fetch_one();
  EXPECT_THAT(ids(TaskState::kActive), ElementsAre("b", "a"));
}

TEST_P(Listing, ScheduledAndRetryShowTheSoonestFirst) {
  put(delayed("s2", 2s));
  put(delayed("s1", 1s));
  EXPECT_THAT(ids(TaskState::kScheduled), ElementsAre("s1", "s2"));
  put_all({"r2", "r1"});
  const auto running = fetch(2);
  fail(running[0], 2s);
  fail(running[1], 1s);
  EXPECT_THAT(ids(TaskState::kRetry), ElementsAre("r1", "r2"));
}

TEST_P(Listing, ArchivedAndCompletedShowTheLatestFirst) {
  put_all({"a1", "a2"});
  for (const char* id : {"a1", "a2"}) {
    act(id, TaskAction::kArchive);
    clock_.advance(1s);
  }
  EXPECT_THAT(ids(TaskState::kArchived), ElementsAre("a2", "a1"));
  NewTask longer = plain("longer"), shorter = plain("shorter");
  longer.message.retention = 2h;
  shorter.message.retention = 1h;
  put(longer);
  put(shorter);
  for (const FetchedTask& task : fetch(2)) finish(task, FinishKind::kComplete);
  EXPECT_THAT(ids(TaskState::kCompleted), ElementsAre("longer", "shorter"));
}

TEST_P(Listing, AggregatingShowsTheOldestFirstOverAllGroups) {
  put(grouped("1", "b"));
  clock_.advance(1s);
  put(grouped("2", "a"));
  clock_.advance(1s);
  put(grouped("3", "b"));
  EXPECT_THAT(ids(TaskState::kAggregating), ElementsAre("1", "2", "3"));
  EXPECT_THAT(ids(TaskFilter{.queue = "q", .state = TaskState::kAggregating, .group = "b"}), ElementsAre("1", "3"));
}

TEST_P(Listing, FiltersByIdPrefixAndType) {
  NewTask other = plain("user-3");
  other.message.type = "other";
  put_all({"user-1", "use", "user-2", "USER-1"});
  put(other);
  EXPECT_THAT(ids(TaskFilter{.queue = "q", .id_prefix = "user-"}), ElementsAre("user-1", "user-2", "user-3"));
  EXPECT_THAT(ids(TaskFilter{.queue = "q", .type = "other"}), ElementsAre("user-3"));
  EXPECT_THAT(ids(TaskFilter{.queue = "q", .id_prefix = "user-", .type = "t"}, 1), ElementsAre("user-1", "user-2"));
  EXPECT_THAT(ids(TaskFilter{.queue = "q", .id_prefix = "nobody"}), IsEmpty());
}

TEST_P(Listing, WildcardCharactersInAPrefixMeanThemselves) {
  put_all({"a_b", "axb", "a%", "a*", "a[b]"});
  EXPECT_THAT(ids(TaskFilter{.queue = "q", .id_prefix = "a_"}), ElementsAre("a_b"));
  EXPECT_THAT(ids(TaskFilter{.queue = "q", .id_prefix = "a%"}), ElementsAre("a%"));
  EXPECT_THAT(ids(TaskFilter{.queue = "q", .id_prefix = "a*"}), ElementsAre("a*"));
  EXPECT_THAT(ids(TaskFilter{.queue = "q", .id_prefix = "a[b"}), ElementsAre("a[b]"));
}

TEST_P(Listing, PagesOfEverySizeShowEachTaskOnce) {
  std::vector<std::string> names;
  for (int i = 0; i < 25; ++i) names.push_back("t" + std::to_string(100 + i));
  put_all(names);
  for (const std::size_t size : {1u, 3u, 24u, 25u, 26u, 1000u}) EXPECT_EQ(ids(pending_, size), names) << size;
}

TEST_P(Listing, PagesOfTasksWithEqualTimesShowEachTaskOnce) {
  std::vector<NewTask> tasks;
  for (int i = 0; i < 10; ++i) tasks.push_back(delayed(std::to_string(i), 1h));
  get(broker_->enqueue(tasks));
  const TaskFilter filter{.queue = "q", .state = TaskState::kScheduled};
  const auto found = ids(filter, 3);
  EXPECT_EQ(found.size(), 10u);
  EXPECT_EQ(std::set(found.begin(), found.end()).size(), 10u);
  EXPECT_EQ(found, ids(filter, 4)) << "the order does not depend on the size of the page";
  get(broker_->bulk({.filter = filter, .action = TaskAction::kArchive}));
  const auto archived = ids(TaskFilter{.queue = "q", .state = TaskState::kArchived}, 3);
  EXPECT_EQ(archived, std::vector<std::string>(found.rbegin(), found.rend())) << "latest first turns ties round";
}

TEST_P(Listing, ACursorHoldsItsPlaceWhileTasksComeAndGo) {
  put_all({"a", "b", "c", "d", "e"});
  const TaskPage first = page(pending_, 2);
  ASSERT_EQ(first.tasks.size(), 2u);
  act("a", TaskAction::kDelete);
  act("b", TaskAction::kDelete);  // the task that the cursor stands on
  act("d", TaskAction::kDelete);
  finish(fetch_one(), FinishKind::kRequeue);
  put_all({"f"});
  const TaskPage rest = page(pending_, 10, first.next);
  std::vector<std::string> found;
  for (const TaskInfo& task : rest.tasks) found.push_back(task.id);
  EXPECT_THAT(found, ElementsAre("e", "f")) << "c was requeued to a place before the cursor";
}

TEST_P(Listing, ACursorHoldsItsPlaceInADescendingListing) {
  put_all({"a", "b", "c", "d"});
  for (const char* id : {"a", "b", "c", "d"}) {
    act(id, TaskAction::kArchive);
    clock_.advance(1s);
  }
  const TaskFilter archived{.queue = "q", .state = TaskState::kArchived};
  const TaskPage first = page(archived, 2);
  ASSERT_EQ(first.tasks.at(1).id, "c");
  act("c", TaskAction::kDelete);
  put_all({"new"});
  act("new", TaskAction::kArchive);
  const TaskPage rest = page(archived, 10, first.next);
  ASSERT_EQ(rest.tasks.size(), 2u);
  EXPECT_EQ(rest.tasks[0].id, "b");
  EXPECT_EQ(rest.next, "");
}

TEST_P(Listing, ACursorOfAnotherListingOrOfNoneIsRefused) {
  put_all({"a", "b"});
  put_all({"a", "b"}, "other");
  const std::string cursor = page(pending_, 1).next;
  ASSERT_NE(cursor, "");
  const std::vector<TaskFilter> others{{.queue = "other"},
                                       {.queue = "q", .state = TaskState::kArchived},
                                       {.queue = "q", .id_prefix = "a"},
                                       {.queue = "q", .type = "t"}};
  for (const TaskFilter& filter : others) {
    EXPECT_EQ(code_of(broker_->list({.filter = filter, .cursor = cursor})), ErrorCode::kInvalidArgument);
  }
  for (const char* nonsense : {"x", "-1", "' OR 1=1", "999999999999999999999999"}) {
    EXPECT_EQ(code_of(broker_->list({.filter = pending_, .cursor = nonsense})), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(code_of(broker_->list({.filter = pending_, .cursor = cursor.substr(1)})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(broker_->bulk({.filter = pending_, .cursor = cursor})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(page(pending_, 5, cursor).tasks.size(), 1u) << "another size of page is fine";
}

TEST_P(Listing, LimitsGroupsAndQueuesAreChecked) {
  put_all({"a"});
  EXPECT_EQ(code_of(broker_->list({.filter = pending_, .limit = 0})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(broker_->list({.filter = pending_, .limit = 1001})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(broker_->list({.filter = {.queue = "q", .group = "g"}})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of(broker_->list({.filter = {.queue = "unknown"}})), ErrorCode::kQueueNotFound);
}

TEST_P(Listing, LongPayloadsAndResultsAreCut) {
  NewTask task = plain("a");
  task.message.payload = Payload(std::string(1000, 'p'));
  task.message.retention = 1h;
  put(task);
  finish(Finish{.lease = lease_of(fetch_one()), .kind = FinishKind::kComplete, .result = std::string(1000, 'r')});
  const TaskFilter completed{.queue = "q", .state = TaskState::kCompleted};
  const TaskPage cut = get(broker_->list({.filter = completed, .payload_max = 10}));
  EXPECT_EQ(cut.tasks.at(0).payload.bytes(), "pppppppppp");
  EXPECT_EQ(cut.tasks.at(0).result, "rrrrrrrrrr");
  const TaskPage none = get(broker_->list({.filter = completed, .payload_max = 0}));
  EXPECT_EQ(none.tasks.at(0).payload.size(), 0u);
  EXPECT_TRUE(none.tasks.at(0).payload.present());
  EXPECT_EQ(page(completed, 1).tasks.at(0).payload.size(), 1000u);
  EXPECT_EQ(info("a").payload.size(), 1000u);
}

TEST_P(Listing, AListedTaskIsShownAsTheTaskItself) {
  NewTask task = delayed("a", 90s);
  task.message.headers = {{"k", "v"}};
  put(task);
  const TaskInfo listed = page({.queue = "q", .state = TaskState::kScheduled}, 1).tasks.at(0);
  const TaskInfo single = info("a");
  EXPECT_EQ(listed.headers, single.headers);
  EXPECT_EQ(listed.payload, single.payload);
  EXPECT_EQ(listed.next_process_at, single.next_process_at);
  EXPECT_EQ(listed.scheduled_at, single.scheduled_at);
  EXPECT_EQ(listed.state, TaskState::kScheduled);
}

TEST_P(Listing, EmptyStatesAreEmptyPages) {
  put_all({"a"});
  for (int i = 1; i <= kTaskStateCount; ++i) {
    const auto state = static_cast<TaskState>(i);
    if (state == TaskState::kPending) continue;
    EXPECT_THAT(ids(state), IsEmpty()) << task_state_name(state);
  }
}

}  // namespace
}  // namespace windlass::conformance
