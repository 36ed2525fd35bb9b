#include "redis/subscriber.hpp"

#include <algorithm>

#include "redis/error_reply.hpp"

namespace windlass::redis {

Status Subscriber::subscribe(net::Deadline deadline) {
  if (listener_.connected()) return {};
  if (Status connected = listener_.connect(deadline); !connected) return connected;
  Pipeline p;
  p.begin("SUBSCRIBE", channels_.size());
  for (const std::string& channel : channels_) p.arg(channel);
  if (Status sent = listener_.connection().send(p, deadline); !sent) {
    listener_.refuse(sent.error());
    return sent;
  }
  // One confirmation for each channel: a push in RESP3, a plain array in RESP2.
  Replies reply;
  for (std::size_t confirmed = 0; confirmed < channels_.size();) {
    Result<Received> received = listener_.connection().receive(reply, -1, deadline);
    Error failure(ErrorCode::kUnavailable, "subscribe: no reply in time");
    if (!received) failure = received.error();
    else if (*received != Received::kTimeout && reply[0].is_error()) failure = to_error(reply[0]).at("subscribe");
    else if (*received != Received::kTimeout) {
      confirmed += reply.size();
      continue;
    }
    listener_.refuse(failure);
    return failure;
  }
  missed_ = subscribed_before_;
  subscribed_before_ = true;
  return {};
}

Result<MessageBatch> Subscriber::wait(net::Deadline deadline) {
  MessageBatch batch;
  Replies reply;
  for (;;) {
    Status subscribed = subscribe(deadline);
    if (!subscribed) {
      if (listener_.sleep(std::min(deadline, listener_.retry_at())) || std::chrono::steady_clock::now() >= deadline) {
        return subscribed.error();
      }
      continue;
    }
    if (std::exchange(missed_, false)) batch.missed = true;
    const bool something = batch.missed || !batch.messages.empty();
    // What else has already come is taken along.
    Result<Received> received = listener_.receive(reply, something ? net::Deadline{} : deadline);
    if (!received) continue;
    if (*received == Received::kWoken || *received == Received::kTimeout) return batch;
    for (std::size_t i = 0; i < reply.size(); ++i) take(reply[i], batch);
  }
}

bool Subscriber::take(const Value& message, MessageBatch& batch) const {
  if (message.size() != 3 || message[0].text() != "message") return false;
  batch.messages.push_back({std::string(message[1].text()), std::string(message[2].text())});
  return true;
}

}  // namespace windlass::redis
