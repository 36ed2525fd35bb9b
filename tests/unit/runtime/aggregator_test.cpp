#include "runtime/aggregator.hpp"

#include <stdexcept>

#include "role_fixture.hpp"

namespace windlass::runtime {
namespace {

class AggregatorTest : public RoleTest {
 protected:
  void add_to_group(const std::string& id, const std::string& group) {
    broker::NewTask t = task(id);
    t.message.group = group;
    t.message.payload = Payload(id);
    t.message.headers = {{"from", id}};
    enqueue(t);
  }
  // A role with `aggregator`, groups ready 10 s after their last task.
  GroupAggregator make(Aggregator aggregator) {
    ServerConfig config;
    config.aggregator = std::move(aggregator);
    hooks = std::make_unique<Hooks>(config);
    return GroupAggregator(store, clock, {"default"}, {.grace = 10s}, *hooks, trouble());
  }
  static Task join(const std::string& group, const std::vector<Task>& tasks) {
    std::string all = group + ":";
    for (const Task& t : tasks) all += t.payload().bytes() + "(" + t.options().headers().at("from") + ")";
    return Task("batch", all);
  }
  std::vector<TaskInfo> pending() { return store.list({.filter = {.queue = "default"}})->tasks; }
  std::size_t waiting(const std::string& group) {
    const auto groups = store.groups("default");
    for (const GroupInfo& g : *groups) {
      if (g.group == group) return g.size;
    }
    return 0;
  }

  std::unique_ptr<Hooks> hooks;
};

TEST_F(AggregatorTest, AReadyGroupBecomesOneTask) {
  GroupAggregator role = make(join);
  add_to_group("a", "g");
  add_to_group("b", "g");
  EXPECT_EQ(role.step(clock.now()), clock.now() + 1s);
  EXPECT_TRUE(pending().empty()) << "its grace period is not over";
  clock.advance(10s);
  role.step(clock.now());
  ASSERT_EQ(pending().size(), 1u);
  EXPECT_EQ(pending()[0].type, "batch");
  EXPECT_EQ(pending()[0].payload, Payload("g:a(a)b(b)"));
  EXPECT_EQ(store.queue_info("default")->aggregating, 0u);
}

TEST_F(AggregatorTest, TheTaskMadeGoesToTheQueueOfTheGroupWhateverItSays) {
  GroupAggregator role = make([](const std::string&, const std::vector<Task>&) {
    return Task("batch", {}, EnqueueOptions().queue("elsewhere").max_retry(7));
  });
  add_to_group("a", "g");
  clock.advance(10s);
  role.step(clock.now());
  ASSERT_EQ(pending().size(), 1u);
  EXPECT_EQ(pending()[0].max_retry, 7);
}

TEST_F(AggregatorTest, AnAggregatorThatThrowsLeavesItsGroupWaitingAndOthersServed) {
  GroupAggregator role = make([](const std::string& group, const std::vector<Task>& tasks) {
    if (group == "bad") throw std::runtime_error("no");
    return join(group, tasks);
  });
  add_to_group("a", "bad");
  add_to_group("b", "good");
  clock.advance(10s);
  EXPECT_EQ(role.step(clock.now()), clock.now() + 1s) << "not again at once";
  ASSERT_EQ(pending().size(), 1u);
  EXPECT_EQ(pending()[0].payload, Payload("good:b(b)"));
  EXPECT_EQ(waiting("bad"), 1u);
}

TEST_F(AggregatorTest, ATaskThatCannotBeStoredLeavesItsGroupWaiting) {
  enqueue(task("taken"));
  GroupAggregator role = make([](const std::string& group, const std::vector<Task>&) {
    return group == "blank" ? Task(" ") : Task("batch", {}, EnqueueOptions().task_id("taken"));
  });
  add_to_group("a", "blank");
  add_to_group("b", "conflict");
  clock.advance(10s);
  role.step(clock.now());
  EXPECT_EQ(waiting("blank"), 1u);
  EXPECT_EQ(waiting("conflict"), 1u);
}

TEST_F(AggregatorTest, AnAggregatorThatTakesTooLongStoresNothing) {
  GroupAggregator role = make([&](const std::string& group, const std::vector<Task>& tasks) {
    clock.advance(GroupAggregator::kHold);
    return join(group, tasks);
  });
  add_to_group("a", "g");
  clock.advance(10s);
  store.on_call([](Verb verb, int n) { return verb == Verb::kTakeGroup && n > 1 ? Fault::kBefore : Fault::kNone; });
  role.step(clock.now());
  EXPECT_TRUE(pending().empty());
  EXPECT_EQ(store.queue_info("default")->aggregating, 1u);
}

TEST_F(AggregatorTest, AGroupThatCouldBeNeitherStoredNorPutBackIsPutBackWhenTheStoreWorksAgain) {
  GroupAggregator role = make(join);
  add_to_group("a", "g");
  clock.advance(10s);
  store.on_call([](Verb verb, int n) {
    return (verb == Verb::kFinishGroup || verb == Verb::kReleaseGroup) && n == 1 ? Fault::kBefore : Fault::kNone;
  });
  role.step(clock.now());
  EXPECT_TRUE(pending().empty());
  role.step(clock.now());
  EXPECT_EQ(pending().size(), 1u) << "not only when it is held no longer, minutes from now";
}

TEST_F(AggregatorTest, NoTaskIsLostOrDoubledWhicheverCallFails) {
  for (const Verb verb : {Verb::kTakeGroup, Verb::kFinishGroup, Verb::kReleaseGroup}) {
    for (const Fault fault : {Fault::kBefore, Fault::kAfter}) {
      const std::string group = std::to_string(static_cast<int>(verb)) + (fault == Fault::kBefore ? "before" : "after");
      bool failed_once = false;
      GroupAggregator role = make([&](const std::string& g, const std::vector<Task>& tasks) {
        if (verb == Verb::kReleaseGroup && !failed_once) {
          failed_once = true;
          throw std::runtime_error("once");
        }
        return join(g, tasks);
      });
      add_to_group("x" + group, group);
      clock.advance(10s);
      bool fell = false;
      store.on_call([&](Verb v, int) { return v == verb && !std::exchange(fell, true) ? fault : Fault::kNone; });
      for (int i = 0; i < 200; ++i) {
        const TimePoint now = clock.now();
        clock.advance(role.step(now) - now);
      }
      store.on_call(nullptr);  // it looks at what ends here
      store.on_call(nullptr);
      EXPECT_TRUE(fell);
      int made = 0;
      for (const TaskInfo& t : pending()) made += t.payload.bytes().starts_with(group + ":") ? 1 : 0;
      EXPECT_EQ(made, 1) << group;
    }
  }
  EXPECT_EQ(store.queue_info("default")->aggregating, 0u);
}

}  // namespace
}  // namespace windlass::runtime
