// The Redis broker over a connection that breaks between request and reply, and over one that is slow.
#include <functional>
#include <map>
#include <set>

#include <windlass/client.hpp>
#include <windlass/server.hpp>

#include "integration/redis_broker_fixture.hpp"
#include "support/tcp_proxy.hpp"

namespace windlass::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::UnorderedElementsAre;

// What one verb is tried on: tasks and the like are made over a good connection, the verb is called over the bad one.
struct Scene {
  Broker& good;
  std::vector<FetchedTask> running;       // t0, t1, t2 of the queue "q"
  std::optional<AggregationSet> set;      // of the group "g": g0, g1
};

struct Verb {
  std::string name;
  std::function<Status(Broker&, Scene&)> call;
  std::function<void(Scene&)> check = [](Scene&) {};   // how it is after the call was repeated until it succeeded
  std::vector<ErrorCode> done = {};                    // what a repeated call may answer instead of "ok"
};

template <class T>
Status status_of(const Result<T>& result) {
  return result ? Status() : Status(result.error());
}

std::vector<std::string> ids_in(Broker& broker, TaskState state, const std::string& queue = "q") {
  std::vector<std::string> ids;
  for (const TaskInfo& task : get(broker.list({.filter = {.queue = queue, .state = state}, .limit = 1000})).tasks) ids.push_back(task.id);
  return ids;
}

Verb finish_verb(const std::string& name, FinishKind kind, TaskState state, std::uint64_t processed) {
  return {"finish " + name,
          [kind](Broker& broker, Scene& scene) {
            const Finish item{.lease = lease_of(scene.running[0]), .kind = kind, .at = base::real_clock().now() + 1h,
                              .failure = {FailureKind::kError, "boom"}};
            return status_of(broker.finish(std::span(&item, 1)));
          },
          [=](Scene& scene) {
            EXPECT_THAT(ids_in(scene.good, state), ::testing::Contains("t0"));
            EXPECT_THAT(ids_in(scene.good, TaskState::kActive), UnorderedElementsAre("t1", "t2"));
            EXPECT_EQ(get(scene.good.queue_info("q")).processed, processed);
          }};
}

template <class F>
Verb reading(const std::string& name, F call) {
  return {name, [call](Broker& broker, Scene&) { return status_of(call(broker)); }};
}

