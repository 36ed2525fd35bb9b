// Sentinels and a cluster with replicas, where the queues of one call are on different nodes, on real clocks. The contract in full is
// tested by the conformance suite, which has a row for each.
#include <gmock/gmock.h>

#include <optional>
#include <thread>

#include "broker/redis/watch.hpp"
#include "integration/redis_broker_fixture.hpp"
#include "redis/slots.hpp"

namespace windlass::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::vector<std::string> kQueues{"a", "b", "c", "d", "e", "f", "g", "h"};

enum class Kind { kSentinel, kCluster };

class RedisTopology : public RedisBrokerFixture, public ::testing::WithParamInterface<Kind> {
 protected:
  void SetUp() override {
    RedisBrokerFixture::SetUp();
    if (IsSkipped()) return;
    if (GetParam() == Kind::kSentinel) sentinels_.emplace();
    else cluster_.emplace();
    url_ = GetParam() == Kind::kSentinel ? sentinels_->url() : cluster_->url();
    broker_ = open_broker(url_);
  }
  static TimePoint in(Duration d) { return base::real_clock().now() + d; }

  FetchRequest from_all(std::size_t max) const {
    FetchRequest request{.max = max, .owner = "server", .lease = 30s};
    for (const std::string& queue : kQueues) request.queues.push_back({queue, max});
    return request;
  }

  std::optional<SentinelSetup> sentinels_;
  std::optional<ClusterSetup> cluster_;
  std::string url_;
  std::shared_ptr<Broker> broker_;
};
INSTANTIATE_TEST_SUITE_P(Topologies, RedisTopology, ::testing::Values(Kind::kSentinel, Kind::kCluster),
                         [](const auto& parameter) { return parameter.param == Kind::kSentinel ? "sentinel" : "cluster"; });

