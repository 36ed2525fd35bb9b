// How the dashboard reads and acts, on a store in memory.
#include "dash/reader.hpp"

#include <condition_variable>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/client.hpp>

namespace windlass::app::dash {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class DashReader : public ::testing::Test {
 protected:
  DashReader() : broker(open_broker("memory:").value()), inspector(broker) {
    (void)Client(broker).enqueue(Task("t", "x"), EnqueueOptions().queue("mail").task_id("t1"));
  }
  Snapshot read(Query query) const { return read_snapshot(inspector, query, TimePoint(1s)); }

  BrokerPtr broker;
  Inspector inspector;
};

TEST_F(DashReader, ReadsWhatTheViewShows) {
  EXPECT_EQ(read({View::kQueues}).queues.at(0).queue, "mail");
  const Snapshot tasks = read({View::kTasks, "mail", TaskState::kPending, "", 10, ""});
  EXPECT_EQ(tasks.queues.at(0).pending, 1u);
  EXPECT_EQ(tasks.page.tasks.at(0).id, "t1");
  EXPECT_EQ(read({View::kTask, "mail", TaskState::kActive, "", 1, "t1"}).task->type, "t");
  EXPECT_TRUE(read({View::kServers}).servers.empty());
  EXPECT_TRUE(read({View::kSchedulers}).entries.empty());
}

TEST_F(DashReader, ReadsGroupsAndTheirTasks) {
  for (const char* group : {"daily", "weekly"}) {
    ASSERT_TRUE(Client(broker).enqueue(Task("t", "x"), EnqueueOptions().queue("mail").group(group).task_id(group)));
  }
  Query query{View::kTasks, "mail", TaskState::kAggregating, "", 10, ""};
  const Snapshot groups = read(query);
  ASSERT_EQ(groups.groups.size(), 2u);
  EXPECT_EQ(groups.groups[1].group, "weekly");
  EXPECT_TRUE(groups.page.tasks.empty());
  query.group = "weekly";
  EXPECT_EQ(read(query).page.tasks.at(0).id, "weekly");
  query.group = "";
  EXPECT_EQ(read(query).page.tasks.size(), 2u);
}

TEST_F(DashReader, WhatIsGoneIsNoTrouble) {
  EXPECT_EQ(read({View::kTask, "mail", TaskState::kActive, "", 1, "none"}).error, "");
  EXPECT_EQ(read({View::kTasks, "none", TaskState::kPending, "", 10, ""}).error, "");
}

TEST_F(DashReader, ActsOnQueuesAndTasks) {
  EXPECT_TRUE(perform(inspector, {ActKind::kPause, "mail", ""}));
  EXPECT_TRUE(inspector.queue("mail")->paused);
  EXPECT_TRUE(perform(inspector, {ActKind::kResume, "mail", ""}));
  EXPECT_TRUE(perform(inspector, {ActKind::kArchive, "mail", "t1"}));
  EXPECT_TRUE(perform(inspector, {ActKind::kRun, "mail", "t1"}));
  EXPECT_TRUE(perform(inspector, {ActKind::kDelete, "mail", "t1"}));
  EXPECT_FALSE(perform(inspector, {ActKind::kDelete, "mail", "t1"}));
}

// Waits for news that the predicate likes.
template <class F>
void wait_for(Reader& reader, F liked) {
  while (!liked(reader.take())) std::this_thread::yield();
}

TEST_F(DashReader, GoesOnWhenAStoreThatWasAwayIsThere) {
  std::atomic<bool> away{true};
  Reader reader(
      [&]() -> Result<BrokerPtr> {
        if (away) return Error(ErrorCode::kUnavailable, "nobody is there");
        return broker;
      },
      1ms);
  wait_for(reader, [](const Reader::News& news) { return news.snapshot && news.snapshot->error == "nobody is there"; });
  reader.act({ActKind::kPause, "mail", ""});
  wait_for(reader, [](const Reader::News& news) { return !news.told.empty() && news.told[0].failed; });
  away = false;
  wait_for(reader, [](const Reader::News& news) {
    return news.snapshot && news.snapshot->error.empty() && !news.snapshot->queues.empty();
  });
  reader.act({ActKind::kPause, "mail", ""});
  wait_for(reader, [](const Reader::News& news) { return !news.told.empty() && !news.told[0].failed; });
  reader.ask({View::kTask, "mail", TaskState::kActive, "", 1, "t1"});
  wait_for(reader, [](const Reader::News& news) { return news.snapshot && news.snapshot->task.has_value(); });
}

}  // namespace
}  // namespace windlass::app::dash
