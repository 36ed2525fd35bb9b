// The consumer beside real beanstalkd servers: what it promises, when nothing is killed.
#include <atomic>

#include <windlass/inspector.hpp>

#include "beanstalk/stats.hpp"
#include "dq/body.hpp"
#include "dq/nodes.hpp"
#include "dq_fixture.hpp"

namespace windlass::testing {
namespace {

using beanstalk::Commands;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using DqConsumer = DqFixture;

std::vector<std::string> numbered(int count) {
  std::vector<std::string> bodies;
  for (int i = 0; i < count; ++i) bodies.push_back("m" + std::to_string(1000 + i));
  return bodies;
}

TEST_F(DqConsumer, RunsEachMessageOnceWithAnyNumberOfConsumersAndLeavesNoCopy) {
  auto producer = this->producer();
  std::vector<dq::Message> messages;
  for (const std::string& body : numbered(300)) messages.emplace_back(body, std::chrono::system_clock::now() + 300ms);
  for (const auto& id : producer.put_batch(messages)) ASSERT_TRUE(id);
  auto one = consume(recording()), other = consume(recording());
  log_.wait_for(300);
  wait_until_empty();
  EXPECT_EQ(log_.bodies(), numbered(300));
  EXPECT_EQ(total(*one, &dq::ConsumerStats::done) + total(*other, &dq::ConsumerStats::done), 300u);
  wait_until([&] {
    return total(*one, &dq::ConsumerStats::duplicates) + total(*other, &dq::ConsumerStats::duplicates) == 600u;
  });
}

TEST_F(DqConsumer, IsNeverEarly) {
  auto producer = this->producer();
  const TimePoint now = std::chrono::system_clock::now();
  for (int i = 0; i < 20; ++i)
    (void)get(producer.at("m" + std::to_string(i), now + 900ms + i * 37ms + std::chrono::nanoseconds(i)));
  auto consumer = consume(recording());
  log_.wait_for(20);
  for (const RunLog::Run& run : log_.all()) EXPECT_GE(run.started, run.due) << run.body;
  EXPECT_GT(total(*consumer, &dq::ConsumerStats::reserved), 0u);
}

TEST_F(DqConsumer, AHandlerSeesWhatATasksHandlerSees) {
  auto producer = this->producer();
  const TimePoint due = std::chrono::system_clock::now() + 10ms;
  const std::string id = get(producer.at("hello", due));
  std::string seen;
  auto consumer = consume(recording([&](Context& ctx) {
    EXPECT_EQ(ctx.queue(), "mail");
    EXPECT_EQ(ctx.type(), "mail");
    EXPECT_EQ(ctx.scheduled_at(), due);
    EXPECT_EQ(ctx.max_retry(), 25);
    EXPECT_EQ(ctx.task_id().size(), 32u);
    EXPECT_THAT(id, HasSubstr(ctx.headers().at("dq-id")));
    const std::vector<LogField> fields = log_context();
    EXPECT_TRUE(std::any_of(fields.begin(), fields.end(),
                            [&](const LogField& f) { return f.key == "task" && f.value == ctx.task_id(); }));
    return Outcome::done();
  }));
  log_.wait_for(1);
  wait_until_empty();
}

TEST_F(DqConsumer, AFailureIsRunAgainOneAtATimeAndBuriedOnAllNodesInTheEnd) {
  auto producer = this->producer();
  auto config = quick();
  config.max_retry = 2;
  std::atomic<int> at_once{0}, most{0};
  const Handler failing = recording([&](Context&) -> Outcome {
    most = std::max<int>(most, ++at_once);
    std::this_thread::yield();
    --at_once;
    return Outcome::fail("no");
  });
  auto one = consume(failing, config), other = consume(failing, config);
  (void)get(producer.delay("m", 0s));
  wait_until([&] { return jobs("buried") == 3; });
  std::vector<int> attempts;
  for (const RunLog::Run& run : log_.all()) attempts.push_back(run.attempt);
  EXPECT_THAT(attempts, ElementsAre(1, 2, 3)) << "the attempts are those of the message, whichever copy ran";
  EXPECT_EQ(most, 1);
  EXPECT_EQ(total(*one, &dq::ConsumerStats::buried) + total(*other, &dq::ConsumerStats::buried), 3u);
}

TEST_F(DqConsumer, AKickedMessageBeginsAnewAndItsOtherCopiesFollow) {
  auto producer = this->producer();
  auto config = quick();
  config.max_retry = 1;
  std::atomic<bool> works{false};
  auto consumer =
      consume(recording([&](Context&) -> Outcome { return works ? Outcome::done() : Outcome::fail("no"); }), config);
  (void)get(producer.delay("m", 0s));
  wait_until([&] { return jobs("buried") == 3; });
  auto inspector = get(dq::Inspector::open(nodes()));
  for (const auto& kicked : inspector.kick(10)) EXPECT_EQ(get(kicked), 1u);
  log_.wait_for(4);
  wait_until([&] { return jobs("buried") == 3; });
  EXPECT_EQ(log_.size(), 4u) << "one more series of two runs, not one for each copy";
  works = true;
  for (const auto& kicked : inspector.kick(10)) EXPECT_EQ(get(kicked), 1u);
  wait_until_empty();
  EXPECT_EQ(log_.size(), 5u);
}

TEST_F(DqConsumer, SkipRetryBuriesSnoozeCostsNothingAndRevokeEndsIt) {
  auto producer = this->producer();
  std::atomic<int> snoozes{0};
  auto consumer = consume(recording([&](Context& ctx) -> Outcome {
    if (ctx.payload().bytes() == "skip") return SkipRetry("never");
    if (ctx.payload().bytes() == "revoke") throw RevokeTask();
    EXPECT_EQ(ctx.retry_count(), 0);
    return snoozes++ == 0 ? Outcome(Snooze(1ms)) : Outcome::done();
  }));
  for (const char* body : {"skip", "revoke", "snooze"}) (void)get(producer.delay(body, 0s));
  wait_until([&] { return jobs("buried") == 3 && jobs() == 3; });
  EXPECT_THAT(log_.bodies(), ElementsAre("revoke", "skip", "snooze", "snooze"));
}

TEST_F(DqConsumer, AnExceptionIsAFailureAndATimeoutStopsTheRun) {
  auto producer = this->producer();
  auto config = quick();
  config.max_retry = 0;
  config.timeout = 50ms;
  std::atomic<StopReason> reason{StopReason::kNone};
  auto consumer = consume(recording([&](Context& ctx) -> Outcome {
                            if (ctx.payload().bytes() == "throws") throw std::runtime_error("oops");
                            std::stop_callback stopped(ctx.stop_token(), [] {});
                            wait_until([&] { return ctx.stop_requested(); });
                            reason = ctx.stop_reason();
                            return Outcome::fail("stopped");
                          }),
                          config);
  (void)get(producer.delay("throws", 0s));
  (void)get(producer.delay("hangs", 0s));
  wait_until([&] { return jobs("buried") == 6; });
  EXPECT_EQ(reason.load(), StopReason::kTimeout);
}

TEST_F(DqConsumer, ARunThatIsLongerThanTimeToRunAndLeaseIsNotRunTwice) {
  auto producer = this->producer();
  dq::PutOptions options;
  options.ttr = 2s;
  auto config = quick();
  config.lease = 2s;
  auto one = consume(recording([&](Context&) {
                       // More than the time to run, the lease and the second look at it must pass while it runs.
                       const auto until = std::chrono::steady_clock::now() + 7s;
                       wait_until([&] { return std::chrono::steady_clock::now() > until; });
                       return Outcome::done();
                     }),
                     config);
  auto other = consume(recording(), config);
  (void)get(producer.delay("m", 0s, options));
  log_.wait_for(1);
  if (total(*other, &dq::ConsumerStats::done) == 0) wait_until_empty();
  EXPECT_EQ(log_.size(), 1u);
  EXPECT_EQ(total(*one, &dq::ConsumerStats::leases_lost), 0u);
}

TEST_F(DqConsumer, WhatIsTooLateIsRunDroppedOrBuriedAsTheConsumerSays) {
  auto producer = this->producer();
  const TimePoint due = std::chrono::system_clock::now() + 1ms;
  (void)get(producer.at("a", due));
  wait_until([&] { return std::chrono::system_clock::now() > due + 20ms; });
  auto config = quick();
  config.lateness = dq::Lateness::bury(10ms);
  auto consumer = consume(recording(), config);
  wait_until([&] { return jobs("buried") == 3; });
  EXPECT_EQ(log_.size(), 0u);
  for (const auto& kicked : get(dq::Inspector::open(nodes())).kick(10)) EXPECT_EQ(get(kicked), 1u);
  log_.wait_for(1);
  wait_until_empty();
  consumer->stop();

  const TimePoint again = std::chrono::system_clock::now() + 1ms;
  (void)get(producer.at("b", again));
  wait_until([&] { return std::chrono::system_clock::now() > again + 20ms; });
  config.lateness = dq::Lateness::drop(10ms);
  auto dropping = consume(recording(), config);
  wait_until_empty();
  EXPECT_EQ(total(*dropping, &dq::ConsumerStats::late_dropped), 1u);
  EXPECT_EQ(log_.size(), 1u);
  EXPECT_THAT(get(dq::Inspector::open(nodes())).stats().size(), 3u);
}

TEST_F(DqConsumer, WhatWaitsForARetryTakesNoPlaceInHand) {
  auto producer = this->producer();
  auto config = quick();
  config.in_hand_max = 2;
  config.retry_delay = [](int, const Failure&, const Context&) { return Duration(1h); };
  auto consumer = consume(recording([](Context&) { return Outcome::fail("no"); }), config);
  for (int i = 0; i < 10; ++i) (void)get(producer.delay("m" + std::to_string(i), 0s));
  log_.wait_for(10);
  wait_until([&] { return jobs("delayed") == 30; });
  EXPECT_EQ(log_.size(), 10u);
}

TEST_F(DqConsumer, WhatWasSnoozedIsNotLate) {
  auto producer = this->producer();
  auto config = quick();
  config.lateness = dq::Lateness::drop(3s);
  auto consumer = consume(recording([this](Context& ctx) -> Outcome {
                            wait_until([&] { return std::chrono::system_clock::now() > ctx.scheduled_at() + 3s; });
                            return log_.size() == 1 ? Outcome(Snooze(1ms)) : Outcome::done();
                          }),
                          config);
  (void)get(producer.delay("m", 0s));
  log_.wait_for(2);
  wait_until_empty();
  EXPECT_EQ(total(*consumer, &dq::ConsumerStats::late_dropped), 0u);
  EXPECT_EQ(total(*consumer, &dq::ConsumerStats::retried), 1u);
  EXPECT_EQ(total(*consumer, &dq::ConsumerStats::failed), 0u) << "it did not fail";
}

// Gives one lock away; then the message is another consumer's, which has done it.
class TakenOver final : public dq::LockStore {
 public:
  Result<dq::Exchange> exchange(const std::string&, const std::string&, const std::string&, Duration) override {
    dq::Exchange found;
    found.stored = !given_.exchange(true);
    found.value = found.stored ? "" : "windlass1 done - 1 0 0 86400000";
    found.left = 24h;
    return found;
  }

