// AsyncEnqueuer: the background thread of Client::enqueue_async and Client::async_enqueue. It sends all that has come in since its last call in one next
// call (smart batching), without waiting for company.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>

#include <windlass/broker.hpp>
#include <windlass/error.hpp>
#include <windlass/info.hpp>
#include <windlass/task.hpp>

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace windlass::api {

// Thread-safe. The thread starts with the first task.
class AsyncEnqueuer {
 public:
  static constexpr std::size_t kPendingMax = 100000;
  static constexpr std::size_t kBatchMax = 1000;

  AsyncEnqueuer(BrokerPtr broker, base::Clock& clock);
  ~AsyncEnqueuer();  // sends what is there

  // Gets what became of the task, on the background thread, or at once if it was refused. Must not throw.
  using Answer = std::function<void(Result<TaskInfo>)>;

  void enqueue(Task task, EnqueueOptions options, Answer answer);

 private:
  struct Entry {
    Task task;
    EnqueueOptions options;
    Answer answer;
  };

  void loop();
  std::deque<Entry> take_batch();
  void send(std::deque<Entry> batch);

  const BrokerPtr broker_;
  base::Clock& clock_;

  base::Mutex mu_;
  base::CondVar changed_;
  std::deque<Entry> entries_ WINDLASS_GUARDED_BY(mu_);
  std::size_t pending_ WINDLASS_GUARDED_BY(mu_) = 0;  // in entries_, or being sent
  bool asleep_ WINDLASS_GUARDED_BY(mu_) = false;
  bool closing_ WINDLASS_GUARDED_BY(mu_) = false;
  std::thread thread_ WINDLASS_GUARDED_BY(mu_);
};

}  // namespace windlass::api
