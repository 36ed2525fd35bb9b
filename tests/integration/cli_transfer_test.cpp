// queue move and migrate: tasks that change places, and what is left when that is cut off.
#include <windlass/client.hpp>

#include "broker/broker.hpp"
#include "broker/samples.hpp"
#include "cli_fixture.hpp"
#include "core/sample_ring.hpp"
#include "integration/running_program.hpp"
#include "support/redis_server.hpp"

namespace windlass::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CliTransfer : public Cli {
 protected:
  static Ran on(const std::string& url, const Arguments& arguments) {
    Arguments argv{WINDLASS_TOOL, "--broker", url};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv);
  }
  void enqueue(const std::string& id, const Arguments& more = {}) const {
    Arguments arguments{"enqueue", "t", "payload", "--id", id};
    arguments.insert(arguments.end(), more.begin(), more.end());
    ASSERT_EQ(windlass(arguments).code, 0);
  }
  static std::string size(const std::string& url, const std::string& queue) {
    return at(on(url, {"queue", "inspect", queue, "--json"}).json(), "size");
  }
  static std::vector<std::string> ids(const std::string& url, const std::string& queue, const std::string& state) {
    std::vector<std::string> found;
    const codec::Value listed = on(url, {"task", "ls", "--queue", queue, "--state", state, "--all", "--json"}).json();
    for (const codec::Value& task : *listed.find("tasks")->get_if<codec::Value::Array>()) found.push_back(at(task, "id"));
    return found;
  }
  // A task in each state that can be carried, with a lock, a failure and a result.
  void fill() const {
    enqueue("p1");
    enqueue("p2", {"--header", "k=v", "--unique", "1h"});
    enqueue("s", {"--in", "24h"});
    enqueue("g", {"--group", "nightly"});
    ASSERT_EQ(windlass({"enqueue", "bad", "--id", "a", "--max-retry", "0", "--queue", "runs"}).code, 0);
    ASSERT_EQ(windlass({"enqueue", "good", "result", "--id", "c", "--retention", "24h", "--queue", "runs"}).code, 0);
    ASSERT_EQ(windlass({"work", "--exec", "bad=false", "--exec", "good=cat", "--queues", "runs", "--until-empty"}).code, 0);
    ASSERT_EQ(windlass({"queue", "pause", "runs"}).code, 0);
  }
};

TEST_F(CliTransfer, MoveTakesAllStatesToTheOtherQueue) {
  fill();
  EXPECT_EQ(windlass({"queue", "move", "default", "other", "--dry-run"}).out, "4 tasks would be moved\n");
  EXPECT_EQ(windlass({"queue", "move", "default", "other"}).out, "4 tasks moved\n");
  EXPECT_EQ(size(broker(), "default"), "0");
  EXPECT_THAT(ids(broker(), "other", "pending"), ElementsAre("p1", "p2"));
  EXPECT_THAT(ids(broker(), "other", "scheduled"), ElementsAre("s"));
  EXPECT_THAT(ids(broker(), "other", "aggregating"), ElementsAre("g"));
  EXPECT_EQ(at(windlass({"queue", "inspect", "other", "--json"}).json(), "paused"), "false");
  EXPECT_EQ(at(inspect("p2"), "headers.k"), "v");
  EXPECT_EQ(windlass({"enqueue", "t", "payload", "--queue", "other", "--unique", "1h"}).code, 4) << "the lock has moved too";
  EXPECT_EQ(windlass({"enqueue", "t", "payload", "--unique", "1h"}).code, 0) << "and is gone here";
}

TEST_F(CliTransfer, MoveTakesWhatMatches) {
  for (const char* id : {"a1", "a2", "b1"}) enqueue(id);
  enqueue("a3", {"--in", "1h"});
  EXPECT_EQ(windlass({"queue", "move", "default", "other", "--state", "pending", "--id-prefix", "a", "--json"}).out,
            "{\"count\":2,\"refused\":0}\n");
  EXPECT_THAT(ids(broker(), "default", "pending"), ElementsAre("b1"));
  EXPECT_THAT(ids(broker(), "default", "scheduled"), ElementsAre("a3"));
}

