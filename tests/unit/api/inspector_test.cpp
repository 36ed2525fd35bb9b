#include <windlass/inspector.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/client.hpp>

#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "broker/memory/memory_broker.hpp"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class InspectorTest : public ::testing::Test {
 protected:
  std::string add(const EnqueueOptions& options = {}, const std::string& type = "t") {
    const auto task = client.enqueue(Task(type, "p"), options);
    EXPECT_TRUE(task) << task.error().message();
    return task ? task->id : "";
  }
  std::string add_active() {
    const std::string id = add(EnqueueOptions().queue("work"));
    const auto fetched = store->fetch({.queues = {{"work", 1}}, .max = 1, .owner = "s", .lease = 1h});
    EXPECT_EQ(fetched->size(), 1u);
    return id;
  }
  static void expect_error(const Status& status, ErrorCode code, const std::string& text) {
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().code(), code) << status.error().message();
    EXPECT_THAT(status.error().message(), HasSubstr(text));
  }

  BrokerPtr store = broker::make_memory_broker(base::real_clock());
  Client client{store};
  Inspector inspector{store};
};

TEST_F(InspectorTest, QueuesAreListedAndCounted) {
  EXPECT_TRUE(inspector.queues()->empty());
  add();
  add(EnqueueOptions().queue("b").process_in(1h));
  EXPECT_EQ(*inspector.queues(), (std::vector<std::string>{"b", "default"}));
  EXPECT_EQ(inspector.queue("b")->scheduled, 1u);
  EXPECT_EQ(inspector.queue("default")->pending, 1u);
  EXPECT_EQ(inspector.queue("none").error().code(), ErrorCode::kQueueNotFound);
  EXPECT_THAT(inspector.queue("none").error().message(), HasSubstr("'none'"));
  EXPECT_EQ(inspector.history("default", 3)->size(), 3u);
  EXPECT_EQ(inspector.history("default", 0).error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(InspectorTest, AQueueIsPausedAndResumedOnce) {
  add();
  EXPECT_TRUE(inspector.pause_queue("default"));
  EXPECT_TRUE(inspector.queue("default")->paused);
  expect_error(inspector.pause_queue("default"), ErrorCode::kFailedPrecondition, "pause queue 'default'");
  EXPECT_TRUE(inspector.resume_queue("default"));
  expect_error(inspector.resume_queue("default"), ErrorCode::kFailedPrecondition, "resume queue 'default'");
}

TEST_F(InspectorTest, AQueueIsRemovedWhenItIsEmptyOrByForce) {
  add();
  expect_error(inspector.remove_queue("default"), ErrorCode::kQueueNotEmpty, "remove queue 'default'");
  EXPECT_TRUE(inspector.remove_queue("default", true));
  expect_error(inspector.remove_queue("default"), ErrorCode::kQueueNotFound, "'default'");
}

TEST_F(InspectorTest, ATaskIsRunArchivedAndDeleted) {
  const std::string id = add(EnqueueOptions().process_in(1h));
  EXPECT_TRUE(inspector.run_task("default", id));
  EXPECT_EQ(inspector.task("default", id)->state, TaskState::kPending);
  expect_error(inspector.run_task("default", id), ErrorCode::kFailedPrecondition, "it is pending already");
  EXPECT_TRUE(inspector.archive_task("default", id));
  expect_error(inspector.archive_task("default", id), ErrorCode::kFailedPrecondition, "it is archived already");
  EXPECT_TRUE(inspector.delete_task("default", id));
  expect_error(inspector.delete_task("default", id), ErrorCode::kTaskNotFound, "delete task " + id + " in queue 'default'");
  EXPECT_EQ(inspector.task("default", id).error().code(), ErrorCode::kTaskNotFound);
}

TEST_F(InspectorTest, AnActiveTaskCanOnlyBeCancelled) {
  const std::string id = add_active();
  for (const Status& refused : {inspector.run_task("work", id), inspector.archive_task("work", id), inspector.delete_task("work", id)}) {
    expect_error(refused, ErrorCode::kFailedPrecondition, "cancel it instead");
  }
  const auto feed = store->make_cancel_feed();
  EXPECT_TRUE(inspector.cancel("work", id, Cancel::kForGood));
  const auto requests = feed->wait(base::real_clock().now() + 10s);
  ASSERT_EQ(requests->size(), 1u);
  EXPECT_EQ(requests->front().task, (broker::TaskRef{"work", id}));
  EXPECT_TRUE(requests->front().for_good);
}

TEST_F(InspectorTest, OnlyActiveTasksCanBeCancelled) {
  const std::string id = add();
  expect_error(inspector.cancel("default", id), ErrorCode::kFailedPrecondition, "it is pending");
  expect_error(inspector.cancel("default", "no"), ErrorCode::kTaskNotFound, "cancel task no");
}

TEST_F(InspectorTest, AllActiveTasksThatMatchAreAskedToStop) {
  for (int i = 0; i < 600; ++i) add(EnqueueOptions().queue("work"), i % 2 == 0 ? "even" : "odd");
  ASSERT_EQ(store->fetch({.queues = {{"work", 600}}, .max = 600, .owner = "s", .lease = 1h})->size(), 600u);
  const auto feed = store->make_cancel_feed();
  EXPECT_EQ(*inspector.cancel_all({.queue = "work", .type = "even"}), 300u);
  std::size_t heard = 0;
  while (heard < 300) heard += feed->wait(base::real_clock().now() + 10s)->size();
  EXPECT_EQ(heard, 300u);
}

TEST_F(InspectorTest, ListingGoesFromPageToPageThoughTasksCome) {
  for (int i = 0; i < 25; ++i) add();
  std::size_t seen = 0;
  std::string cursor;
  do {
    const auto page = inspector.list({}, 10, cursor);
    ASSERT_TRUE(page) << page.error().message();
    seen += page->tasks.size();
    cursor = page->next;
    if (seen == 10) add();
  } while (!cursor.empty());
  EXPECT_EQ(seen, 26u);
  EXPECT_EQ(inspector.list({}, 0).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(inspector.list({}, 10, "nonsense").error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(inspector.list({.queue = "none"}).error().code(), ErrorCode::kQueueNotFound);
}

TEST_F(InspectorTest, TasksAreFoundByIdPrefixAndType) {
  add(EnqueueOptions().task_id("abc-1"), "mail");
  add(EnqueueOptions().task_id("abc-2"), "image");
  add(EnqueueOptions().task_id("xyz-1"), "mail");
  EXPECT_EQ(inspector.list({.id_prefix = "abc"})->tasks.size(), 2u);
  EXPECT_EQ(inspector.list({.type = "mail"})->tasks.size(), 2u);
  EXPECT_EQ(inspector.list({.id_prefix = "abc", .type = "mail"})->tasks.size(), 1u);
}

TEST_F(InspectorTest, BulkOperationsActOnAllThatMatchAndReportTheirProgress) {
  for (int i = 0; i < 700; ++i) add({}, i % 7 == 0 ? "seventh" : "t");
  std::vector<std::size_t> progress;
  const auto archived = inspector.archive_all({.type = "t"}, [&](std::size_t so_far) {
    progress.push_back(so_far);
    return true;
  });
  EXPECT_EQ(*archived, 600u);
  EXPECT_GE(progress.size(), 2u) << "in chunks";
  EXPECT_EQ(progress.back(), 600u);
  EXPECT_EQ(*inspector.run_all({.state = TaskState::kArchived}), 600u);
  EXPECT_EQ(*inspector.delete_all({}), 700u);
}

TEST_F(InspectorTest, ABulkOperationStopsWhenItsCallerSaysSo) {
  for (int i = 0; i < 700; ++i) add();
  const auto deleted = inspector.delete_all({}, [](std::size_t) { return false; });
  EXPECT_GT(*deleted, 0u);
  EXPECT_LT(*deleted, 700u);
}

TEST_F(InspectorTest, BulkOperationsOnActiveTasksAreRefused) {
  add_active();
  EXPECT_EQ(inspector.delete_all({.queue = "work", .state = TaskState::kActive}).error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(InspectorTest, ThePayloadOfAScheduledTaskCanBeChanged) {
  const std::string id = add(EnqueueOptions().process_in(1h));
  EXPECT_TRUE(inspector.update_payload("default", id, "new"));
  EXPECT_EQ(inspector.task("default", id)->payload, Payload("new"));
  const std::string pending = add();
  expect_error(inspector.update_payload("default", pending, "new"), ErrorCode::kFailedPrecondition, pending);
}

TEST_F(InspectorTest, GroupsServersSchedulersAndFactsCanBeRead) {
  add(EnqueueOptions().group("g"));
  EXPECT_EQ(inspector.groups("default")->front().group, "g");
  EXPECT_TRUE(inspector.servers()->empty());
  EXPECT_TRUE(inspector.scheduler_entries()->empty());
  EXPECT_TRUE(inspector.scheduler_events("none")->empty());
  EXPECT_EQ(inspector.describe()->front().first, "broker");
}

}  // namespace
}  // namespace windlass
