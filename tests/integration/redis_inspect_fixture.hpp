// A broker on a Redis of its own, with a clock that stands still, and words for what these tests do all the time. The words throw
// where the broker answers with an Error.
#pragma once

#include <cstdio>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "broker/redis/redis_broker.hpp"
#include "support/fake_clock.hpp"
#include "support/get.hpp"
#include "support/redis_fixture.hpp"

namespace windlass::testing {

using namespace std::chrono_literals;
using namespace windlass::broker;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class RedisInspectFixture : public RedisFixture {
 protected:
  static constexpr TaskState kAllStates[] = {TaskState::kActive,    TaskState::kPending,  TaskState::kScheduled,
                                             TaskState::kRetry,     TaskState::kArchived, TaskState::kCompleted,
                                             TaskState::kAggregating};

  void SetUp() override {
    RedisFixture::SetUp();
    if (IsSkipped()) return;
    server_ = std::make_unique<RedisServer>();
    broker_ = make_redis_broker(open(server_->socket_url()), clock_);
  }

  // -- tasks of queue "q"

  NewTask plain(const std::string& id) const {
    NewTask task;
    task.message.id = id;
    task.message.queue = "q";
    task.message.type = "t";
    task.message.payload = Payload("payload of " + id);
    task.message.enqueued_at = clock_.now();
    return task;
  }
  NewTask delayed(const std::string& id, Duration delay) const {
    NewTask task = plain(id);
    task.process_at = clock_.now() + delay;
    return task;
  }
  NewTask grouped(const std::string& id, const std::string& group = "g") const {
    NewTask task = plain(id);
    task.message.group = group;
    return task;
  }
  NewTask unique(const std::string& id, const std::string& key) const {
    NewTask task = plain(id);
    task.message.unique_key = "asynq:{q}:unique:t:" + key;
    task.unique_ttl = 1h;
    return task;
  }
  static std::string numbered(int n) {
    char text[8];
    std::snprintf(text, sizeof text, "%05d", n);
    return text;
  }

  EnqueueStatus put(const NewTask& task) { return get(broker_->enqueue(std::span(&task, 1))).at(0).status; }
  // Pending ones, numbered, one moment after the other.
  void put_numbered(int first, int end) {
    for (int i = first; i < end; i += 100) {
      std::vector<NewTask> tasks;
      for (int n = i; n < std::min(end, i + 100); ++n) tasks.push_back(plain(numbered(n)));
      get(broker_->enqueue(tasks));
      clock_.advance(1ms);
    }
  }
  std::vector<FetchedTask> fetch(std::size_t max) {
    return get(broker_->fetch({.queues = {{"q", max}}, .max = max, .owner = "server", .lease = 30s}));
  }
  void finish(const FetchedTask& task, FinishKind kind) {
    const Finish item{.lease = {{"q", task.message.id}, task.token}, .kind = kind, .at = clock_.now()};
    ASSERT_EQ(get(broker_->finish(std::span(&item, 1))).at(0), FinishOutcome::kApplied);
  }

  // -- looking and acting

  TaskPage page(TaskState state, std::size_t limit, const std::string& cursor = {}) {
    return get(broker_->list({.filter = {.queue = "q", .state = state}, .cursor = cursor, .limit = limit}));
  }
  static std::vector<std::string> ids_of(const TaskPage& page) {
    std::vector<std::string> ids;
    for (const TaskInfo& task : page.tasks) ids.push_back(task.id);
    return ids;
  }
  // From the cursor on to the end.
  std::vector<std::string> ids(TaskState state, std::size_t limit, std::string cursor = {}) {
    std::vector<std::string> found;
    do {
      const TaskPage next = page(state, limit, cursor);
      for (const TaskInfo& task : next.tasks) found.push_back(task.id);
      cursor = next.next;
    } while (!cursor.empty());
    return found;
  }
  ActionOutcome act(const std::string& id, TaskAction action) {
    const TaskRef ref{"q", id};
    return get(broker_->act(std::span(&ref, 1), action)).at(0);
  }
  TaskInfo info(const std::string& id) { return get(broker_->task({"q", id})); }
  bool exists(const std::string& id) { return broker_->task({"q", id}).ok(); }
  QueueInfo stats() { return get(broker_->queue_info("q")); }

  // -- what others write

  std::string run(const std::vector<std::string>& command) { return server_->run_text(command); }
  std::int64_t score(const std::string& key, const std::string& member) {
    return static_cast<std::int64_t>(server_->run({"ZSCORE", key, member})[0].real().value_or(-1));
  }
  // Keys left in Redis that belong to the queue.
  std::vector<std::string> keys() {
    std::vector<std::string> found;
    const redis::Replies replies = server_->run({"KEYS", "asynq:{q}:*"});
    for (const redis::Value key : replies[0]) found.emplace_back(key.text());
    return found;
  }

  FakeClock clock_;
  std::unique_ptr<RedisServer> server_;
  std::shared_ptr<Broker> broker_;
};

}  // namespace windlass::testing
