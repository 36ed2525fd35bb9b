// What can be wrong with a Redis, or in it.
#include <gmock/gmock.h>

#include <functional>
#include <map>
#include <optional>
#include <thread>

#include "broker/redis/scripts.hpp"
#include "integration/redis_broker_fixture.hpp"

namespace windlass::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RedisTrouble : public RedisBrokerFixture {
 protected:
  template <class T>
  static Error error_of(const Result<T>& result) {
    if (result) throw std::runtime_error("an Error was expected");
    return result.error();
  }
  template <class T>
  static Status status_of(const Result<T>& result) {
    return result ? Status() : Status(result.error());
  }
  static Result<std::vector<EnqueueOutcome>> try_put(Broker& broker, const NewTask& task) {
    return broker.enqueue(std::span(&task, 1));
  }

  RedisServer server_;
};

TEST_F(RedisTrouble, AFullRedisTakesNoTasksButLetsThoseItHasBeDone) {
  auto broker = open_broker(server_.url());
  put(*broker, plain("a"));
  put(*broker, plain("b"));
  put_due(*broker, plain("c"));
  server_.run({"CONFIG", "SET", "maxmemory", "1"});
  const Error error = error_of(try_put(*broker, plain("d")));
  EXPECT_EQ(error.code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(error.message(), HasSubstr("OOM"));
  EXPECT_FALSE(exists(*broker, "d"));

  const auto running = fetch(*broker, 2);
  ASSERT_EQ(running.size(), 2u);
  EXPECT_EQ(finish(*broker, running[0]), FinishOutcome::kApplied);
  EXPECT_EQ(finish(*broker, running[1], FinishKind::kRetry), FinishOutcome::kApplied);
  const LeaseRef lost = lease_of(running[1]);
  EXPECT_THAT(get(broker->extend(std::span(&lost, 1), 30s)), ElementsAre(false));
  const std::vector<std::string> queues{"q"};
  std::size_t moved = 0;
  wait_until([&] { return (moved += get(broker->forward(queues, 10)).moved) == 2; });
  for (const FetchedTask& task : fetch(*broker, 9)) finish(*broker, task);
  get(broker->keep_alive("server", 10s));

  server_.run({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(put(*broker, plain("d")), EnqueueStatus::kEnqueued) << "nothing of it was left behind";
}

TEST_F(RedisTrouble, AReadOnlyReplicaShowsTasksAndRefusesToChangeThem) {
  auto broker = open_broker(server_.url());
  put(*broker, plain("a"));
  RedisServer replica({{"replicaof 127.0.0.1 " + std::to_string(server_.port())}});
  wait_until([&] { return replica.run_text({"INFO", "replication"}).find("master_link_status:up") != std::string::npos; });
  auto other = open_broker(replica.url());
  EXPECT_EQ(fact(*other, "role"), "slave");
  EXPECT_EQ(state(*other, "a"), TaskState::kPending);
  const Error error = error_of(try_put(*other, plain("b")));
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
  EXPECT_THAT(error.message(), HasSubstr("READONLY"));
  EXPECT_EQ(error_of(other->fetch({.queues = {{"q", 1}}, .max = 1, .owner = "s", .lease = 30s})).code(), ErrorCode::kUnavailable);
  EXPECT_EQ(error_of(other->pause("q")).code(), ErrorCode::kUnavailable);
  EXPECT_FALSE(exists(*broker, "b"));
}

TEST_F(RedisTrouble, ACommandThatMayNotBeRunIsNamed) {
  put(*open_broker(server_.url()), plain("there", "full"));
  server_.run({"ACL", "SETUSER", "reader", "on", ">x", "~*", "&*", "+@all", "-@write"});
  server_.run({"ACL", "SETUSER", "mute", "on", ">x", "~*", "&*", "+@all", "-@scripting"});
  server_.run({"ACL", "SETUSER", "foreign", "on", ">x", "~other:*", "&*", "+@all"});
  for (const std::string user : {"reader", "mute", "foreign"}) {
    auto broker = open_broker("redis://" + user + ":x@127.0.0.1:" + std::to_string(server_.port()));
    const Error error = error_of(try_put(*broker, plain("a")));
    EXPECT_EQ(error.code(), ErrorCode::kPermissionDenied) << user << ": " << error.message();
    EXPECT_THAT(error.message(), AnyOf(HasSubstr("NOPERM"), HasSubstr("can't run this command"))) << user;
    const auto tasks = broker->fetch({.queues = {{"full", 1}}, .max = 1, .owner = "s", .lease = 30s});
    EXPECT_EQ(error_of(tasks).code(), ErrorCode::kPermissionDenied) << user << ": " << tasks.error().message();
  }
  EXPECT_THAT(get(open_broker(server_.url())->queues()), ElementsAre("full")) << "nothing was stored";
}

// Each of the commands that these verbs need is forbidden in turn. What was there stays as it was.
TEST_F(RedisTrouble, AMissingPermissionStopsAVerbBeforeItHasWrittenAnything) {
  auto good = open_broker(server_.url());
  const auto dump = [&] {
    std::map<std::string, std::string> all;
    const redis::Replies keys = server_.run({"KEYS", "*"});
    for (const redis::Value key : keys[0]) {
      all[std::string(key.text())] = server_.run_text({"DUMP", std::string(key.text())});
    }
    all.erase("asynq:windlass:ticks_taken");  // numbers may stay unused
    return all;
  };
  put(*good, plain("running"));
  const FetchedTask running = fetch_one(*good);
  for (const char* id : {"a", "b"}) put(*good, plain(id));
  put_due(*good, plain("due"));
  NewTask fresh = plain("fresh");
  fresh.message.unique_key = "asynq:{q}:unique:t:k";
  fresh.unique_ttl = 1h;
  fresh.tick = Tick{"entry", TimePoint(1000s)};
  const TaskRef a{"q", "a"};

  const std::pair<ScriptName, std::function<Status(Broker&)>> verbs[] = {
      {ScriptName::kEnqueue, [&](Broker& b) { return status_of(try_put(b, fresh)); }},
      {ScriptName::kFetch,
       [&](Broker& b) { return status_of(b.fetch({.queues = {{"q", 1}}, .max = 1, .owner = "s", .lease = 30s})); }},
      {ScriptName::kFinish,
       [&](Broker& b) {
         const Finish item{.lease = lease_of(running), .kind = FinishKind::kRetry, .at = base::real_clock().now()};
         return status_of(b.finish(std::span(&item, 1)));
       }},
      {ScriptName::kForward, [&](Broker& b) { return status_of(b.forward(std::vector<std::string>{"q"}, 10)); }},
      {ScriptName::kAct, [&](Broker& b) { return status_of(b.act(std::span(&a, 1), TaskAction::kArchive)); }},
      {ScriptName::kRemoveQueue, [&](Broker& b) { return b.remove_queue("q", true); }}};
  const auto before = dump();
  for (const auto& [name, call] : verbs) {
    for (const std::string& command : commands_of(name)) {
      if (command == "TYPE" || command == "TIME") continue;  // asked before all else
      server_.run({"ACL", "SETUSER", "few", "reset", "on", ">x", "~asynq:*", "&*", "+@all", "-" + command});
      auto few = open_broker("redis://few:x@127.0.0.1:" + std::to_string(server_.port()));
      const Status refused = call(*few);
      ASSERT_FALSE(refused) << command;
      EXPECT_EQ(refused.error().code(), ErrorCode::kPermissionDenied) << command << ": " << refused.error().message();
      EXPECT_THAT(refused.error().message(), HasSubstr("NOPERM")) << command;
      ASSERT_EQ(dump(), before) << command << " of " << call(*few).error().message();
    }
  }
}

TEST_F(RedisTrouble, AKeyOfAnotherTypeIsAnErrorOfItsQueueAloneAndNothingIsHalfStored) {
  auto broker = open_broker(server_.url());
  server_.run({"SET", "asynq:{bad}:pending", "no list"});
  server_.run({"SET", "asynq:{worse}:scheduled", "no set"});
  const Error error = error_of(try_put(*broker, plain("a", "bad")));
  EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
  EXPECT_THAT(error.message(), HasSubstr("WRONGTYPE"));
  EXPECT_EQ(server_.run_text({"EXISTS", "asynq:{bad}:t:a"}), "0");
  EXPECT_EQ(error_of(try_put(*broker, delayed("a", 1h, "worse"))).code(), ErrorCode::kCorrupt);
  EXPECT_EQ(server_.run_text({"EXISTS", "asynq:{worse}:t:a"}), "0");
  EXPECT_EQ(error_of(broker->fetch({.queues = {{"bad", 1}}, .max = 1, .owner = "s", .lease = 30s})).code(), ErrorCode::kCorrupt);
  EXPECT_EQ(put(*broker, plain("a", "good")), EnqueueStatus::kEnqueued);
  EXPECT_EQ(finish(*broker, fetch_one(*broker, "good")), FinishOutcome::kApplied);
}

TEST_F(RedisTrouble, ATaskWhoseKeyIsOfAnotherTypeIsAGhostAndStopsNeitherFetchNorForwardingNorRecoveryNorCleaning) {
  auto broker = open_broker(server_.url());
  put(*broker, plain("lost"));
  ASSERT_EQ(fetch(*broker, 1, "q", "dead").size(), 1u);
  put(*broker, plain("a"));
  for (const std::string where : {"scheduled", "retry", "archived", "completed", "lease"}) {
    server_.run({"SET", "asynq:{q}:t:odd-" + where, "no hash"});
    server_.run({"ZADD", "asynq:{q}:" + where, "1000", "odd-" + where});
  }
  server_.run({"RPUSH", "asynq:{q}:active", "odd-lease"});
  server_.run({"SET", "asynq:{q}:t:odd", "no hash"});
  server_.run({"LPUSH", "asynq:{q}:pending", "odd"});
  EXPECT_EQ(fetch(*broker, 10).size(), 1u);
  get(broker->keep_alive("dead", 10s));
  get(broker->clear_server("dead"));
  get(broker->recover({.queues = {"q"}}));
  EXPECT_EQ(state(*broker, "lost"), TaskState::kPending);
  const std::vector<std::string> queues{"q"};
  get(broker->forward(queues, 100));
  get(broker->clean({.queues = queues}));
  for (const char* set : {"scheduled", "retry", "archived", "completed"}) {
    EXPECT_EQ(server_.run_text({"ZCARD", std::string("asynq:{q}:") + set}), "0") << set;
  }
  EXPECT_EQ(fetch_one(*broker).message.id, "lost");
  EXPECT_EQ(server_.run_text({"LLEN", "asynq:{q}:active"}), "2");
}

TEST_F(RedisTrouble, ALockOfAnotherTypeIsHeldByNobodyAndLosesNoTaskOfItsBatch) {
  auto broker = open_broker(server_.url());
  server_.run({"LPUSH", "asynq:{q}:unique:t:x", "no text"});
  std::vector<NewTask> tasks{plain("a"), plain("b")};
  tasks[1].message.unique_key = "asynq:{q}:unique:t:x";
  tasks[1].unique_ttl = 1h;
  for (const EnqueueOutcome& outcome : get(broker->enqueue(tasks))) EXPECT_EQ(outcome.status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(fetch(*broker, 10).size(), 2u);
  EXPECT_EQ(server_.run_text({"GET", "asynq:{q}:unique:t:x"}), "b");
}

TEST_F(RedisTrouble, AQueueWithAKeyOfAnotherTypeDoesNotKeepAServerFromItsOthers) {
  auto broker = open_broker(server_.url());
  server_.run({"SADD", "asynq:queues", "bad"});
  server_.run({"SET", "asynq:{bad}:pending", "no list"});
  put(*broker, plain("a", "good"));
  const FetchRequest request{.queues = {{"bad", 5}, {"good", 5}}, .max = 10, .owner = "s", .lease = 30s};
  const auto tasks = get(broker->fetch(request));
  ASSERT_EQ(tasks.size(), 1u);
  EXPECT_EQ(finish(*broker, tasks[0]), FinishOutcome::kApplied);
  EXPECT_EQ(error_of(broker->fetch(request)).code(), ErrorCode::kCorrupt) << "told when there is nothing else to do";
}

TEST_F(RedisTrouble, ActiveKeyOfAnotherTypeStopsAFetchBeforeItTakesAnything) {
  auto broker = open_broker(server_.url());
  put(*broker, plain("a"));
  server_.run({"SET", "asynq:{q}:active", "no list"});
  EXPECT_EQ(error_of(broker->fetch({.queues = {{"q", 1}}, .max = 1, .owner = "s", .lease = 30s})).code(), ErrorCode::kCorrupt);
  server_.run({"DEL", "asynq:{q}:active"});
  EXPECT_EQ(fetch_one(*broker).message.id, "a");
}

TEST_F(RedisTrouble, AMessageThatDoesNotDecodeIsPutAsideAndTheQueueGoesOn) {
  auto broker = open_broker(server_.url());
  const std::string bytes("\x0a\xff not a message \x00\xfe", 18);
  put(*broker, plain("a"));
  server_.run({"HSET", "asynq:{q}:t:bad", "msg", bytes, "state", "pending"});
  server_.run({"LPUSH", "asynq:{q}:pending", "bad"});
  put(*broker, plain("b"));
  std::vector<std::string> ids;
  for (const FetchedTask& task : fetch(*broker, 10)) ids.push_back(task.message.id);
  EXPECT_THAT(ids, ElementsAre("a", "b"));
  EXPECT_EQ(server_.run_text({"HGET", "asynq:{q}:t:bad", "state"}), "archived");
  EXPECT_EQ(server_.run_text({"HGET", "asynq:{q}:t:bad", "msg"}), bytes);
  EXPECT_EQ(server_.run_text({"ZRANK", "asynq:{q}:archived", "bad"}), "0");
  EXPECT_EQ(server_.run_text({"ZRANK", "asynq:{q}:lease", "bad"}), "");
  EXPECT_EQ(get(broker->queue_info("q")).active, 2u);
  EXPECT_EQ(get(broker->queue_info("q")).archived, 1u);
  EXPECT_TRUE(broker->list({.filter = {.queue = "q", .state = TaskState::kArchived}}));
  const TaskRef bad{"q", "bad"};
  EXPECT_THAT(get(broker->act(std::span(&bad, 1), TaskAction::kDelete)), ElementsAre(ActionOutcome::kApplied));
  EXPECT_EQ(server_.run_text({"EXISTS", "asynq:{q}:t:bad"}), "0");
}

TEST_F(RedisTrouble, AMessageThatDoesNotDecodeStopsNeitherForwardingNorRecoveryNorCleaning) {
  auto broker = open_broker(server_.url());
  put(*broker, plain("good"));
  ASSERT_EQ(fetch(*broker, 1, "q", "dead").size(), 1u);
  for (const std::string where : {"scheduled", "retry", "archived", "completed", "lease"}) {
    server_.run({"HSET", "asynq:{q}:t:bad-" + where, "msg", "\xff\xff", "state", where == "lease" ? "active" : where});
    server_.run({"ZADD", "asynq:{q}:" + where, "1000", "bad-" + where});
  }
  server_.run({"LPUSH", "asynq:{q}:active", "bad-lease"});
  get(broker->keep_alive("dead", 10s));
  get(broker->clear_server("dead"));
  get(broker->recover({.queues = {"q"}}));
  EXPECT_EQ(state(*broker, "good"), TaskState::kPending);
  const std::vector<std::string> queues{"q"};
  get(broker->forward(queues, 100));
  get(broker->clean({.queues = queues}));
  EXPECT_EQ(server_.run_text({"ZCARD", "asynq:{q}:scheduled"}), "0");
  EXPECT_EQ(server_.run_text({"ZCARD", "asynq:{q}:retry"}), "0");
  EXPECT_EQ(server_.run_text({"ZCARD", "asynq:{q}:completed"}), "0");
  std::vector<std::string> ids;
  for (const FetchedTask& task : fetch(*broker, 10)) ids.push_back(task.message.id);
  EXPECT_THAT(ids, ElementsAre("good"));
  EXPECT_EQ(server_.run_text({"LLEN", "asynq:{q}:pending"}), "0");
}

TEST_F(RedisTrouble, GhostsIdsWithoutATaskAreDropped) {
  auto broker = open_broker(server_.url());
  server_.run({"SADD", "asynq:queues", "q"});
  server_.run({"LPUSH", "asynq:{q}:pending", "ghost"});
  put(*broker, plain("a"));
  std::vector<std::string> ids;
  for (const FetchedTask& task : fetch(*broker, 10)) ids.push_back(task.message.id);
  EXPECT_THAT(ids, ElementsAre("a"));
  EXPECT_EQ(server_.run_text({"EXISTS", "asynq:{q}:t:ghost"}), "0");
  EXPECT_EQ(server_.run_text({"LLEN", "asynq:{q}:active"}), "1");

  // What Asynq leaves when it fetches one: a hash with nothing but the state, active for ever.
  server_.run({"HSET", "asynq:{q}:t:parked", "state", "active"});
  server_.run({"LPUSH", "asynq:{q}:active", "parked"});
  server_.run({"ZADD", "asynq:{q}:lease", "1000", "parked"});
  for (const char* set : {"scheduled", "retry", "completed"}) {
    server_.run({"ZADD", std::string("asynq:{q}:") + set, "1000", std::string("ghost-") + set});
  }
  get(broker->recover({.queues = {"q"}}));
  const std::vector<std::string> queues{"q"};
  get(broker->forward(queues, 100));
  get(broker->clean({.queues = queues}));
  EXPECT_THAT(fetch(*broker, 10), IsEmpty());
  EXPECT_EQ(server_.run_text({"LLEN", "asynq:{q}:active"}), "1");
  EXPECT_EQ(server_.run_text({"ZCARD", "asynq:{q}:lease"}), "1");
  for (const char* set : {"scheduled", "retry", "completed"}) {
    EXPECT_EQ(server_.run_text({"ZCARD", std::string("asynq:{q}:") + set}), "0") << set;
  }
}

TEST_F(RedisTrouble, AnActiveTaskWithoutALeaseIsRecovered) {
  auto broker = open_broker(server_.url());
  put(*broker, plain("a"));
  fetch_one(*broker);
  server_.run({"ZREM", "asynq:{q}:lease", "a"});
  const auto recovered = get(broker->recover({.queues = {"q"}}));
  ASSERT_EQ(recovered.size(), 1u);
  EXPECT_EQ(recovered[0].task, (TaskRef{"q", "a"}));
  EXPECT_EQ(state(*broker, "a"), TaskState::kPending);
  EXPECT_EQ(finish(*broker, fetch_one(*broker)), FinishOutcome::kApplied);
}

TEST_F(RedisTrouble, TenThousandArchivedTasksThatPassTheAgeLimitAtOnceAreAllTrimmed) {
  auto broker = open_broker(server_.url());
  constexpr int kTasks = 10'000;
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(base::real_clock().now().time_since_epoch()).count();
  const std::string old = std::to_string(now - 91 * 24 * 3600);
  // As Asynq would have written them.
  redis::Pipeline p;
  p.add("SADD", "asynq:queues", "q");
  for (int i = 0; i < kTasks; ++i) {
    core::TaskMessage message = plain("t" + std::to_string(i)).message;
    p.add("HSET", "asynq:{q}:t:" + message.id, "msg", core::encode_message(message), "state", "archived");
    p.add("ZADD", "asynq:{q}:archived", old, message.id);
  }
  ASSERT_TRUE(open(server_.url())->call(p));
  put(*broker, plain("fresh"));
  EXPECT_EQ(finish(*broker, fetch_one(*broker), FinishKind::kArchive), FinishOutcome::kApplied) << "Asynq fails here";

  std::size_t trimmed = 0;
  for (bool more = true; more;) {
    const CleanResult result = get(broker->clean({.queues = {"q"}}));
    EXPECT_LE(result.archived, 250u) << "a script must not run long";
    trimmed += result.archived;
    more = result.more;
  }
  EXPECT_EQ(trimmed, static_cast<std::size_t>(kTasks));
  EXPECT_EQ(get(broker->queue_info("q")).archived, 1u);
  EXPECT_EQ(state(*broker, "fresh"), TaskState::kArchived);
  const redis::Replies keys = server_.run({"KEYS", "asynq:{q}:t:*"});
  EXPECT_EQ(keys[0].size(), 1u) << "their hashes go with them";
}

TEST_F(RedisTrouble, OfEntriesThatAlwaysTickTogetherEachHistoryIsTrimmed) {
  auto broker = open_broker(server_.url());
  constexpr int kEntries = 16, kTicks = 1500;
  for (int t = 1; t <= kTicks; ++t) {
    std::vector<NewTask> tasks;
    for (int e = 0; e < kEntries; ++e) {
      tasks.push_back(plain(std::to_string(t) + "." + std::to_string(e)));
      tasks.back().tick = Tick{"entry" + std::to_string(e), TimePoint(t * 1s)};
      tasks.back().tick->previous = TimePoint((t - 1) * 1s);
    }
    get(broker->enqueue(tasks));
  }
  for (int e = 0; e < kEntries; ++e) {
    const std::string kept = server_.run_text({"ZCARD", "asynq:scheduler_history:entry" + std::to_string(e)});
    EXPECT_LT(std::stoi(kept), 1000 + kTicks / 4) << "entry " << e;
  }
}

}  // namespace
}  // namespace windlass::testing