TEST_F(CliTransfer, ATaskWhoseIdIsTakenStaysAndIsNamed) {
  enqueue("a");
  enqueue("b");
  enqueue("a", {"--queue", "other", "--in", "1h"});
  const Ran ran = windlass({"queue", "move", "default", "other"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_THAT(ran.err, HasSubstr("1 tasks stay where they are; the first: task 'a'"));
  EXPECT_THAT(ids(broker(), "default", "pending"), ElementsAre("a"));
  EXPECT_THAT(ids(broker(), "other", "pending"), ElementsAre("b"));
}

TEST_F(CliTransfer, WrongMovesAreRefused) {
  enqueue("a");
  EXPECT_EQ(windlass({"queue", "move", "default", "default"}).code, 2);
  EXPECT_EQ(windlass({"queue", "move", "default", "other", "--state", "active"}).code, 2);
  EXPECT_EQ(windlass({"queue", "move", "none", "other"}).code, 3);
  EXPECT_EQ(size(broker(), "default"), "1");
}

TEST_F(CliTransfer, AMoveThatIsKilledLosesNothingAndDoublesNothing) {
  constexpr int kTasks = 1000;
  Client client(*open_broker(broker()));
  for (const auto& stored : client.enqueue_batch(std::vector<Task>(kTasks, Task("t", "x")))) ASSERT_TRUE(stored);
  {
    RunningProgram moving(with_broker({"queue", "move", "default", "other", "--log-level", "debug"}));
    ASSERT_TRUE(moving.wait_for_error("tasks carried"));
    moving.signal(SIGKILL);
    moving.wait();
  }
  EXPECT_EQ(at(windlass({"queue", "inspect", "other", "--json"}).json(), "paused"), "true") << "nothing runs in between";
  const Ran again = windlass({"queue", "move", "default", "other"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(size(broker(), "default"), "0");
  EXPECT_EQ(size(broker(), "other"), std::to_string(kTasks));
}

TEST_F(CliTransfer, MigrateCarriesAllToRedisAndBack) {
  if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
  RedisServer redis;
  fill();
  EXPECT_EQ(run({WINDLASS_TOOL, "migrate", broker(), redis.url(), "--dry-run"}).code, 0);
  EXPECT_EQ(on(redis.url(), {"queue", "ls", "--json"}).out, "{\"queues\":[]}\n");
  const Ran there = run({WINDLASS_TOOL, "migrate", broker(), redis.url(), "--json"});
  EXPECT_EQ(there.code, 0) << there.out << there.err;
  EXPECT_EQ(at(there.json(), "copied"), "6");
  EXPECT_EQ(at(there.json(), "verified"), "true");
  EXPECT_EQ(at(on(redis.url(), {"queue", "inspect", "runs", "--json"}).json(), "paused"), "true");
  EXPECT_EQ(on(redis.url(), {"enqueue", "t", "payload", "--unique", "1h"}).code, 4) << "the unique lock came with its task";

  const Ran again = run({WINDLASS_TOOL, "migrate", broker(), redis.url()});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, AllOf(HasSubstr("0 tasks copied, 6 were there already"), HasSubstr("not carried over: progress")));

  const std::string back = "sqlite:" + path("back.db");
  EXPECT_EQ(at(run({WINDLASS_TOOL, "migrate", redis.url(), back, "--json"}).json(), "verified"), "true");
  EXPECT_EQ(at(run({WINDLASS_TOOL, "migrate", broker(), back, "--json"}).json(), "verified"), "true") << "the same as at the start";
  const codec::Value archived = on(back, {"task", "inspect", "a", "--json"}).json();
  EXPECT_EQ(at(archived, "state"), "archived");
  EXPECT_EQ(at(archived, "failure.kind"), "exit_code");
  EXPECT_EQ(at(on(back, {"task", "inspect", "c", "--json"}).json(), "result"), "result");
}

// What a store shows of everything that is to be the same after a migration.
class CliMigrate : public CliTransfer {
 protected:
  void SetUp() override {
    if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
    redis_ = std::make_unique<RedisServer>();
  }
  static broker::NewTask tick(TimePoint nominal, TimePoint previous) {
    broker::NewTask task;
    task.message.id = "tick-" + std::to_string(nominal.time_since_epoch().count());
    task.message.queue = "runs";
    task.message.type = "good";
    task.tick = broker::Tick{"nightly", nominal, std::chrono::hours(24)};
    task.tick->previous = previous;
    return task;
  }
  static broker::EnqueueStatus take(const std::string& url, TimePoint nominal, TimePoint previous = kNoTime) {
    const broker::NewTask task = tick(nominal, previous);
    return open_broker(url).value()->enqueue({&task, 1}).value().at(0).status;
  }
  static void sample(const std::string& url, TimePoint minute, std::uint64_t pending) {
    core::QueueSample sample;
    sample.at = minute;
    sample.sizes[1] = pending;
    std::vector<broker::SampleWrite> writes;
    for (const std::size_t slot : core::sample_slots(minute)) {
      for (const char* queue : {"default", ""}) writes.push_back({queue, slot, core::encode_sample(sample)});
    }
    const BrokerPtr broker = open_broker(url).value();
    ASSERT_TRUE(broker::find_sample_store(*broker)->write_samples(writes));
  }
  static std::string samples(const std::string& url, const std::string& queue) {
    const BrokerPtr broker = open_broker(url).value();
    std::string ring = broker::find_sample_store(*broker)->read_sample_ring(queue).value();
    ring.resize(core::kSampleSlots * core::kSampleBytes);  // what was never written may be missing at the end
    return ring;
  }
  static std::vector<std::string> contents(const std::string& url) {
    std::vector<std::string> all;
    for (const char* queue : {"default", "runs", "idle"}) {
      const codec::Value info = on(url, {"queue", "inspect", queue, "--json"}).json();
      for (const char* field : {"paused", "size", "pending", "scheduled", "retry", "archived", "completed", "aggregating", "groups", "processed",
                                "failed", "expired", "processed_total", "failed_total", "expired_total"}) {
        all.push_back(std::string(queue) + " " + field + " " + at(info, field));
      }
      all.push_back(on(url, {"queue", "history", queue, "--json"}).out);
      for (const char* state : {"scheduled", "retry", "archived", "completed", "aggregating"}) {
        all.push_back(on(url, {"task", "ls", "--queue", queue, "--state", state, "--all", "--json"}).out);
      }
      for (const std::string& id : ids(url, queue, "pending")) all.push_back("pending " + id);
    }
    all.push_back(on(url, {"cron", "history", "nightly", "--json"}).out);
    all.push_back(on(url, {"group", "ls", "--json"}).out);
    for (const char* queue : {"default", ""}) all.push_back(samples(url, queue));
    return all;
  }

  std::unique_ptr<RedisServer> redis_;
};

TEST_F(CliMigrate, ARoundTripLeavesTheSame) {
  fill();
  ASSERT_EQ(windlass({"enqueue", "t", "--queue", "idle", "--id", "gone"}).code, 0);
  ASSERT_EQ(windlass({"task", "delete", "gone"}).code, 0);
  ASSERT_EQ(windlass({"queue", "pause", "idle"}).code, 0);
  const TimePoint t0 = std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now());
  const std::chrono::minutes minute(1);
  ASSERT_EQ(take(broker(), t0 - 2 * minute), broker::EnqueueStatus::kEnqueued);
  ASSERT_EQ(take(broker(), t0 - minute, t0 - 2 * minute), broker::EnqueueStatus::kEnqueued);
  sample(broker(), t0 - minute, 41);
  sample(broker(), t0, 42);

  const std::string back = "sqlite:" + path("back.db");
  for (const auto& [from, to] : {std::pair(broker(), redis_->url()), {redis_->url(), back}, {back, redis_->url()}}) {
    const Ran ran = run({WINDLASS_TOOL, "migrate", from, to});
    ASSERT_EQ(ran.code, 0) << ran.out << ran.err;
  }
  const std::vector<std::string> before = contents(broker());
  EXPECT_EQ(contents(redis_->url()), before);
  EXPECT_EQ(contents(back), before);
  for (const std::string& url : {redis_->url(), back}) {
    EXPECT_EQ(take(url, t0 - minute), broker::EnqueueStatus::kTickTaken) << "no tick runs twice";
    EXPECT_EQ(take(url, t0, t0 - minute), broker::EnqueueStatus::kEnqueued);
    EXPECT_EQ(on(url, {"enqueue", "t", "payload", "--unique", "1h"}).code, 4);
  }
}

TEST_F(CliMigrate, OneThatIsKilledGoesOnWhereItWas) {
  constexpr int kTasks = 2000;
  Client client(*open_broker(broker()));
  for (const auto& stored : client.enqueue_batch(std::vector<Task>(kTasks, Task("t", "x")))) ASSERT_TRUE(stored);
  {
    RunningProgram migrating({WINDLASS_TOOL, "--log-level", "debug", "migrate", broker(), redis_->url()});
    ASSERT_TRUE(migrating.wait_for_error("tasks carried"));
    migrating.signal(SIGKILL);
    migrating.wait();
  }
  const Ran again = run({WINDLASS_TOOL, "migrate", broker(), redis_->url(), "--json"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(std::stoi(at(again.json(), "copied")) + std::stoi(at(again.json(), "already")), kTasks);
  EXPECT_GE(std::stoi(at(again.json(), "already")), 100);
  EXPECT_EQ(ids(redis_->url(), "default", "pending"), ids(broker(), "default", "pending")) << "in their order";
}

TEST_F(CliTransfer, MigrateFindsWhatDiffers) {
  const std::string other = "sqlite:" + path("other.db");
  enqueue("a");
  ASSERT_EQ(on(other, {"enqueue", "t", "payload", "--id", "own"}).code, 0);
  const Ran ran = run({WINDLASS_TOOL, "migrate", broker(), other});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("differs: queue 'default', pending: 1 tasks here, 2 there"));
}

TEST_F(CliTransfer, MigrateRefusesOrWaitsForRunningTasks) {
  const std::string other = "sqlite:" + path("other.db"), started = make_fifo("started"), go = make_fifo("go");
  enqueue("a", {"--retention", "1h"});
  RunningProgram worker(with_broker({"work", "--exec", "t=sh -c 'echo > " + started + "; cat " + go + "'", "--until-empty"}));
  read_file(started);
  const Ran refused = run({WINDLASS_TOOL, "migrate", broker(), other});
  EXPECT_EQ(refused.code, 4);
  EXPECT_THAT(refused.err, HasSubstr("1 active tasks"));
  RunningProgram waiting({WINDLASS_TOOL, "migrate", broker(), other, "--wait-active"});
  write_file(go, "");
  EXPECT_EQ(waiting.wait(), 0) << waiting.err();
  EXPECT_THAT(ids(other, "default", "completed"), ElementsAre("a"));
  EXPECT_EQ(worker.wait(), 0);
}

TEST_F(CliTransfer, MigrateSaysWhichStoreIsWrong) {
  EXPECT_THAT(run({WINDLASS_TOOL, "migrate", "nonsense:", broker()}).err, HasSubstr("SRC"));
  EXPECT_THAT(run({WINDLASS_TOOL, "migrate", broker(), "nonsense:"}).err, HasSubstr("DST"));
  EXPECT_EQ(run({WINDLASS_TOOL, "migrate", broker(), broker()}).code, 2);
}

}  // namespace
}  // namespace windlass::testing
