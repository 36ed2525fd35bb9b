// Records of servers and schedulers.
#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Records : public Conformance {
 protected:
  ServerRecord server(const std::string& id, TimePoint started_at = testing::FakeClock::kStart) const {
    ServerRecord record;
    record.info.id = id;
    record.info.host = "host";
    record.info.pid = 42;
    record.info.concurrency = 10;
    record.info.queues = {{"critical", 6}, {"q", 1}};
    record.info.strict_priority = true;
    record.info.status = "active";
    record.info.started_at = started_at;
    return record;
  }
  std::vector<std::string> server_ids() {
    std::vector<std::string> found;
    for (const ServerInfo& info : get(broker_->servers())) found.push_back(info.id);
    return found;
  }
  SchedulerEntry entry(const std::string& id, const std::string& spec = "@every 1m") const {
    SchedulerEntry e;
    e.id = id;
    e.spec = spec;
    e.task_type = "report";
    e.payload = Payload(std::string("\0p", 2));
    e.options = {"Queue(\"low\")", "MaxRetry(3)"};
    e.next_at = clock_.now() + 1min + 1ns;
    return e;
  }
};
WINDLASS_FOR_EACH_BROKER(Records, rows());

TEST_P(Records, AServerIsShownAsItPublishedItself) {
  get(broker_->publish_server(server("h:1:a", clock_.now() + 5ns), 10s));
  const auto servers = get(broker_->servers());
  ASSERT_EQ(servers.size(), 1u);
  EXPECT_EQ(servers[0].id, "h:1:a");
  EXPECT_EQ(servers[0].host, "host");
  EXPECT_EQ(servers[0].pid, 42);
  EXPECT_EQ(servers[0].concurrency, 10);
  EXPECT_EQ(servers[0].queues, (std::map<std::string, int>{{"critical", 6}, {"q", 1}}));
  EXPECT_TRUE(servers[0].strict_priority);
  EXPECT_EQ(servers[0].status, "active");
  EXPECT_EQ(servers[0].started_at, clock_.now() + 5ns);
  EXPECT_THAT(servers[0].workers, IsEmpty());
}

TEST_P(Records, AServerIsShownForItsTtlOnTheSteadyClock) {
  get(broker_->publish_server(server("a"), 10s));
  clock_.step_wall(1h);
  clock_.advance(10s - GetParam().grain);
  EXPECT_THAT(server_ids(), ElementsAre("a"));
  clock_.advance(GetParam().grain);
  EXPECT_THAT(server_ids(), IsEmpty());
}

TEST_P(Records, PublishingAgainReplacesTheRecordAndProlongsIt) {
  get(broker_->publish_server(server("a"), 10s));
  clock_.advance(9s);
  ServerRecord quiet = server("a");
  quiet.info.status = "stopped";
  get(broker_->publish_server(quiet, 10s));
  clock_.advance(9s);
  const auto servers = get(broker_->servers());
  ASSERT_EQ(servers.size(), 1u);
  EXPECT_EQ(servers[0].status, "stopped");
}

TEST_P(Records, ServersAreOrderedByStartTimeThenId) {
  get(broker_->publish_server(server("b", clock_.now()), 10s));
  get(broker_->publish_server(server("c", clock_.now() - 1s), 10s));
  get(broker_->publish_server(server("a", clock_.now()), 10s));
  EXPECT_THAT(server_ids(), ElementsAre("c", "a", "b"));
}

TEST_P(Records, AClearedServerIsGone) {
  get(broker_->publish_server(server("a"), 10s));
  get(broker_->publish_server(server("b"), 10s));
  get(broker_->clear_server("a"));
  EXPECT_THAT(server_ids(), ElementsAre("b"));
}