std::vector<Verb> writing_verbs() {
  std::vector<Verb> verbs;
  verbs.push_back({"enqueue",
                   [](Broker& broker, Scene&) {
                     const NewTask task = plain("new");
                     return status_of(broker.enqueue(std::span(&task, 1)));
                   },
                   [](Scene& scene) { EXPECT_THAT(ids_in(scene.good, TaskState::kPending), ElementsAre("p0", "p1", "new")); }});
  verbs.push_back({"fetch",
                   [](Broker& broker, Scene& scene) {
                     auto tasks = broker.fetch({.queues = {{"q", 9}}, .max = 9, .owner = "me", .lease = 30s});
                     if (tasks) scene.running = *tasks;
                     return status_of(tasks);
                   },
                   [](Scene& scene) {
                     std::vector<std::string> ids;
                     for (const FetchedTask& task : scene.running) ids.push_back(task.message.id);
                     EXPECT_THAT(ids, ElementsAre("p0", "p1")) << "what the lost reply held is taken back";
                     for (const FetchedTask& task : scene.running) {
                       const Finish item{.lease = lease_of(task)};
                       EXPECT_EQ(get(scene.good.finish(std::span(&item, 1)))[0], FinishOutcome::kApplied);
                     }
                   }});
  verbs.push_back({"finish done",
                   [](Broker& broker, Scene& scene) {
                     const Finish item{.lease = lease_of(scene.running[0])};
                     return status_of(broker.finish(std::span(&item, 1)));
                   },
                   [](Scene& scene) {
                     EXPECT_THAT(ids_in(scene.good, TaskState::kActive), UnorderedElementsAre("t1", "t2"));
                     EXPECT_EQ(get(scene.good.queue_info("q")).processed, 1u);
                   }});
  verbs.push_back(finish_verb("complete", FinishKind::kComplete, TaskState::kCompleted, 1));
  verbs.push_back(finish_verb("retry", FinishKind::kRetry, TaskState::kRetry, 1));
  verbs.push_back(finish_verb("archive", FinishKind::kArchive, TaskState::kArchived, 1));
  verbs.push_back(finish_verb("snooze", FinishKind::kSnooze, TaskState::kScheduled, 0));
  verbs.push_back(finish_verb("requeue", FinishKind::kRequeue, TaskState::kPending, 0));
  verbs.push_back({"finish discard",
                   [](Broker& broker, Scene& scene) {
                     const Finish item{.lease = lease_of(scene.running[0]), .kind = FinishKind::kDiscard};
                     return status_of(broker.finish(std::span(&item, 1)));
                   },
                   [](Scene& scene) {
                     EXPECT_THAT(ids_in(scene.good, TaskState::kActive), UnorderedElementsAre("t1", "t2"));
                     EXPECT_FALSE(scene.good.task({"q", "t0"}));
                     EXPECT_EQ(get(scene.good.queue_info("q")).expired, 1u);
                     EXPECT_EQ(get(scene.good.queue_info("q")).processed, 0u);
                   }});
  verbs.push_back({"extend",
                   [](Broker& broker, Scene& scene) {
                     const LeaseRef lease = lease_of(scene.running[0]);
                     const auto extended = broker.extend(std::span(&lease, 1), 1min);
                     if (extended) {
                       EXPECT_THAT(*extended, ElementsAre(true));
                     }
                     return status_of(extended);
                   }});
  verbs.push_back({"update",
                   [](Broker& broker, Scene& scene) {
                     const TaskUpdate update{.lease = lease_of(scene.running[0]), .result = "half"};
                     return broker.update(std::span(&update, 1));
                   },
                   [](Scene& scene) { EXPECT_EQ(get(scene.good.task({"q", "t0"})).result, "half"); }});
  verbs.push_back({"forward",
                   [](Broker& broker, Scene&) {
                     const std::vector<std::string> queues{"q"};
                     return status_of(broker.forward(queues, 10));
                   },
                   [](Scene& scene) { EXPECT_THAT(ids_in(scene.good, TaskState::kPending), ElementsAre("p0", "p1", "due")); }});
  verbs.push_back({"recover",
                   [](Broker& broker, Scene&) { return status_of(broker.recover({.queues = {"lost"}})); },
                   [](Scene& scene) {
                     EXPECT_THAT(ids_in(scene.good, TaskState::kPending, "lost"), ElementsAre("l0"));
                     EXPECT_EQ(get(scene.good.task({"lost", "l0"})).crashes, 1);
                   }});
  verbs.push_back({"clean",
                   [](Broker& broker, Scene&) { return status_of(broker.clean({.queues = {"old"}, .archive_max = 1})); },
                   [](Scene& scene) { EXPECT_EQ(ids_in(scene.good, TaskState::kArchived, "old").size(), 1u); }});
  verbs.push_back({"take_group",
                   [](Broker& broker, Scene&) {
                     const auto set = broker.take_group("free", {.grace = Duration::zero()}, 1ms);
                     // A set whose reply was lost is nobody's until its hold ends.
                     if (set && !*set) return Status(Error(ErrorCode::kUnknownOutcome, "not back yet"));
                     if (set) {
                       EXPECT_EQ((*set)->tasks.size(), 2u);
                     }
                     return status_of(set);
                   },
                   [](Scene& scene) { EXPECT_EQ(get(scene.good.queue_info("free")).aggregating, 2u); }});
  verbs.push_back({"finish_group",
                   [](Broker& broker, Scene& scene) {
                     const NewTask sum = plain("sum");
                     return status_of(broker.finish_group(*scene.set, &sum));
                   },
                   [](Scene& scene) {
                     EXPECT_THAT(ids_in(scene.good, TaskState::kPending), ElementsAre("p0", "p1", "sum"));
                     EXPECT_THAT(ids_in(scene.good, TaskState::kAggregating), ElementsAre());
                   },
                   {ErrorCode::kLeaseLost}});
  verbs.push_back({"release_group",
                   [](Broker& broker, Scene& scene) { return broker.release_group(*scene.set); },
                   [](Scene& scene) { EXPECT_EQ(get(scene.good.groups("q")).at(0).size, 2u); }});
  verbs.push_back({"keep_alive", [](Broker& broker, Scene&) { return broker.keep_alive("me", 10s); }});
  verbs.push_back({"publish_server",
                   [](Broker& broker, Scene&) {
                     ServerRecord record;
                     record.info.id = "h:1:me";
                     return broker.publish_server(record, 10s);
                   },
                   [](Scene& scene) { EXPECT_EQ(get(scene.good.servers()).size(), 2u); }});
  verbs.push_back({"clear_server",
                   [](Broker& broker, Scene&) { return broker.clear_server("h:1:there"); },
                   [](Scene& scene) { EXPECT_EQ(get(scene.good.servers()).size(), 0u); }});
  verbs.push_back({"publish_scheduler",
                   [](Broker& broker, Scene&) { return broker.publish_scheduler({"new", {{.id = "e2"}}}, 10s); },
                   [](Scene& scene) { EXPECT_EQ(get(scene.good.scheduler_entries()).size(), 2u); }});
  verbs.push_back({"clear_scheduler",
                   [](Broker& broker, Scene&) { return broker.clear_scheduler("there"); },
                   [](Scene& scene) { EXPECT_EQ(get(scene.good.scheduler_entries()).size(), 0u); }});
  verbs.push_back({"act",
                   [](Broker& broker, Scene&) {
                     const TaskRef task{"q", "later"};
                     return status_of(broker.act(std::span(&task, 1), TaskAction::kRun));
                   },
                   [](Scene& scene) { EXPECT_THAT(ids_in(scene.good, TaskState::kPending), ElementsAre("p0", "p1", "later")); }});
  verbs.push_back({"bulk",
                   [](Broker& broker, Scene&) {
                     return status_of(broker.bulk({.filter = {.queue = "old", .state = TaskState::kArchived}}));
                   },
                   [](Scene& scene) { EXPECT_THAT(ids_in(scene.good, TaskState::kArchived, "old"), ElementsAre()); }});
  verbs.push_back({"update_payload",
                   [](Broker& broker, Scene&) { return broker.update_payload({"q", "later"}, Payload("new")); },
                   [](Scene& scene) { EXPECT_EQ(get(scene.good.task({"q", "later"})).payload, Payload("new")); }});
  verbs.push_back({"cancel", [](Broker& broker, Scene&) {
                     const CancelRequest request{{"q", "t0"}};
                     return broker.cancel(std::span(&request, 1));
                   }});
  verbs.push_back({"pause", [](Broker& broker, Scene&) { return broker.pause("q"); },
                   [](Scene& scene) { EXPECT_TRUE(get(scene.good.queue_info("q")).paused); },
                   {ErrorCode::kFailedPrecondition}});
  verbs.push_back({"resume", [](Broker& broker, Scene&) { return broker.resume("old"); },
                   [](Scene& scene) { EXPECT_FALSE(get(scene.good.queue_info("old")).paused); },
                   {ErrorCode::kFailedPrecondition}});
  verbs.push_back({"remove_queue", [](Broker& broker, Scene&) { return broker.remove_queue("old", true); },
                   [](Scene& scene) { EXPECT_THAT(get(scene.good.queues()), ::testing::Not(::testing::Contains("old"))); },
                   {ErrorCode::kQueueNotFound}});
  return verbs;
}

