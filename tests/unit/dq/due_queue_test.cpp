// Copies come out when their time has come, and no more are asked for than can be run.
#include "dq/due_queue.hpp"

#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "support/fake_clock.hpp"

namespace windlass::dq {
namespace {

using namespace std::chrono_literals;
using testing::FakeClock;

CopyPtr copy(beanstalk::JobId job) {
  auto made = std::make_shared<Copy>();
  made->job = job;
  return made;
}

TEST(DqDueQueue, GivesOutInTheOrderOfTimeAndNeverEarly) {
  FakeClock clock;
  DueQueue queue(clock, 1, [] {});
  queue.push(copy(1), FakeClock::kStart + 2ns);
  queue.push(copy(2), FakeClock::kStart + 1ns);
  std::promise<beanstalk::JobId> taken;
  std::future<beanstalk::JobId> first = taken.get_future();
  std::thread worker([&] { taken.set_value(queue.take()->job); });
  EXPECT_EQ(first.wait_for(20ms), std::future_status::timeout) << "nothing is due yet";
  queue.push(copy(3), FakeClock::kStart);  // whoever waits is woken for an earlier one
  EXPECT_EQ(first.get(), 3u);
  worker.join();
  clock.advance(1ns);
  EXPECT_EQ(queue.take()->job, 2u);
  clock.advance(1ns);
  EXPECT_EQ(queue.take()->job, 1u);
}

TEST(DqDueQueue, ClosingWakesAllWorkersAndKeepsWhatIsIn) {
  FakeClock clock;
  DueQueue queue(clock, 3, [] {});
  queue.push(copy(1), FakeClock::kStart + 1h);
  std::vector<std::thread> workers;
  for (int i = 0; i < 3; ++i) workers.emplace_back([&] { EXPECT_EQ(queue.take(), nullptr); });
  queue.close();
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(queue.take_all().size(), 1u);
  EXPECT_TRUE(queue.take_all().empty());
}

TEST(DqDueQueue, RoomIsForWhatWorkersCanTakeSoon) {
  FakeClock clock;
  DueQueue queue(clock, 2, [] {});
  EXPECT_EQ(queue.room(), 2u);
  queue.push(copy(1), FakeClock::kStart);
  queue.push(copy(2), FakeClock::kStart + 100ms);
  EXPECT_EQ(queue.room(), 1u) << "what is not due yet takes no room";
  clock.advance(100ms);
  EXPECT_EQ(queue.room(), 0u);
}

TEST(DqDueQueue, WhatNoWorkerTakesGoesBack) {
  FakeClock clock;
  DueQueue queue(clock, 1, [] {});
  auto* const reader = reinterpret_cast<NodeReader*>(&clock);  // never used as one
  for (const beanstalk::JobId job : {1, 2}) {
    CopyPtr made = copy(job);
    made->reader = reader;
    queue.push(std::move(made), FakeClock::kStart);
  }
  ASSERT_EQ(queue.take()->job, 1u);  // the only worker is busy now
  EXPECT_TRUE(queue.take_stalled(*reader).empty());
  clock.advance(DueQueue::kStalledAfter);
  EXPECT_EQ(queue.room(), 0u) << "and no more is asked for";
  EXPECT_EQ(queue.take_stalled(*reader).size(), 1u);
  EXPECT_TRUE(queue.take_all().empty());
}

}  // namespace
}  // namespace windlass::dq
