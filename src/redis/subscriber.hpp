// Subscriber: messages of Pub/Sub channels on a connection of its own. It subscribes again after the connection broke, and says
// that messages may have been missed, because Redis keeps none.
#pragma once

#include <string>
#include <vector>

#include "redis/listener.hpp"

namespace windlass::redis {

struct Message {
  std::string channel;
  std::string payload;
};

struct MessageBatch {
  std::vector<Message> messages;
  bool missed = false;  // it was not subscribed for a while since the last wait(): there may have been more
};

// Confined to one thread, but for wake().
class Subscriber {
 public:
  Subscriber(Dial dial, std::vector<std::string> channels) : listener_(std::move(dial)), channels_(std::move(channels)) {}

  // Returns when all channels are subscribed to: what is published from then on will be seen. wait() does it when needed.
  //
  // Errors: those of connecting; kPermissionDenied (of a channel).
  Status subscribe(net::Deadline deadline);

  // Waits until there are messages, or some were missed, or the deadline has come, or wake() was called. Reconnects on the way.
  //
  // Errors: not subscribed at the deadline (or when woken), with the reason. Messages may be missed until it is.
  Result<MessageBatch> wait(net::Deadline deadline);
  void wake() { listener_.wake(); }

 private:
  bool take(const Value& message, MessageBatch& batch) const;

  Listener listener_;
  const std::vector<std::string> channels_;
  bool subscribed_before_ = false;
  bool missed_ = false;
};

}  // namespace windlass::redis