std::vector<Verb> reading_verbs() {
  return {
      reading("last_ticks", [](Broker& b) { return b.last_ticks(std::vector<std::string>{"e"}); }),
      reading("queues", [](Broker& b) { return b.queues(); }),
      reading("queue_info", [](Broker& b) { return b.queue_info("q"); }),
      reading("history", [](Broker& b) { return b.history("q", 3); }),
      reading("groups", [](Broker& b) { return b.groups("q"); }),
      reading("task", [](Broker& b) { return b.task({"q", "p0"}); }),
      reading("list", [](Broker& b) { return b.list({.filter = {.queue = "q"}}); }),
      reading("servers", [](Broker& b) { return b.servers(); }),
      reading("scheduler_entries", [](Broker& b) { return b.scheduler_entries(); }),
      reading("scheduler_events", [](Broker& b) { return b.scheduler_events("e", 5); }),
      reading("describe", [](Broker& b) { return b.describe(); }),
      {"ping", [](Broker& b, Scene&) { return b.ping(); }},
  };
}

class RedisProxy : public RedisBrokerFixture {
 protected:
  // Tasks in every state.
  static Scene set_up(Broker& good) {
    Scene scene{good, {}, {}};
    for (const char* id : {"t0", "t1", "t2"}) put(good, plain(id));
    scene.running = fetch(good, 3);
    for (const char* id : {"g0", "g1"}) {
      for (const char* queue : {"q", "free"}) {
        NewTask task = plain(id, queue);
        task.message.group = "g";
        put(good, task);
      }
    }
    scene.set = get(good.take_group("q", {.grace = Duration::zero()}, 1h));
    for (const char* id : {"p0", "p1"}) put(good, plain(id));
    put(good, delayed("later", 1h));
    put_due(good, plain("due"));
    for (const char* id : {"o0", "o1", "o2"}) {
      put(good, plain(id, "old"));
      finish(good, fetch_one(good, "old"), FinishKind::kArchive);
    }
    get(good.pause("old"));
    put(good, plain("l0", "lost"));
    fetch(good, 1, "lost", "dead");
    get(good.keep_alive("dead", 10s));
    get(good.clear_server("dead"));
    ServerRecord record;
    record.info.id = "h:1:there";
    get(good.publish_server(record, 1min));
    get(good.publish_scheduler({"there", {{.id = "e1"}}}, 1min));
    return scene;
  }

