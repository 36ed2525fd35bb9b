#include "redis/blocking_call.hpp"

#include <cassert>

namespace windlass::redis {

Status BlockingCall::start(const Pipeline& command, net::Deadline deadline) {
  assert(!outstanding_ && command.size() == 1);
  if (Status connected = listener_.connect(deadline); !connected) return connected;
  if (Status sent = listener_.connection().send(command, deadline); !sent) {
    // Not sent in full, so not executed.
    listener_.drop(sent.error());
    return sent;
  }
  outstanding_ = true;
  return {};
}

Result<std::optional<Replies>> BlockingCall::wait(net::Deadline deadline) {
  assert(outstanding_);
  Replies reply;
  for (;;) {
    Result<Received> received = listener_.receive(reply, deadline);
    if (!received) {
      outstanding_ = false;
      return Error(ErrorCode::kUnknownOutcome, received.error().message());
    }
    if (*received == Received::kPush) continue;
    if (*received != Received::kReply) return std::optional<Replies>();
    outstanding_ = false;
    return std::optional<Replies>(std::move(reply));
  }
}

}  // namespace windlass::redis