TEST_P(RedisTopology, EveryVerbWorksOverQueuesOnDifferentNodes) {
  // Enqueue: one batch for all queues.
  std::vector<NewTask> tasks;
  for (const std::string& queue : kQueues) {
    tasks.push_back(plain("1", queue));
    tasks.push_back(plain("2", queue));
    tasks.push_back(delayed("later", 1h, queue));
    NewTask unique = plain("locked", queue);
    unique.message.unique_key = "asynq:{" + queue + "}:unique:t:k";
    unique.unique_ttl = 1min;
    tasks.push_back(unique);
    unique.message.id = "refused";
    tasks.push_back(unique);
    NewTask tick = delayed("tick", 1h, queue);
    tick.tick = Tick{"entry of " + queue, TimePoint(1000s)};
    tasks.push_back(tick);
    NewTask grouped = plain("grouped", queue);
    grouped.message.group = "group";
    tasks.push_back(grouped);
  }
  const auto outcomes = get(broker_->enqueue(tasks));
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    EXPECT_EQ(outcomes[i].status, tasks[i].message.id == "refused" ? EnqueueStatus::kDuplicate : EnqueueStatus::kEnqueued) << i;
  }
  EXPECT_EQ(get(broker_->queues()), kQueues);

  // Fetch, extend, update, finish.
  const auto running = get(broker_->fetch(from_all(100)));
  ASSERT_EQ(running.size(), 3 * kQueues.size());
  std::vector<LeaseRef> leases;
  std::vector<TaskUpdate> updates;
  std::vector<Finish> finishes;
  for (std::size_t i = 0; i < running.size(); ++i) {
    leases.push_back(lease_of(running[i]));
    updates.push_back({.lease = leases.back(), .progress = Progress{50, "half"}});
    constexpr FinishKind kKinds[] = {FinishKind::kDone, FinishKind::kArchive, FinishKind::kRetry};
    finishes.push_back({.lease = leases.back(), .kind = kKinds[i % 3], .at = in(1h), .failure = {FailureKind::kError, "boom"}});
  }
  EXPECT_EQ(get(broker_->extend(leases, 30s)), std::vector<bool>(running.size(), true));
  get(broker_->update(updates));
  get(broker_->publish_server({.info = {.id = "host:1:server"}, .running = {{.lease = leases[0]}}}, 1min));
  EXPECT_EQ(get(broker_->servers()).at(0).workers.size(), 1u);
  EXPECT_EQ(get(broker_->finish(finishes)), std::vector<FinishOutcome>(running.size(), FinishOutcome::kApplied));
  EXPECT_EQ(get(broker_->finish(finishes)), std::vector<FinishOutcome>(running.size(), FinishOutcome::kLeaseLost));

  // Housekeeping.
  for (const std::string& queue : kQueues) put_due(*broker_, plain("soon", queue));
  std::size_t moved = 0;
  wait_until([&] { return (moved += get(broker_->forward(kQueues, 100)).moved) == kQueues.size(); });
  const auto lost = get(broker_->fetch(from_all(100)));
  EXPECT_EQ(lost.size(), kQueues.size());
  get(broker_->keep_alive("server", 1min));
  EXPECT_THAT(get(broker_->recover({.queues = kQueues})), IsEmpty());
  get(broker_->clear_server("server"));
  EXPECT_EQ(get(broker_->recover({.queues = kQueues})).size(), kQueues.size());
  EXPECT_EQ(get(broker_->clean({.queues = kQueues, .archive_max = 0})).archived, kQueues.size());

  // Groups.
  for (const std::string& queue : kQueues) {
    const auto set = get(broker_->take_group(queue, {.grace = Duration::zero()}, 1min));
    ASSERT_TRUE(set) << queue;
    const NewTask sum = plain("sum", queue);
    EXPECT_EQ(get(broker_->finish_group(*set, &sum)).status, EnqueueStatus::kEnqueued);
  }

  // Inspector.
  for (const std::string& queue : kQueues) {
    const QueueInfo info = get(broker_->queue_info(queue));
    EXPECT_EQ(info.pending, 2u) << queue;
    EXPECT_EQ(info.retry, 1u);
    EXPECT_EQ(info.scheduled, 2u);
    EXPECT_EQ(info.archived, 0u);
    EXPECT_EQ(info.processed, 3u);
    EXPECT_EQ(get(broker_->list({.filter = {.queue = queue, .state = TaskState::kScheduled}})).tasks.size(), 2u);
  }
  std::vector<TaskRef> refs;
  for (const std::string& queue : kQueues) refs.push_back({queue, "later"});
  EXPECT_EQ(get(broker_->act(refs, TaskAction::kRun)), std::vector<ActionOutcome>(refs.size(), ActionOutcome::kApplied));
  EXPECT_EQ(get(broker_->bulk({.filter = {.queue = "a", .state = TaskState::kPending}})).applied, 3u);
  get(broker_->update_payload({"b", "tick"}, Payload("new")));
  get(broker_->pause("b"));
  EXPECT_TRUE(get(broker_->queue_info("b")).paused);

  // Schedulers: a tick is one task, whichever queue it goes to.
  NewTask again = delayed("again", 1h, "a");
  again.tick = Tick{"entry of a", TimePoint(1000s)};
  EXPECT_EQ(put(*broker_, again), EnqueueStatus::kTickTaken);
  EXPECT_THAT(get(broker_->last_ticks(std::vector<std::string>{"entry of a", "none"})),
              ElementsAre(std::optional(TimePoint(1000s)), std::nullopt));
  EXPECT_EQ(get(broker_->scheduler_events("entry of c", 10)).size(), 1u);
  get(broker_->publish_scheduler({"s", {{.id = "entry of a"}}}, 1min));
  EXPECT_EQ(get(broker_->scheduler_entries()).size(), 1u);

  for (const std::string& queue : kQueues) get(broker_->remove_queue(queue, true));
  EXPECT_THAT(get(broker_->queues()), IsEmpty());
  const auto keys_left = [](RedisServer& server) { return server.run({"KEYS", "asynq:{?}:*"})[0].size(); };
  for (std::size_t i = 0; cluster_ && i < 3; ++i) EXPECT_EQ(keys_left(cluster_->node(i)), 0u);
  if (sentinels_) {
    EXPECT_EQ(keys_left(sentinels_->master()), 0u);
  }
}

