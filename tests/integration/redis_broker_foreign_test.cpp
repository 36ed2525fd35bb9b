// Tasks that pass from our servers to Go's: what is stored of a run that is over must never be taken for a run of theirs.
#include "integration/redis_broker_fixture.hpp"

namespace windlass::testing {
namespace {

class RedisForeign : public RedisBrokerFixture {
 protected:
  // As Asynq does it, in the second in which our lease was written: the score is the same.
  void go_fetches(const std::string& id, const std::string& score) {
    server_.run({"LREM", "asynq:{q}:pending", "0", id});
    server_.run({"LPUSH", "asynq:{q}:active", id});
    server_.run({"HSET", "asynq:{q}:t:" + id, "state", "active"});
    server_.run({"HDEL", "asynq:{q}:t:" + id, "pending_since"});
    server_.run({"ZADD", "asynq:{q}:lease", score, id});
  }
  std::string score_of(const std::string& id) {
    return std::to_string(static_cast<std::int64_t>(server_.run({"ZSCORE", "asynq:{q}:lease", id})[0].real().value_or(0)));
  }

  RedisServer server_;
};

TEST_F(RedisForeign, ARunThatIsOverIsNotTakenForThatOfAGoServer) {
  auto broker = open_broker(server_.url());
  const std::vector<std::string> queues{"q"};
  for (const FinishKind kind : {FinishKind::kRetry, FinishKind::kSnooze, FinishKind::kRequeue, FinishKind::kArchive,
                                FinishKind::kComplete}) {
    const std::string id = "ended by kind " + std::to_string(static_cast<int>(kind));
    put(*broker, plain(id));
    const FetchedTask run = fetch_one(*broker);
    const std::string score = score_of(id);
    ASSERT_EQ(finish(*broker, run, kind), FinishOutcome::kApplied);
    const TaskRef ref{"q", id};
    if (state(*broker, id) != TaskState::kPending) get(broker->act(std::span(&ref, 1), TaskAction::kRun));
    ASSERT_EQ(state(*broker, id), TaskState::kPending);
    go_fetches(id, score);

    EXPECT_EQ(finish(*broker, run, kind), FinishOutcome::kLeaseLost) << id << ": the same again, as after a lost reply";
    const LeaseRef lease = lease_of(run);
    EXPECT_EQ(get(broker->extend(std::span(&lease, 1), 30s)), std::vector<bool>{false}) << id;
    EXPECT_EQ(get(broker->task(ref)).owner, "") << id;
    get(broker->clear_server("server"));
    EXPECT_TRUE(get(broker->recover({.queues = queues})).empty()) << id << ": its Go server lives";
    EXPECT_EQ(state(*broker, id), TaskState::kActive) << id;
  }
}

}  // namespace
}  // namespace windlass::testing
