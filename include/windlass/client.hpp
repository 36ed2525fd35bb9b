// Client puts tasks into queues.
//
//   windlass::Client client(broker);
//   auto task = client.enqueue(windlass::Task("email:send", R"({"to":"a@example.org"})"));
//   if (!task) std::cerr << task.error().message() << '\n';
#pragma once

#include <future>
#include <memory>
#include <span>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/coroutine.hpp>
#include <windlass/error.hpp>
#include <windlass/info.hpp>
#include <windlass/task.hpp>

namespace windlass {

// Thread-safe: one Client may be shared by any number of threads. Calls made at the same time share a commit or a round
// trip, without waiting for company.
class Client {
 public:
  // Shares the broker; needs no server to be there.
  explicit Client(BrokerPtr broker);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Stores the task durably and returns it as stored (state pending, scheduled or aggregating). Blocks for one commit or
  // round trip. A task with a process_at in the future is scheduled, even if it has a group; else a group makes it wait there.
  //
  // Errors: kInvalidArgument (blank type, queue, id or group; unique ttl under 1 s; invalid UTF-8 in a type, queue, id, group
  //         or header), kDuplicateTask (the unique lock is held), kTaskIdConflict (the queue has this id in some state),
  //         kResourceExhausted (payload too large, store full), kUnavailable (nothing was stored), kUnknownOutcome (enqueue
  //         again with the same task_id to find out), kUnsupported (a durability that this broker has not; nothing was stored),
  //         kNotDurable (stored, but not yet as durable as asked).
  Result<TaskInfo> enqueue(const Task& task, const EnqueueOptions& options = {});

  // As enqueue for each task, in one go; `options` go over those of every task. The results are those of the tasks, in order:
  // one bad task does not disturb the others.
  std::vector<Result<TaskInfo>> enqueue_batch(std::span<const Task> tasks, const EnqueueOptions& options = {});

  // As enqueue, without blocking. At most 100,000 may be on their way; one more is refused with kResourceExhausted. The
  // destructor waits for them.
  std::future<Result<TaskInfo>> enqueue_async(Task task, EnqueueOptions options = {});

  // As enqueue, in a coroutine handler, which waits and holds no thread:
  //
  //   const auto task = co_await client.async_enqueue(windlass::Task("email:send", body));
  //
  // When the run is told to stop meanwhile, it throws Stopped; the task may be stored all the same. The limit is that of
  // enqueue_async. The client must live until the answer has come.
  Async<Result<TaskInfo>> async_enqueue(Task task, EnqueueOptions options = {});

  // Reaches the store and comes back. Errors: kUnavailable.
  Status ping();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass
