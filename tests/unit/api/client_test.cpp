#include <windlass/client.hpp>

#include <future>
#include <latch>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "broker/memory/memory_broker.hpp"
#include "support/failing_broker.hpp"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using windlass::testing::FailingBroker;
using windlass::testing::Fault;
using windlass::testing::Verb;

class ClientTest : public ::testing::Test {
 protected:
  static ErrorCode code(const Result<TaskInfo>& result) { return result ? ErrorCode::kInternal : result.error().code(); }

  std::shared_ptr<FailingBroker> store =
      std::make_shared<FailingBroker>(broker::make_memory_broker(base::real_clock(), 1000));
  Client client{store};
};

TEST_F(ClientTest, WhatIsReturnedIsWhatIsStored) {
  const TimePoint before = base::real_clock().now();
  const auto task = client.enqueue(Task("mail", "body"), EnqueueOptions()
                                                             .queue("low")
                                                             .max_retry(3)
                                                             .timeout(1500ms)
                                                             .retention(1h)
                                                             .expires_in(1min)
                                                             .unique(30s)
                                                             .header("k", "v"));
  ASSERT_TRUE(task) << task.error().message();
  const auto stored = store->task({"low", task->id});
  ASSERT_TRUE(stored);
  for (const TaskInfo& t : {*task, *stored}) {
    EXPECT_EQ(t.queue, "low");
    EXPECT_EQ(t.type, "mail");
    EXPECT_EQ(t.payload, Payload("body"));
    EXPECT_EQ(t.headers, (Headers{{"k", "v"}}));
    EXPECT_EQ(t.state, TaskState::kPending);
    EXPECT_EQ(t.max_retry, 3);
    EXPECT_EQ(t.timeout, 1500ms);
    EXPECT_EQ(t.retention, 1h);
    EXPECT_EQ(t.expires_at, task->enqueued_at + 1min);
    EXPECT_FALSE(t.unique_key.empty());
    EXPECT_GE(t.enqueued_at, before);
  }
}

TEST_F(ClientTest, TheStateTellsWhereTheTaskWaits) {
  const TimePoint later = base::real_clock().now() + 1h;
  const auto scheduled = client.enqueue(Task("t"), EnqueueOptions().process_at(later).group("g"));
  EXPECT_EQ(scheduled->state, TaskState::kScheduled) << "the future goes before the group";
  EXPECT_EQ(scheduled->next_process_at, later);
  EXPECT_EQ(client.enqueue(Task("t"), EnqueueOptions().group("g"))->state, TaskState::kAggregating);
  EXPECT_EQ(client.enqueue(Task("t"), EnqueueOptions().process_in(-1h))->state, TaskState::kPending);
}

TEST_F(ClientTest, OptionsOfTheCallGoOverThoseOfTheTask) {
  const Task task("t", {}, EnqueueOptions().queue("a").max_retry(1).header("x", "1").header("y", "1"));
  const auto stored = client.enqueue(task, EnqueueOptions().queue("b").header("y", "2"));
  EXPECT_EQ(stored->queue, "b");
  EXPECT_EQ(stored->max_retry, 1);
  EXPECT_EQ(stored->headers, (Headers{{"x", "1"}, {"y", "2"}}));
}

