// Stores that outlive their broker, and stores that several brokers share (each as if in a process of its own).
#include <algorithm>
#include <iterator>
#include <thread>

#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;

std::vector<Row> rows_where(bool Row::*able) {
  std::vector<Row> found;
  std::ranges::copy_if(rows(), std::back_inserter(found), able);
  return found;
}

class Reopen : public Conformance {
 protected:
  void reopen() {
    broker_.reset();
    broker_ = store_->open(clock_, kTestPayloadMax);
  }
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Reopen);
WINDLASS_FOR_EACH_BROKER(Reopen, rows_where(&Row::survives));

TEST_P(Reopen, TasksOfAllStatesAreStillThere) {
  for (int i = 1; i <= kTaskStateCount; ++i) {
    const auto state = static_cast<TaskState>(i);
    put_in_state(std::string(task_state_name(state)), state);
    if (state == TaskState::kPending) act("pending", TaskAction::kArchive);
  }
  act("pending", TaskAction::kRun);
  const QueueInfo before = stats();
  reopen();
  for (int i = 1; i <= kTaskStateCount; ++i) {
    const auto state = static_cast<TaskState>(i);
    EXPECT_EQ(this->state(std::string(task_state_name(state))), state);
  }
  EXPECT_EQ(stats().size, before.size);
  EXPECT_EQ(stats().processed_total, before.processed_total);
}

TEST_P(Reopen, LocksTicksPauseAndOrderAreStillThere) {
  put(unique("a", 1h));
  put_all({"b", "c"});
  NewTask tick = plain("d");
  tick.tick = Tick{"e", clock_.now()};
  put(tick);
  finish(fetch(2)[1], FinishKind::kRequeue);
  get(broker_->pause("q"));
  reopen();
  EXPECT_TRUE(stats().paused);
  get(broker_->resume("q"));
  EXPECT_EQ(put(unique("x", 1h)).holder, "a");
  tick.message.id = "y";
  EXPECT_EQ(put(tick).status, EnqueueStatus::kTickTaken);
  put_all({"z"});
  EXPECT_THAT(ids_of(fetch(10)), ElementsAre("b", "c", "d", "z"));
}

TEST_P(Reopen, ALeaseIsGoodAcrossAReopening) {
  put_all({"a", "b"});
  const auto running = fetch(2, "q", "s", 10s);
  reopen();
  EXPECT_EQ(finish(running[0], FinishKind::kDone), FinishOutcome::kApplied);
  clock_.advance(10s);
  EXPECT_EQ(get(broker_->recover({.queues = {"q"}})).size(), 1u);
  EXPECT_EQ(finish(running[1], FinishKind::kDone), FinishOutcome::kLeaseLost);
}

TEST_P(Reopen, TokensAreNotGivenOutAgainAfterAReopening) {
  put_all({"a"});
  const FetchedTask first = fetch_one();
  finish(first, FinishKind::kDone);
  reopen();
  put_all({"a"});
  EXPECT_NE(fetch_one().token, first.token);
  EXPECT_EQ(finish(first, FinishKind::kDone), FinishOutcome::kLeaseLost);
}

class Shared : public Conformance {
 protected:
  std::shared_ptr<Broker> other_ = store_->open(clock_, kTestPayloadMax);
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Shared);
WINDLASS_FOR_EACH_BROKER(Shared, rows_where(&Row::shared));

TEST_P(Shared, WhatOneStoresTheOtherFetches) {
  put_all({"a"});
  EXPECT_THAT(ids_of(get(other_->fetch({.queues = {{"q", 1}}, .max = 1, .owner = "o", .lease = 1h}))),
              ElementsAre("a"));
  EXPECT_TRUE(fetch(1).empty());
}

TEST_P(Shared, AnEnqueueThroughOneEndsTheWaitOfTheOther) {
  const auto waiter = other_->make_waiter({"q"}, WaitFor::kPending);
  std::thread thread([&, until = clock_.now() + 1h] { waiter->wait(until); });
  put_all({"a"});
  thread.join();
}

TEST_P(Shared, ADelayedTaskStoredThroughOneEndsTheWaitForDueTimesOfTheOther) {
  const auto waiter = other_->make_waiter({"q"}, WaitFor::kDue);
  std::thread thread([&, until = clock_.now() + 1h] { waiter->wait(until); });
  put(delayed("a", 1min));
  thread.join();
}

TEST_P(Shared, ACancelRequestMadeThroughOneReachesTheFeedsOfTheOtherOnce) {
  const auto feed = other_->make_cancel_feed();
  const CancelRequest request{{"q", "a"}, true};
  get(broker_->cancel(std::span(&request, 1)));
  std::vector<CancelRequest> found;
  while (found.empty()) found = get(feed->wait(clock_.now() + 1h));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].task, (TaskRef{"q", "a"}));
  EXPECT_TRUE(get(feed->wait(clock_.now())).empty());
}

TEST_P(Shared, ALeaseGivenByOneIsGoodAtTheOther) {
  put_all({"a"});
  const Finish done{.lease = lease_of(fetch_one())};
  EXPECT_EQ(get(other_->finish(std::span(&done, 1))).at(0), FinishOutcome::kApplied);
}

}  // namespace
}  // namespace windlass::conformance
