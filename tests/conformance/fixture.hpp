// Conformance: the fixture of all conformance tests. An empty store, a broker on it, a clock that stands still, and
// short words for what tests do all the time. The words fail the test (by an exception) when the broker answers with an
// Error.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/broker.hpp"
#include "conformance/rows.hpp"
#include "support/fake_clock.hpp"
#include "support/get.hpp"

namespace windlass::conformance {

using namespace std::chrono_literals;
using namespace windlass::broker;

inline constexpr std::size_t kTestPayloadMax = std::size_t{2} << 20;

using testing::get;

// Code of the error of a result that must not be ok.
template <class T>
ErrorCode code_of(const Result<T>& result) {
  if (result.ok()) throw std::runtime_error("an Error was expected, and none came");
  EXPECT_FALSE(result.error().message().empty());
  return result.error().code();
}

class Conformance : public ::testing::TestWithParam<Row> {
 protected:
  Conformance();

  // -- making tasks; the queue is "q" and the type "t" unless changed
  NewTask plain(const std::string& id, const std::string& queue = "q") const;
  NewTask delayed(const std::string& id, Duration delay, const std::string& queue = "q") const;
  NewTask grouped(const std::string& id, const std::string& group = "g") const;
  NewTask unique(const std::string& id, Duration ttl, const std::string& key = "asynq:{q}:unique:t:k") const;

  // -- storing them
  EnqueueOutcome put(const NewTask& task);
  // Plain tasks, one batch.
  void put_all(const std::vector<std::string>& ids, const std::string& queue = "q");

  // -- running them
  std::vector<FetchedTask> fetch(std::size_t max, const std::string& queue = "q", const std::string& owner = "server",
                                 Duration lease = 30s);
  // Exactly one.
  FetchedTask fetch_one(const std::string& queue = "q", const std::string& owner = "server", Duration lease = 30s);
  FinishOutcome finish(const Finish& item);
  FinishOutcome finish(const FetchedTask& task, FinishKind kind);
  void fail(const FetchedTask& task, Duration retry_in, const std::string& message = "boom");
  // Plain task `id`, brought into `state`, alone in its way: no other task may be pending.
  void put_in_state(const std::string& id, TaskState state);
  std::size_t forward(const std::string& queue = "q");

  // -- looking at them
  TaskInfo info(const std::string& id, const std::string& queue = "q");
  TaskState state(const std::string& id, const std::string& queue = "q") { return info(id, queue).state; }
  bool exists(const std::string& id, const std::string& queue = "q");
  QueueInfo stats(const std::string& queue = "q") { return get(broker_->queue_info(queue)); }
  // Ids of all tasks in the state, in order, over as many pages as it takes.
  std::vector<std::string> ids(TaskState state, const std::string& queue = "q");
  std::vector<std::string> ids(TaskFilter filter, std::size_t page = 1000);
  ActionOutcome act(const std::string& id, TaskAction action, const std::string& queue = "q");

  testing::FakeClock clock_;
  std::unique_ptr<TestStore> store_;
  std::shared_ptr<Broker> broker_;
};

LeaseRef lease_of(const FetchedTask& task);
std::vector<std::string> ids_of(const std::vector<FetchedTask>& tasks);

// Runs the suite of conformance tests NAME for every row of ROWS.
#define WINDLASS_FOR_EACH_BROKER(NAME, ROWS)                         \
  INSTANTIATE_TEST_SUITE_P(Brokers, NAME, ::testing::ValuesIn(ROWS), \
                           [](const auto& parameter) { return parameter.param.name; })

// A suite that needs no more than the fixture above.
#define WINDLASS_CONFORMANCE(NAME)    \
  class NAME : public Conformance {}; \
  WINDLASS_FOR_EACH_BROKER(NAME, rows())

}  // namespace windlass::conformance