TEST_P(RedisTopology, ATickIsTakenOnceByTheTasksOfAQueueAndOnceInAllWhereOneNodeHasAllQueues) {
  const TimePoint tick = std::chrono::floor<std::chrono::seconds>(base::real_clock().now());
  const auto put_tick = [&](const std::string& id, const std::string& queue, TimePoint nominal) {
    NewTask task = plain(id, queue);
    task.tick = Tick{"entry", nominal};
    return put(*broker_, task);
  };
  EXPECT_EQ(put_tick("1", "a", tick), EnqueueStatus::kEnqueued);
  EXPECT_EQ(put_tick("2", "a", tick), EnqueueStatus::kTickTaken);
  EXPECT_EQ(put_tick("3", "b", tick),
            GetParam() == Kind::kCluster ? EnqueueStatus::kEnqueued : EnqueueStatus::kTickTaken);

  EXPECT_EQ(put_tick("4", "b", tick + 2min), EnqueueStatus::kEnqueued);
  EXPECT_EQ(put_tick("5", "a", tick + 1min), EnqueueStatus::kEnqueued);
  const std::vector<std::string> entries{"unknown", "entry"};
  EXPECT_THAT(get(broker_->last_ticks(entries)), ElementsAre(std::nullopt, std::optional(tick + 2min)))
      << "of all queues";
}

TEST_P(RedisTopology, WaitersAndFeedsHearOfEveryQueueAndEachOther) {
  auto other = open_broker(url_);
  const auto pending = broker_->make_waiter(kQueues, WaitFor::kPending);
  const auto due = broker_->make_waiter(kQueues, WaitFor::kDue);
  for (const std::string& queue : kQueues) {
    std::thread waiting([&] {
      while (fetch(*broker_, 1, queue).empty()) pending->wait(in(1h));
    });
    put(*other, plain("x", queue));
    waiting.join();
    std::thread moving([&] {
      const std::vector<std::string> one{queue};
      while (!get(broker_->forward(one, 1)).next_due) due->wait(in(1h));
    });
    put(*other, delayed("y", 30min, queue));
    moving.join();
  }
  const auto feed = broker_->make_cancel_feed();
  std::vector<CancelRequest> requests;
  for (const std::string& queue : kQueues) requests.push_back({{queue, "x"}});
  get(other->cancel(requests));
  std::vector<std::string> heard;
  while (heard.size() < kQueues.size()) {
    for (const CancelRequest& request : get(feed->wait(in(1h)))) heard.push_back(request.task.queue);
  }
  EXPECT_EQ(heard, kQueues);
}

TEST_F(RedisBrokerFixture, ABlockingWaitFollowsItsQueueToAnotherNode) {
  ClusterSetup cluster({.replicas = false});
  const auto client = open(cluster.url());
  const auto watch = make_blocking_watch(*client, {"q"});
  EXPECT_FALSE(get(watch->wait(TimePoint::max(), net::after(200ms))));

  const std::string key = "asynq:{q}:pending";
  const std::string slot = std::to_string(redis::key_slot(key));
  const std::size_t from = cluster.owner_of(key), to = (from + 1) % 3;
  // Without this the new owner's claim is no newer than the old one's.
  cluster.node(to).run({"CLUSTER", "SETSLOT", slot, "IMPORTING", cluster.id(from)});
  for (const std::size_t node : {to, from}) cluster.node(node).run({"CLUSTER", "SETSLOT", slot, "NODE", cluster.id(to)});
  wait_until([&] { return !get(watch->wait(TimePoint::max(), net::after(500ms))); });
  cluster.node(to).run({"LPUSH", key, "id"});
  EXPECT_TRUE(get(watch->wait(TimePoint::max(), net::after(1h))));
}