  RedisServer server_;
  TcpProxy proxy_{server_.port()};
  std::string proxy_url() const { return "redis://127.0.0.1:" + std::to_string(proxy_.port()); }
};

TEST_F(RedisProxy, AVerbThatWritesSaysThatItsOutcomeIsUnknownAndIsSafeToRepeat) {
  for (const Verb& verb : writing_verbs()) {
    SCOPED_TRACE(verb.name);
    server_.run({"FLUSHALL"});
    auto good = open_broker(server_.url());
    auto bad = open_broker(proxy_url());
    Scene scene = set_up(*good);
    const std::size_t before = proxy_.accepted();
    proxy_.cut_before_reply();
    Status status = verb.call(*bad, scene);
    // Some are safe to send twice, and were.
    if (!status) { EXPECT_EQ(status.error().code(), ErrorCode::kUnknownOutcome) << status.error().message(); }
    wait_until([&] {
      status = verb.call(*bad, scene);
      return status || std::find(verb.done.begin(), verb.done.end(), status.error().code()) != verb.done.end();
    });
    EXPECT_GT(proxy_.accepted(), before) << "the connection was not cut: the test is void";
    verb.check(scene);
  }
}

TEST_F(RedisProxy, AVerbThatReadsIsRepeatedByItself) {
  auto good = open_broker(server_.url());
  auto bad = open_broker(proxy_url());
  Scene scene = set_up(*good);
  for (const Verb& verb : reading_verbs()) {
    SCOPED_TRACE(verb.name);
    const std::size_t before = proxy_.accepted();
    proxy_.cut_before_reply();
    const Status status = verb.call(*bad, scene);
    EXPECT_TRUE(status) << status.error().message();
    EXPECT_GT(proxy_.accepted(), before) << "the connection was not cut: the test is void";
  }
}