TEST_P(Records, RunningTasksAreShownWithTypePayloadAndProgress) {
  put_all({"a"});
  const FetchedTask running = fetch_one("q", "s");
  const TaskUpdate update{.lease = lease_of(running), .progress = Progress{25, "quarter"}};
  get(broker_->update(std::span(&update, 1)));
  ServerRecord record = server("s");
  record.running.push_back({lease_of(running), clock_.now() + 1ns, clock_.now() + 30min, true});
  get(broker_->publish_server(record, 10s));
  const auto servers = get(broker_->servers());
  ASSERT_EQ(servers.size(), 1u);
  ASSERT_EQ(servers[0].workers.size(), 1u);
  const WorkerInfo& worker = servers[0].workers[0];
  EXPECT_EQ(worker.task_id, "a");
  EXPECT_EQ(worker.task_type, "t");
  EXPECT_EQ(worker.queue, "q");
  EXPECT_EQ(worker.payload, Payload("payload of a"));
  EXPECT_EQ(worker.started_at, clock_.now() + 1ns);
  EXPECT_EQ(worker.deadline, clock_.now() + 30min);
  EXPECT_TRUE(worker.overrun);
  EXPECT_EQ(worker.progress, (Progress{25, "quarter"}));
}

TEST_P(Records, ARunningTaskWithoutDeadlineHasNone) {
  put_all({"a"});
  ServerRecord record = server("s");
  record.running.push_back({lease_of(fetch_one("q", "s")), clock_.now(), kNoTime, false});
  get(broker_->publish_server(record, 10s));
  const auto servers = get(broker_->servers());
  ASSERT_EQ(servers.at(0).workers.size(), 1u);
  EXPECT_EQ(servers[0].workers[0].deadline, kNoTime);
  EXPECT_FALSE(servers[0].workers[0].progress.has_value());
}

TEST_P(Records, PublishingIsNotASignOfLife) {
  get(broker_->keep_alive("s", 3s));
  put_all({"a"});
  fetch_one("q", "s", 1h);
  get(broker_->publish_server(server("s"), 1h));
  clock_.advance(3s);
  EXPECT_EQ(get(broker_->recover({.queues = {"q"}})).size(), 1u);
}

TEST_P(Records, EntriesOfAllSchedulersAreShownOnceById) {
  SchedulerEntry newer = entry("shared", "@every 2m");
  newer.prev_at = clock_.now();
  get(broker_->publish_scheduler({"one", {entry("shared"), entry("b")}}, 10s));
  get(broker_->publish_scheduler({"two", {newer, entry("a")}}, 10s));
  const auto entries = get(broker_->scheduler_entries());
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].id, "a");
  EXPECT_EQ(entries[1].id, "b");
  EXPECT_EQ(entries[2].id, "shared");
  EXPECT_EQ(entries[2].spec, "@every 2m") << "as published last";
  EXPECT_EQ(entries[2].prev_at, clock_.now());
  EXPECT_EQ(entries[0].task_type, "report");
  EXPECT_EQ(entries[0].payload, Payload(std::string("\0p", 2)));
  EXPECT_THAT(entries[0].options, ElementsAre("Queue(\"low\")", "MaxRetry(3)"));
  EXPECT_EQ(entries[0].next_at, clock_.now() + 1min + 1ns);
  EXPECT_EQ(entries[0].prev_at, kNoTime);
}

TEST_P(Records, PublishingEntriesReplacesThoseOfThatScheduler) {
  get(broker_->publish_scheduler({"one", {entry("a"), entry("b")}}, 10s));
  get(broker_->publish_scheduler({"one", {entry("b")}}, 10s));
  EXPECT_EQ(get(broker_->scheduler_entries()).size(), 1u);
}

TEST_P(Records, EntriesEndWithTheTtlOrTheClearingOfTheirScheduler) {
  get(broker_->publish_scheduler({"one", {entry("a")}}, 10s));
  get(broker_->publish_scheduler({"two", {entry("b")}}, 20s));
  clock_.advance(10s);
  ASSERT_EQ(get(broker_->scheduler_entries()).size(), 1u);
  EXPECT_EQ(get(broker_->scheduler_entries())[0].id, "b");
  get(broker_->clear_scheduler("two"));
  EXPECT_THAT(get(broker_->scheduler_entries()), IsEmpty());
  get(broker_->clear_scheduler("unknown"));
}

}  // namespace
}  // namespace windlass::conformance
