// Roles stepped by hand: memory broker, fake clock, no threads.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "broker/memory/memory_broker.hpp"
#include "runtime/counters.hpp"
#include "runtime/finisher.hpp"
#include "runtime/run_table.hpp"
#include "runtime/trouble.hpp"
#include "support/failing_broker.hpp"
#include "support/fake_clock.hpp"

namespace windlass::runtime {

using namespace std::chrono_literals;
using windlass::testing::FailingBroker;
using windlass::testing::Fault;
using windlass::testing::Verb;

class RoleTest : public ::testing::Test {
 protected:
  Trouble trouble(std::string_view who = "role") { return Trouble(who, clock, base::Random(1)); }

  broker::NewTask task(const std::string& id, const std::string& queue = "default") {
    broker::NewTask t;
    t.message.id = id;
    t.message.queue = queue;
    t.message.type = "t";
    t.message.enqueued_at = clock.now();
    return t;
  }
  void enqueue(const broker::NewTask& t) {
    const auto outcomes = store.enqueue({&t, 1});
    ASSERT_TRUE(outcomes) << outcomes.error().message();
  }
  void schedule(const std::string& id, Duration in) {
    broker::NewTask t = task(id);
    t.process_at = clock.now() + in;
    enqueue(t);
  }
  // Takes `max` tasks for `owner`, and puts them into the table as a fetcher does.
  std::vector<TaskRun*> fetch(std::size_t max, Duration lease = 30s, const std::string& owner = "s1",
                              bool on_loop = false) {
    auto tasks = store.fetch({.queues = {{"default", max}, {"other", max}}, .max = max, .owner = owner, .lease = lease});
    EXPECT_TRUE(tasks);
    std::vector<std::unique_ptr<TaskRun>> owned;
    std::vector<TaskRun*> runs;
    for (auto& t : *tasks) {
      owned.push_back(std::make_unique<TaskRun>(std::move(t), serial++, finisher, on_loop));
      runs.push_back(owned.back().get());
    }
    table.fetch_ends(std::move(owned), clock.steady() + lease, clock.steady());
    return runs;
  }
  TaskState state(const std::string& id, const std::string& queue = "default") {
    const auto found = store.task({queue, id});
    EXPECT_TRUE(found) << found.error().message();
    return found ? found->state : TaskState::kArchived;
  }

  windlass::testing::FakeClock clock;
  FailingBroker store{broker::make_memory_broker(clock)};
  Counters counters{std::make_shared<Metrics>()};
  RunTable table;
  Finisher finisher{store, clock, base::Random(2), table, counters};  // not started
  std::uint64_t serial = 1;
};

}  // namespace windlass::runtime