TEST_F(RedisProxy, ATickWhoseAnswerIsLostIsTakenWithAllThatBelongsToIt) {
  auto bad = open_broker(proxy_url());
  put(*bad, plain("there"));
  NewTask task = plain("a");
  task.tick = Tick{"entry", std::chrono::floor<std::chrono::seconds>(base::real_clock().now())};
  proxy_.cut_before_reply();
  EXPECT_EQ(bad->enqueue(std::span(&task, 1)).error().code(), ErrorCode::kUnknownOutcome);

  auto good = open_broker(server_.url());
  wait_until([&] { return exists(*good, "a"); });
  const std::string entry = "entry";
  EXPECT_EQ(get(good->last_ticks(std::span(&entry, 1))).at(0), task.tick->nominal);
  task.message.id = "b";
  EXPECT_EQ(put(*good, task), EnqueueStatus::kTickTaken);
}

TEST_F(RedisProxy, ARequestThatDidNotArriveIsNoUnknownOutcomeForReads) {
  auto bad = open_broker(proxy_url());
  put(*bad, plain("there"));
  proxy_.cut_before_request();
  EXPECT_TRUE(bad->queues());
  proxy_.cut_before_request();
  const NewTask task = plain("a");
  const auto outcome = bad->enqueue(std::span(&task, 1));
  if (!outcome) {
    EXPECT_THAT(outcome.error().code(), AnyOf(Eq(ErrorCode::kUnknownOutcome), Eq(ErrorCode::kUnavailable)));
    EXPECT_FALSE(exists(*open_broker(server_.url()), "a"));
  }
}

TEST_F(RedisProxy, AConnectionThatIsCutAgainAndAgainLosesNothing) {
  auto bad = open_broker(proxy_url());
  std::set<std::string> ran;
  std::mutex mu;
  Mux mux;
  mux.handle("t", [&](Context& ctx) {
    std::lock_guard lock(mu);
    ran.insert(ctx.task_id());
  });
  ServerConfig config;
  config.queues = {{"q", 1}};
  config.concurrency = 4;
  Server server(bad, config);
  get(server.start(mux));
  auto good = open_broker(server_.url());
  for (int i = 0; i < 200; ++i) {
    if (i % 10 == 0) i % 20 == 0 ? proxy_.cut_before_reply() : proxy_.cut_all();
    put(*good, plain(std::to_string(i)));
  }
  wait_until([&] {
    std::lock_guard lock(mu);
    return ran.size() == 200;
  });
  wait_until([&] { return get(good->queue_info("q")).size == 0; });
  server.stop();
}

TEST_F(RedisProxy, AHundredMillisecondsOfLatencyBreakNothing) {
  proxy_.set_delay(50ms);
  auto slow = open_broker(proxy_url());
  std::atomic<int> ran = 0;
  Mux mux;
  mux.handle("t", [&](Context&) { ++ran; });
  ServerConfig config;
  config.queues = {{"q", 1}};
  config.concurrency = 10;
  Server server(slow, config);
  get(server.start(mux));
  // Callers share round trips: 400 tasks one by one would take 40 s.
  std::vector<std::jthread> clients;
  for (int c = 0; c < 20; ++c) {
    clients.emplace_back([&, c] {
      for (int i = 0; i < 20; ++i) put(*slow, plain(std::to_string(c) + "-" + std::to_string(i)));
    });
  }
  clients.clear();
  wait_until([&] { return ran == 400; });
  auto good = open_broker(server_.url());
  wait_until([&] { return get(good->queue_info("q")).size == 0; });
  EXPECT_EQ(get(good->queue_info("q")).processed, 400u);
  put(*slow, delayed("soon", 300ms));
  wait_until([&] { return ran == 401; });
  server.stop();
}

}  // namespace
}  // namespace windlass::testing
