#include "broker/memory/memory_broker.hpp"

#include "broker/memory/broker_impl.hpp"
#include "core/text.hpp"

namespace windlass::broker {

std::shared_ptr<Broker> make_memory_broker(base::Clock& clock, std::size_t payload_max) {
  return std::make_shared<memory::MemoryBroker>(clock, payload_max);
}

namespace memory {

MemoryBroker::MemoryBroker(base::Clock& clock, std::size_t payload_max)
    : clock_(clock), payload_max_(payload_max), hub_(std::make_shared<Hub>(clock)) {}

std::unique_ptr<Waiter> MemoryBroker::make_waiter(std::vector<std::string> queues, WaitFor what) {
  return hub_->make_waiter(std::move(queues), what);
}

std::unique_ptr<CancelFeed> MemoryBroker::make_cancel_feed() { return hub_->make_feed(); }

Status MemoryBroker::cancel(std::span<const CancelRequest> requests) {
  hub_->publish(requests);
  return {};
}

void tell(Signals& signals, const Queue& queue, TaskState state) {
  if (state == TaskState::kPending) signals.pending(queue.name);
  if (state == TaskState::kScheduled || state == TaskState::kRetry) signals.due(queue.name);
}

void note_failure(Task& task, const Failure& failure, TimePoint now) {
  task.failure = failure;
  task.failure.message = core::to_valid_utf8(failure.message);
  task.message.error_msg = task.failure.message;
  task.message.last_failed_at = now;
}

void count_run(Queue& queue, TimePoint now, bool failed) {
  Counts& day = queue.days[day_of(now)];
  for (Counts* counts : {&queue.total, &day}) {
    ++counts->processed;
    if (failed) ++counts->failed;
  }
}

void count_expired(Queue& queue, TimePoint now) {
  ++queue.total.expired;
  ++queue.days[day_of(now)].expired;
}

}  // namespace memory
}  // namespace windlass::broker
