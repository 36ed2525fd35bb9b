// What tests of the Redis broker beside real servers have in common: a broker from a URL, and short words for its verbs. The words
// throw where the broker answers with an Error.
#pragma once

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "broker/open.hpp"
#include "support/get.hpp"
#include "support/redis_fixture.hpp"

namespace windlass::testing {

using namespace std::chrono_literals;
using namespace windlass::broker;

inline NewTask plain(const std::string& id, const std::string& queue = "q") {
  NewTask task;
  task.message.id = id;
  task.message.queue = queue;
  task.message.type = "t";
  task.message.payload = Payload("payload of " + id);
  return task;
}

inline NewTask delayed(const std::string& id, Duration delay, const std::string& queue = "q") {
  NewTask task = plain(id, queue);
  task.process_at = base::real_clock().now() + delay;
  return task;
}

inline LeaseRef lease_of(const FetchedTask& task) { return {{task.message.queue, task.message.id}, task.token}; }

class RedisBrokerFixture : public RedisFixture {
 protected:
  static std::shared_ptr<Broker> open_broker(const std::string& url) { return get(broker::open_broker(url)); }

  static EnqueueStatus put(Broker& broker, const NewTask& task) { return get(broker.enqueue(std::span(&task, 1))).at(0).status; }
  // Stores it as scheduled, and returns when it is due. What is due when it comes to Redis would be pending at once.
  static void put_due(Broker& broker, NewTask task) {
    for (Duration delay = 20ms;; delay *= 2) {
      task.process_at = base::real_clock().now() + delay;
      if (get(broker.enqueue(std::span(&task, 1))).at(0).state == TaskState::kScheduled) break;
      const TaskRef late{task.message.queue, task.message.id};
      get(broker.act(std::span(&late, 1), TaskAction::kDelete));
    }
    while (base::real_clock().now() <= task.process_at) std::this_thread::yield();
  }
  static std::vector<FetchedTask> fetch(Broker& broker, std::size_t max, const std::string& queue = "q",
                                        const std::string& owner = "server", Duration lease = 30s) {
    return get(broker.fetch({.queues = {{queue, max}}, .max = max, .owner = owner, .lease = lease}));
  }
  static FetchedTask fetch_one(Broker& broker, const std::string& queue = "q") {
    std::vector<FetchedTask> tasks = fetch(broker, 1, queue);
    if (tasks.size() != 1) throw std::runtime_error("nothing to fetch");
    return tasks[0];
  }
  static FinishOutcome finish(Broker& broker, const FetchedTask& task, FinishKind kind = FinishKind::kDone) {
    const Finish item{.lease = lease_of(task), .kind = kind, .at = base::real_clock().now()};
    return get(broker.finish(std::span(&item, 1))).at(0);
  }
  static TaskState state(Broker& broker, const std::string& id, const std::string& queue = "q") {
    return get(broker.task({queue, id})).state;
  }
  static bool exists(Broker& broker, const std::string& id, const std::string& queue = "q") {
    const auto task = broker.task({queue, id});
    if (!task && task.error().code() != ErrorCode::kTaskNotFound) throw std::runtime_error(task.error().message());
    return task.ok();
  }
  static std::string fact(Broker& broker, const std::string& name) {
    for (const auto& [key, value] : get(broker.describe())) {
      if (key == name) return value;
    }
    return "";
  }
};

}  // namespace windlass::testing
