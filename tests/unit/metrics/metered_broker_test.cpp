#include <windlass/metrics.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/broker.hpp"
#include "broker/memory/memory_broker.hpp"
#include "support/failing_broker.hpp"
#include "support/fake_clock.hpp"

namespace windlass::broker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using windlass::testing::FailingBroker;
using windlass::testing::Fault;
using windlass::testing::Verb;

NewTask task(std::string id) {
  NewTask made;
  made.message.id = std::move(id);
  made.message.queue = "default";
  made.message.type = "t";
  return made;
}

struct MeteredBroker : ::testing::Test {
  windlass::testing::FakeClock clock;
  std::shared_ptr<FailingBroker> inner = std::make_shared<FailingBroker>(make_memory_broker(clock));
  MetricsPtr metrics = std::make_shared<Metrics>();
  BrokerPtr broker = metered(inner, metrics);
};

TEST_F(MeteredBroker, PassesCallsOnAndMeasuresTimeAndBatches) {
  const std::vector<NewTask> tasks{task("1"), task("2"), task("3")};
  ASSERT_TRUE(broker->enqueue(tasks));
  const auto fetched = broker->fetch({.queues = {{"default", 10}}, .max = 10, .owner = "me", .lease = std::chrono::seconds(30)});
  ASSERT_TRUE(fetched);
  EXPECT_EQ(fetched->size(), 3u);
  const std::string text = metrics->text();
  EXPECT_THAT(text, HasSubstr("windlass_broker_call_seconds_count{call=\"enqueue\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("windlass_broker_batch_tasks_sum{call=\"enqueue\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("windlass_broker_batch_tasks_sum{call=\"fetch\"} 3\n"));
}

TEST_F(MeteredBroker, AFetchThatBringsNothingIsNoBatch) {
  ASSERT_TRUE(broker->fetch({.queues = {{"default", 10}}, .max = 10, .owner = "me", .lease = std::chrono::seconds(30)}));
  EXPECT_THAT(metrics->text(), HasSubstr("windlass_broker_batch_tasks_count{call=\"fetch\"} 0\n"));
}

TEST_F(MeteredBroker, FailuresAreCountedByCallAndCode) {
  inner->on_call([](Verb verb, int) { return verb == Verb::kEnqueue ? Fault::kBefore : Fault::kNone; });
  const NewTask one = task("1");
  EXPECT_FALSE(broker->enqueue({&one, 1}));
  EXPECT_THAT(metrics->text(), HasSubstr("windlass_broker_call_failures_total{call=\"enqueue\",code=\"unavailable\"} 1\n"));
}

TEST_F(MeteredBroker, AskingForWhatIsNotThereIsNoFailure) {
  EXPECT_FALSE(broker->queue_info("no such queue"));
  EXPECT_THAT(metrics->text(), Not(HasSubstr("queue_not_found")));
}

TEST_F(MeteredBroker, MeteringTwiceIntoTheSameMetricsCountsOnce) {
  EXPECT_EQ(metered(broker, metrics), broker);
  EXPECT_NE(metered(broker, std::make_shared<Metrics>()), broker);
}

}  // namespace
}  // namespace windlass::broker
