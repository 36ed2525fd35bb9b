// The handler contract, row by row: what becomes of a task by what its handler says.
#include <stdexcept>

#include "server_fixture.hpp"

namespace windlass::runtime {
namespace {

class HandlerContract : public ServerTest {
 protected:
  // Runs one task whose handler does `body`, and stops the server when its outcome is written.
  template <class F>
  void run_one(F body, broker::NewTask t = task("a")) {
    mux.handle("t", std::move(body));
    config.retry_delay = [](int, const Failure&, const Context&) { return Duration(10s); };
    enqueue(t);
    start();
    ASSERT_TRUE(eventually([&] { return !in_state("a", TaskState::kPending) && !in_state("a", TaskState::kActive); }));
    server->stop();
  }
};

TEST_F(HandlerContract, ATaskThatIsDoneIsGone) {
  run_one([](Context&) {});
  EXPECT_TRUE(gone("a"));
  EXPECT_EQ(store->queue_info("default")->processed, 1u);
  EXPECT_EQ(store->queue_info("default")->failed, 0u);
  EXPECT_EQ(server->counters().done.value(), 1u);
}

TEST_F(HandlerContract, ATaskWithRetentionIsKeptAsCompletedWithItsResult) {
  auto t = task("a");
  t.message.retention = 1h;
  run_one([](Context& ctx) { ctx.write_result("42"); }, t);
  EXPECT_EQ(info("a").state, TaskState::kCompleted);
  EXPECT_EQ(info("a").result, "42");
  EXPECT_EQ(info("a").delete_at, clock.now() + 1h);
}

TEST_F(HandlerContract, AFailureIsRetriedAndCharged) {
  run_one([](Context&) { return Outcome::fail("mail server said no"); });
  EXPECT_EQ(info("a").state, TaskState::kRetry);
  EXPECT_EQ(info("a").retried, 1);
  EXPECT_EQ(info("a").failure, Failure(FailureKind::kError, "mail server said no"));
  EXPECT_EQ(info("a").next_process_at, clock.now() + 10s);
}

TEST_F(HandlerContract, AFailureWithoutRetriesLeftIsArchived) {
  auto t = task("a");
  t.message.max_retry = 0;
  run_one([](Context&) { return Outcome::fail("no"); }, t);
  EXPECT_EQ(info("a").state, TaskState::kArchived);
  EXPECT_EQ(info("a").retried, 0);
}

TEST_F(HandlerContract, AnExceptionIsAFailureWithItsTypeAndText) {
  run_one([](Context&) { throw std::out_of_range("index 7"); });
  EXPECT_EQ(info("a").state, TaskState::kRetry);
  EXPECT_EQ(info("a").failure, Failure(FailureKind::kException, "std::out_of_range: index 7"));
}

TEST_F(HandlerContract, AThrownIntIsAFailureToo) {
  run_one([](Context&) { throw 42; });
  EXPECT_EQ(info("a").failure, Failure(FailureKind::kException, "an exception of type int"));
}

TEST_F(HandlerContract, SkipRetryArchivesThoughRetriesAreLeft) {
  run_one([](Context&) { throw SkipRetry("no such user"); });
  EXPECT_EQ(info("a").state, TaskState::kArchived);
  EXPECT_EQ(info("a").failure.message, "no such user");
}

TEST_F(HandlerContract, ARevokedTaskIsRemovedAsIfDone) {
  auto t = task("a");
  t.message.retention = 1h;
  run_one([](Context&) { throw RevokeTask(); }, t);
  EXPECT_TRUE(gone("a"));
  EXPECT_EQ(store->queue_info("default")->failed, 0u);
}

TEST_F(HandlerContract, ASnoozedTaskWaitsWithoutCost) {
  run_one([](Context&) -> Outcome { return Snooze(1min); });
  EXPECT_EQ(info("a").state, TaskState::kScheduled);
  EXPECT_EQ(info("a").next_process_at, clock.now() + 1min);
  EXPECT_EQ(info("a").retried, 0);
  EXPECT_EQ(store->queue_info("default")->processed, 0u);
}

TEST_F(HandlerContract, ATaskWithoutHandlerIsRetried) {
  run_one([](Context&) {}, task("a", "unknown"));
  EXPECT_EQ(info("a").state, TaskState::kRetry);
  EXPECT_EQ(info("a").failure.kind, FailureKind::kNoHandler);
}

TEST_F(HandlerContract, WhatIsFailureRefusesIsRetriedForEverWithoutCharge) {
  config.is_failure = [](const Failure&) { return false; };
  auto t = task("a");
  t.message.max_retry = 0;
  run_one([](Context&) { return Outcome::fail("rate limit"); }, t);
  EXPECT_EQ(info("a").state, TaskState::kRetry);
  EXPECT_EQ(info("a").retried, 0);
  EXPECT_EQ(store->queue_info("default")->failed, 0u);
}

TEST_F(HandlerContract, AnExpiredTaskNeverStarts) {
  auto t = task("a");
  t.message.expires_at = clock.now();
  std::atomic<bool> ran = false;
  run_one([&](Context&) { ran = true; }, t);
  EXPECT_FALSE(ran);
  EXPECT_EQ(info("a").state, TaskState::kArchived);
  EXPECT_EQ(info("a").failure.kind, FailureKind::kExpired);
  EXPECT_EQ(store->queue_info("default")->expired, 1u);
}

TEST_F(HandlerContract, AnExpiredTaskIsDiscardedIfTheServerIsToldSo) {
  auto t = task("a");
  t.message.expires_at = clock.now();
  config.expired = ExpiredPolicy::kDiscard;
  run_one([](Context&) {}, t);
  EXPECT_TRUE(gone("a"));
  EXPECT_EQ(store->queue_info("default")->expired, 1u);
}

TEST_F(HandlerContract, ATaskPastItsDeadlineNeverStartsAndIsNotRetried) {
  auto t = task("a");
  t.message.deadline = clock.now() - 1ns;
  std::atomic<bool> ran = false;
  run_one([&](Context&) { ran = true; }, t);
  EXPECT_FALSE(ran);
  EXPECT_EQ(info("a").state, TaskState::kArchived);
  EXPECT_EQ(info("a").failure.kind, FailureKind::kDeadline);
}

TEST_F(HandlerContract, TheHandlerSeesItsTask) {
  auto t = task("a", "t", "mail");
  t.message.payload = Payload("body");
  t.message.headers = {{"k", "v"}};
  t.message.timeout = 5s;
  t.message.scheduled_at = clock.now() - 3s;
  config.queues = {{"mail", 1}};
  std::promise<void> checked;
  mux.handle("t", [&](Context& ctx) {
    EXPECT_EQ(ctx.task_id(), "a");
    EXPECT_EQ(ctx.queue(), "mail");
    EXPECT_EQ(ctx.type(), "t");
    EXPECT_EQ(ctx.payload(), Payload("body"));
    EXPECT_EQ(ctx.headers(), (Headers{{"k", "v"}}));
    EXPECT_EQ(ctx.retry_count(), 0);
    EXPECT_EQ(ctx.max_retry(), 3);
    EXPECT_EQ(ctx.started_at(), clock.now());
    EXPECT_EQ(ctx.deadline(), clock.now() + 5s);
    EXPECT_EQ(ctx.enqueued_at(), windlass::testing::FakeClock::kStart);
    EXPECT_EQ(ctx.scheduled_at(), clock.now() - 3s);
    EXPECT_FALSE(ctx.stop_requested());
    checked.set_value();
  });
  enqueue(t);
  start();
  checked.get_future().wait();
}

}  // namespace
}  // namespace windlass::runtime
