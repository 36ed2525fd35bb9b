// Cancel requests, on Asynq's channel and on our own (docs/reference/redis-keys.md).
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/redis/operations.hpp"
#include "broker/redis/scripts.hpp"
#include "redis/subscriber.hpp"

namespace windlass::broker {
namespace {

// What a bare id cannot say: the queue, and that it is for good.
std::string encode_request(const CancelRequest& request) {
  return (request.for_good ? "G" : "R") + std::to_string(request.task.queue.size()) + ":" + request.task.queue + request.task.id;
}

std::optional<CancelRequest> decode_request(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon < 2 || (text[0] != 'G' && text[0] != 'R')) return std::nullopt;
  std::size_t length = 0;
  const auto [end, failed] = std::from_chars(text.data() + 1, text.data() + colon, length);
  const std::string_view rest = text.substr(colon + 1);
  if (failed != std::errc() || end != text.data() + colon || length > rest.size()) return std::nullopt;
  return CancelRequest{{std::string(rest.substr(0, length)), std::string(rest.substr(length))}, text[0] == 'G'};
}

// Turns messages into requests. A request of ours is followed by its bare id for Go servers; that is not one more. In a cluster
// messages that Go processes publish through other nodes may come between the two.
class Inbox {
 public:
  void take(const redis::Message& message) {
    if (message.channel == kOwnCancelChannel) {
      std::optional<CancelRequest> request = decode_request(message.payload);
      if (!request) return;
      if (echoes_.size() == kEchoesMax) echoes_.pop_front();
      echoes_.push_back(request->task.id);
      requests_.push_back(*std::move(request));
      return;
    }
    const auto echo = std::ranges::find(echoes_, message.payload);
    if (echo == echoes_.end()) {
      requests_.push_back({{"", message.payload}});
    } else {
      // They come in the order of their requests, so those before it are lost.
      echoes_.erase(echoes_.begin(), echo + 1);
    }
  }
  void forget_echoes() { echoes_.clear(); }
  bool empty() const { return requests_.empty(); }
  std::vector<CancelRequest> take_requests() { return std::exchange(requests_, {}); }

 private:
  std::vector<CancelRequest> requests_;
  static constexpr std::size_t kEchoesMax = 100;
  std::deque<std::string> echoes_;  // ids that are still to come
};

class SubscribedFeed final : public CancelFeed {
 public:
  SubscribedFeed(base::Clock& clock, redis::Client& client)
      : clock_(clock), timeout_(client.config().read_timeout),
        subscriber_(client.dial_for({}), {std::string(kCancelChannel), std::string(kOwnCancelChannel)}) {
    clock_listener_ = clock.add_listener([this] { subscriber_.wake(); });
    made_ = subscriber_.subscribe(net::after(timeout_));
  }

  Result<std::vector<CancelRequest>> wait(TimePoint until) override {
    if (const Status made = std::exchange(made_, Status()); !made) return made.error();
    for (;;) {
      if (const Status subscribed = subscriber_.subscribe(net::after(timeout_)); !subscribed) return subscribed.error();
      const Duration slice = clock_.sleep_slice(until);
      const bool over = slice <= Duration::zero() || !inbox_.empty() || woken_.exchange(false);
      Result<redis::MessageBatch> batch = subscriber_.wait(over ? net::Deadline{} : net::after(slice));
      if (!batch) return batch.error();
      if (batch->missed) inbox_.forget_echoes();
      for (const redis::Message& message : batch->messages) inbox_.take(message);
      if (batch->missed) return Error(ErrorCode::kUnavailable, "the connection to Redis broke: cancel requests may have been missed");
      if (over || !inbox_.empty()) return inbox_.take_requests();
    }
  }

  void wake() override {
    woken_.store(true);
    subscriber_.wake();
  }

 private:
  base::Clock& clock_;
  const std::chrono::milliseconds timeout_;
  redis::Subscriber subscriber_;
  Inbox inbox_;
  Status made_;                           // whether it was subscribed to from the start
  std::atomic<bool> woken_{false};
  std::shared_ptr<void> clock_listener_;  // last: must be gone before the members it touches
};

std::size_t message_count(const CancelRequest& request) {
  return request.task.queue.empty() && !request.for_good ? 1 : 2;
}

void add_messages(redis::Pipeline& pipeline, const CancelRequest& request) {
  if (message_count(request) == 2) pipeline.arg(kOwnCancelChannel).arg(encode_request(request));
  pipeline.arg(kCancelChannel).arg(request.task.id);
}

}  // namespace

std::unique_ptr<CancelFeed> make_cancel_feed(Store& store) {
  return std::make_unique<SubscribedFeed>(store.clock(), store.client());
}

Status publish_cancels(Store& store, std::span<const CancelRequest> requests) {
  redis::Pipeline pipeline;
  while (!requests.empty()) {
    const auto some = requests.first(std::min(requests.size(), kScriptTasks));
    requests = requests.subspan(some.size());
    std::size_t messages = 0;
    for (const CancelRequest& request : some) messages += message_count(request);
    // All through one node of a cluster: messages of several nodes come in any order.
    pipeline.eval(store.script(ScriptName::kPublishCancels), 1, 2 * messages).key(kOwnCancelChannel);
    for (const CancelRequest& request : some) add_messages(pipeline, request);
  }
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

}  // namespace windlass::broker