// A slot moves key by key; nothing that is still at the other node may be taken for gone.
TEST_F(RedisBrokerFixture, AQueueWhoseSlotIsOnItsWayIsLeftAloneUntilItHasArrived) {
  ClusterSetup cluster({.replicas = false});
  const auto broker = open_broker(cluster.url());
  std::vector<NewTask> tasks{plain("run", "q"), plain("wait", "q"), plain("group", "q")};
  tasks[2].message.group = "g";
  for (const EnqueueOutcome& outcome : get(broker->enqueue(tasks))) ASSERT_EQ(outcome.status, EnqueueStatus::kEnqueued);
  put_due(*broker, plain("due"));
  const auto running = get(broker->fetch({.queues = {{"q", 1}}, .max = 1, .owner = "server", .lease = 30s}));
  ASSERT_EQ(running.size(), 1u);

  const std::size_t from = cluster.owner_of("asynq:{q}:pending"), to = (from + 1) % 3;
  const std::string slot = std::to_string(redis::key_slot("asynq:{q}:pending"));
  cluster.node(to).run({"CLUSTER", "SETSLOT", slot, "IMPORTING", cluster.id(from)});
  cluster.node(from).run({"CLUSTER", "SETSLOT", slot, "MIGRATING", cluster.id(to)});
  const auto move = [&](const std::string& key) {
    cluster.node(from).run({"MIGRATE", "127.0.0.1", std::to_string(cluster.node(to).port()), key, "0", "5000"});
  };
  const auto expect_nothing_done = [&](const std::string& when) {
    SCOPED_TRACE(when);
    const auto refused = [](const auto& result) {
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code(), ErrorCode::kUnavailable) << result.error().message();
      EXPECT_THAT(result.error().message(), ::testing::HasSubstr("on its way to another node"));
    };
    const std::vector<std::string> queues{"q"};
    const NewTask more = plain("more", "q");
    const Finish done{.lease = lease_of(running[0])};
    refused(broker->enqueue(std::span(&more, 1)));
    refused(broker->fetch({.queues = {{"q", 9}}, .max = 9, .owner = "server", .lease = 30s}));
    refused(broker->finish(std::span(&done, 1)));
    refused(broker->forward(queues, 10));
    refused(broker->list({.filter = {.queue = "q"}}));
    refused(broker->task({"q", "due"}));
  };
  expect_nothing_done("nothing has moved yet");
  for (const char* list : {"pending", "active", "scheduled", "g:g"}) move("asynq:{q}:" + std::string(list));
  expect_nothing_done("the lists have moved, the tasks have not");
  while (true) {
    const redis::Replies keys = cluster.node(from).run({"CLUSTER", "GETKEYSINSLOT", slot, "100"});
    if (keys[0].size() == 0) break;
    for (const redis::Value key : keys[0]) move(std::string(key.text()));
  }
  expect_nothing_done("all keys have moved");
  for (const std::size_t node : {to, from, 3 - from - to}) cluster.node(node).run({"CLUSTER", "SETSLOT", slot, "NODE", cluster.id(to)});

  const std::vector<std::string> queues{"q"};
  EXPECT_EQ(get(broker->forward(queues, 10)).moved, 1u);
  const Finish done{.lease = lease_of(running[0])};
  EXPECT_THAT(get(broker->finish(std::span(&done, 1))), ElementsAre(FinishOutcome::kApplied));
  std::vector<std::string> ids;
  for (const FetchedTask& task : get(broker->fetch({.queues = {{"q", 9}}, .max = 9, .owner = "server", .lease = 30s}))) ids.push_back(task.message.id);
  EXPECT_THAT(ids, UnorderedElementsAre("wait", "due"));
  EXPECT_EQ(get(broker->queue_info("q")).aggregating, 1u);
}

}  // namespace
}  // namespace windlass::testing