 private:
  std::atomic<bool> given_{false};
};

TEST_F(DqConsumer, ACopyThatIsTooLateIsNotKeptWhenSomebodyElseHasTakenTheMessage) {
  servers_[0].run(Commands().use("mail").put({2, 0, 5}, dq::wrap_body(std::chrono::system_clock::now() - 1min, "m")));
  auto config = quick();
  config.lateness = dq::Lateness::bury(1s);
  dq::Consumer consumer(nodes(), std::make_shared<TakenOver>(), recording(), config);
  get(consumer.start());
  wait_until_empty();
  EXPECT_EQ(log_.size(), 0u);
}

TEST_F(DqConsumer, AJobThatIsNoMessageOfDqIsBuriedAndTheOthersRun) {
  servers_[0].run(Commands().use("mail").put({7, 0, 5}, "hello").put({7, 0, 5}, ""));
  (void)get(producer().delay("m", 0s));
  auto consumer = consume(recording());
  log_.wait_for(1);
  wait_until([&] { return servers_[0].jobs("buried") == 2; });
  EXPECT_EQ(total(*consumer, &dq::ConsumerStats::malformed), 2u);
  EXPECT_EQ(get(get(dq::Inspector::open(nodes())).buried()[0])->body, "hello");
}

TEST_F(DqConsumer, AMessageUnderAGoConsumersLockIsNotNeeded) {
  auto producer = this->producer();
  const std::string id = get(producer.delay("m", 0s));
  const dq::CopyRef copy = get(dq::parse_id(id)).at(0);
  const std::string body = servers_[0].run(Commands().peek(copy.job))[0].reply.body;
  std::string key;
  auto seen = consume(recording([&](Context& ctx) { return key = ctx.task_id(), Outcome::done(); }));
  log_.wait_for(1);
  wait_until_empty();
  seen->stop();
  EXPECT_TRUE(
      get(locks()->exchange(key, get(locks()->exchange(key, "", "", 1h)).value, "aBcDeFgHiJkLmNoP", 1h)).stored);
  servers_[1].run(Commands().use("mail").put({2, 0, 5}, body));
  auto consumer = consume(recording());
  wait_until_empty();
  EXPECT_EQ(log_.size(), 1u);
  EXPECT_EQ(total(*consumer, &dq::ConsumerStats::duplicates), 1u);
}

TEST_F(DqConsumer, AJobThatIsMuchTooEarlyGoesBackUntilItsTime) {
  auto producer = this->producer();
  (void)get(producer.delay("m", 1h));
  for (const Beanstalkd& server : servers_) server.run(Commands().use("mail").kick(10));
  auto consumer = consume(recording());
  wait_until([&] { return total(*consumer, &dq::ConsumerStats::reserved) == 3 && jobs("delayed") == 3; });
  EXPECT_EQ(log_.size(), 0u);
}

TEST_F(DqConsumer, DeadlineSoonIsAnsweredWithTouching) {
  // A time to run of one second is all safety margin: every reserve beside it is answered with DEADLINE_SOON.
  const std::string body = dq::wrap_body(std::chrono::system_clock::now() + 1500ms, "m");
  servers_[0].run(Commands().use("mail").put({2, 0, 1}, body));
  auto consumer = consume(recording([&](Context&) {
    const auto until = std::chrono::steady_clock::now() + 1500ms;
    wait_until([&] { return std::chrono::steady_clock::now() > until; });
    return Outcome::done();
  }));
  log_.wait_for(1);
  wait_until_empty();
  EXPECT_EQ(log_.size(), 1u) << "it was held for three times its time to run";
  const auto stats = get(beanstalk::Stats::parse(servers_[0].run(Commands().stats())[0].reply.body));
  EXPECT_GT(stats.number("cmd-touch"), 0u);
  EXPECT_LT(stats.number("cmd-touch"), 1000u) << "and not in a loop that never rests";
}

TEST_F(DqConsumer, StoppingWaitsForRunningHandlersAndGivesTheRestBack) {
  auto producer = this->producer();
  auto config = quick();
  config.concurrency = 1;
  config.shutdown_timeout = 0s;
  auto consumer = consume(recording([&](Context& ctx) -> Outcome {
                            wait_until([&] { return ctx.stop_requested(); });
                            EXPECT_EQ(ctx.stop_reason(), StopReason::kShutdown);
                            return Outcome::fail("told to stop");
                          }),
                          config);
  for (int i = 0; i < 5; ++i) (void)get(producer.delay("m" + std::to_string(i), 0s));
  log_.wait_for(1);
  consumer->stop();
  consumer->stop();
  EXPECT_EQ(log_.size(), 1u);
  wait_until([&] { return jobs("reserved") == 0; });
  EXPECT_EQ(jobs(), 15u) << "nothing is lost";
  auto next = consume(recording());
  log_.wait_for(6);
  wait_until_empty();
  for (const RunLog::Run& run : log_.all())
    EXPECT_EQ(run.attempt, 1) << "a run that was told to stop by the end costs nothing";
}

TEST_F(DqConsumer, RunsNoMoreThanItWasTold) {
  auto producer = this->producer();
  for (int i = 0; i < 10; ++i) (void)get(producer.delay("m" + std::to_string(i), 0s));
  auto config = quick();
  config.runs_max = 3;
  auto consumer = consume(recording(), config);
  consumer->wait();
  consumer->stop();
  EXPECT_EQ(log_.size(), 3u);
  auto rest = consume(recording());
  wait_until_empty();
  EXPECT_EQ(log_.size(), 10u);
}

TEST_F(DqConsumer, CompatibleDeletesFirstRunsOnceAndNeverAgain) {
  auto producer = this->producer();
  auto config = quick();
  config.compatible = true;
  auto consumer = consume(recording([](Context&) { return Outcome::fail("no"); }), config);
  (void)get(producer.delay("m", 0s));
  servers_[0].run(
      Commands().use("mail").put({2, 0, 5}, dq::wrap_body(std::chrono::system_clock::now() - 31min, "late")));
  log_.wait_for(1);
  wait_until_empty();
  wait_until([&] { return total(*consumer, &dq::ConsumerStats::late_dropped) == 1; });
  EXPECT_THAT(log_.bodies(), ElementsAre("m"));
  EXPECT_EQ(total(*consumer, &dq::ConsumerStats::failed), 1u);
  wait_until([&] { return total(*consumer, &dq::ConsumerStats::duplicates) == 2; });
}

TEST_F(DqConsumer, HandsMessagesOverToAQueueOnce) {
  const BrokerPtr broker = get(open_broker("memory:"));
  Client client(broker);
  auto producer = this->producer();
  const std::string id = get(producer.delay("hello", 0s));
  auto consumer = consume(dq::enqueue_handler(client, "mail:send", EnqueueOptions().queue("low")));
  wait_until_empty();
  consumer->stop();
  TaskQuery query;
  query.queue = "low";
  const TaskPage page = get(Inspector(broker).list(query));
  ASSERT_EQ(page.tasks.size(), 1u);
  EXPECT_EQ(page.tasks[0].type, "mail:send");
  EXPECT_EQ(page.tasks[0].payload.bytes(), "hello");
  EXPECT_EQ(page.tasks[0].id.size(), 32u);
}

}  // namespace
}  // namespace windlass::testing