TEST_F(ClientTest, BadInputIsRefusedWithAText) {
  const std::pair<EnqueueOptions, std::string> cases[] = {
      {EnqueueOptions().queue(" "), "queue name"},
      {EnqueueOptions().task_id(""), "task ID"},
      {EnqueueOptions().group("\t"), "group key"},
      {EnqueueOptions().unique(999ms), "Unique TTL"},
      {EnqueueOptions().header("k", "\xff"), "UTF-8"},
      {EnqueueOptions().expires_in(0s), "expires_in"},
  };
  for (const auto& [options, text] : cases) {
    const auto result = client.enqueue(Task("t"), options);
    EXPECT_EQ(code(result), ErrorCode::kInvalidArgument) << text;
    EXPECT_THAT(result.error().message(), HasSubstr(text));
  }
  EXPECT_EQ(code(client.enqueue(Task(""))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(client.enqueue(Task("\xc0"))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(client.enqueue(Task("t", std::string(1001, 'x')))), ErrorCode::kResourceExhausted);
  EXPECT_EQ(store->calls(Verb::kEnqueue), 0);
}

TEST_F(ClientTest, DuplicatesAndConflictsNameTheTaskInTheWay) {
  const auto first = client.enqueue(Task("t", "p"), EnqueueOptions().unique(1min).task_id("one"));
  ASSERT_TRUE(first);
  const auto duplicate = client.enqueue(Task("t", "p"), EnqueueOptions().unique(1min));
  EXPECT_EQ(code(duplicate), ErrorCode::kDuplicateTask);
  EXPECT_THAT(duplicate.error().message(), HasSubstr("one"));
  EXPECT_THAT(duplicate.error().message(), HasSubstr("default"));
  const auto conflict = client.enqueue(Task("t"), EnqueueOptions().task_id("one"));
  EXPECT_EQ(code(conflict), ErrorCode::kTaskIdConflict);
  EXPECT_THAT(conflict.error().message(), HasSubstr("one"));
  EXPECT_TRUE(client.enqueue(Task("t"), EnqueueOptions().task_id("one").queue("other"))) << "ids are per queue";
}

TEST_F(ClientTest, OneBadTaskOfABatchDoesNotDisturbTheOthers) {
  const std::vector<Task> tasks = {
      Task("ok"), Task(" "), Task("u", "p", EnqueueOptions().unique(1min)), Task("u", "p", EnqueueOptions().unique(1min)),
      Task("g", {}, EnqueueOptions().group("g")), Task("big", std::string(1001, 'x')),
      Task("h", {}, EnqueueOptions().header("own", "1").task_id("x")), Task("c", {}, EnqueueOptions().task_id("x"))};
  const auto results = client.enqueue_batch(tasks, EnqueueOptions().header("shared", "2"));
  ASSERT_EQ(results.size(), 8u);
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(code(results[1]), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(results[2]);
  EXPECT_EQ(code(results[3]), ErrorCode::kDuplicateTask);
  EXPECT_EQ(results[4]->state, TaskState::kAggregating);
  EXPECT_EQ(code(results[5]), ErrorCode::kResourceExhausted);
  EXPECT_EQ(results[6]->headers, (Headers{{"own", "1"}, {"shared", "2"}}));
  EXPECT_EQ(code(results[7]), ErrorCode::kTaskIdConflict);
  EXPECT_EQ(store->calls(Verb::kEnqueue), 1) << "one call for all";
  EXPECT_TRUE(client.enqueue_batch({}).empty());
}

TEST_F(ClientTest, AnOutageIsReportedForEveryTaskThatWasSent) {
  store->on_call([](Verb, int) { return Fault::kBefore; });
  const std::vector<Task> tasks = {Task("a"), Task(""), Task("b")};
  const auto results = client.enqueue_batch(tasks);
  EXPECT_EQ(code(results[0]), ErrorCode::kUnavailable);
  EXPECT_EQ(code(results[1]), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(results[2]), ErrorCode::kUnavailable);
  EXPECT_THAT(results[0].error().message(), HasSubstr("enqueue on 'default'"));
  EXPECT_EQ(client.ping().error().code(), ErrorCode::kUnavailable);
}

TEST_F(ClientTest, AnUnknownOutcomeIsFoundOutWithTheSameId) {
  store->on_call([](Verb verb, int n) { return verb == Verb::kEnqueue && n == 1 ? Fault::kAfter : Fault::kNone; });
  const auto options = EnqueueOptions().task_id("mine");
  EXPECT_EQ(code(client.enqueue(Task("t"), options)), ErrorCode::kUnknownOutcome);
  EXPECT_EQ(code(client.enqueue(Task("t"), options)), ErrorCode::kTaskIdConflict) << "it was stored";
}

TEST_F(ClientTest, WhateverCallFailsNoAcknowledgedTaskIsLost) {
  for (const Fault fault : {Fault::kBefore, Fault::kAfter}) {
    int since = 0;
    store->on_call([&](Verb verb, int) { return verb == Verb::kEnqueue && ++since % 3 == 0 ? fault : Fault::kNone; });
    std::set<std::string> acknowledged;
    for (int i = 0; i < 50; ++i) {
      if (const auto task = client.enqueue(Task("t"))) acknowledged.insert(task->id);
    }
    store->on_call(nullptr);
    for (const std::string& id : acknowledged) EXPECT_TRUE(store->task({"default", id}));
    EXPECT_EQ(acknowledged.size(), 34u);
  }
}

TEST_F(ClientTest, AsynchronousTasksAreAllAnsweredAndGoInBatches) {
  // The first call to the store waits until all tasks have been handed over.
  std::latch handed_over(1);
  store->on_call([&](Verb, int n) {
    if (n == 1) handed_over.wait();
    return Fault::kNone;
  });
  std::vector<std::future<Result<TaskInfo>>> futures;
  for (int i = 0; i < 2000; ++i) futures.push_back(client.enqueue_async(Task(i == 7 ? "" : "t")));
  handed_over.count_down();
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(futures[static_cast<std::size_t>(i)].get().ok(), i != 7);
  EXPECT_LE(store->calls(Verb::kEnqueue), 4);
  EXPECT_EQ(store->queue_info("default")->pending, 1999u);
}

TEST_F(ClientTest, TooManyAsynchronousTasksAreRefusedAndTheRestStillArrive) {
  std::latch refused_one(1);
  store->on_call([&](Verb, int n) {
    if (n == 1) refused_one.wait();
    return Fault::kNone;
  });
  std::vector<std::future<Result<TaskInfo>>> futures;
  for (int i = 0; i < 100000; ++i) futures.push_back(client.enqueue_async(Task("t")));
  EXPECT_EQ(code(client.enqueue_async(Task("one too many")).get()), ErrorCode::kResourceExhausted);
  refused_one.count_down();
  for (auto& future : futures) ASSERT_TRUE(future.get());
  EXPECT_TRUE(client.enqueue_async(Task("t")).get()) << "there is room again";
}

TEST_F(ClientTest, TheDestructorWaitsForTasksOnTheirWay) {
  std::future<Result<TaskInfo>> future;
  {
    Client own(store);
    for (int i = 0; i < 100; ++i) future = own.enqueue_async(Task("t"));
    const Client moved(std::move(own));
  }
  ASSERT_EQ(future.wait_for(0s), std::future_status::ready);
  EXPECT_EQ(store->queue_info("default")->pending, 100u);
}

TEST_F(ClientTest, ManyThreadsMayShareOneClient) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 7; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) EXPECT_TRUE(i % 2 == 0 ? client.enqueue(Task("t")) : client.enqueue_async(Task("t")).get());
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(store->queue_info("default")->pending, 700u);
}

}  // namespace
}  // namespace windlass
