#include <windlass/client.hpp>

#include <utility>

#include "api/async_enqueuer.hpp"
#include "api/enqueue_call.hpp"
#include "base/clock.hpp"

namespace windlass {

struct Client::Impl {
  explicit Impl(BrokerPtr b) : broker(std::move(b)), async(broker, base::real_clock()) {}

  const BrokerPtr broker;
  api::AsyncEnqueuer async;
};

Client::Client(BrokerPtr broker) : impl_(std::make_unique<Impl>(std::move(broker))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<TaskInfo> Client::enqueue(const Task& task, const EnqueueOptions& options) {
  const api::EnqueueItem item{&task, &options};
  return std::move(api::enqueue(*impl_->broker, base::real_clock(), {&item, 1}).front());
}

std::vector<Result<TaskInfo>> Client::enqueue_batch(std::span<const Task> tasks, const EnqueueOptions& options) {
  std::vector<api::EnqueueItem> items;
  items.reserve(tasks.size());
  for (const Task& task : tasks) items.push_back({&task, &options});
  return api::enqueue(*impl_->broker, base::real_clock(), items);
}

std::future<Result<TaskInfo>> Client::enqueue_async(Task task, EnqueueOptions options) {
  const auto promise = std::make_shared<std::promise<Result<TaskInfo>>>();
  impl_->async.enqueue(std::move(task), std::move(options),
                       [promise](Result<TaskInfo> answer) { promise->set_value(std::move(answer)); });
  return promise->get_future();
}

Async<Result<TaskInfo>> Client::async_enqueue(Task task, EnqueueOptions options) {
  using Mail = std::shared_ptr<internal::MailboxOf<Result<TaskInfo>>>;
  const auto send = [&](const Mail& mail) {
    impl_->async.enqueue(std::move(task), std::move(options), [mail](Result<TaskInfo> answer) {
      mail->completion.set(std::move(answer));
      mail->post();
    });
  };
  internal::MailOperation<Result<TaskInfo>, decltype(send)> sent(send);
  co_return co_await sent;
}

Status Client::ping() { return impl_->broker->ping(); }

}  // namespace windlass
