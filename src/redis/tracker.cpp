#include "redis/tracker.hpp"

#include "redis/error_reply.hpp"

namespace windlass::redis {
namespace {

// Of one push. True if it is about keys.
void take(const Value& push, Changes& changes) {
  if (push.size() != 2 || push[0].text() != "invalidate") return;
  const Value keys = push[1];
  // Null: FLUSHALL or FLUSHDB.
  if (keys.is_null()) changes.all = true;
  for (const Value key : keys) changes.keys.emplace_back(key.text());
}

// The node does not own the key (any more), or is not the master.
bool elsewhere(const Value& reply) {
  return is_error_with(reply, "MOVED") || is_error_with(reply, "ASK") || is_error_with(reply, "CLUSTERDOWN");
}

}  // namespace

Status Tracker::connect(net::Deadline deadline) {
  if (listener_.connected()) return {};
  if (Status connected = listener_.connect(deadline); !connected) return connected;
  Pipeline p;
  p.add("CLIENT", "TRACKING", "ON", "OPTIN").idempotent();
  Result<Replies> replies = listener_.connection().call(p, deadline);
  // In RESP2 the server says yes and then tells nobody.
  const bool resp3 = listener_.connection().resp3();
  if (replies && !(*replies)[0].is_error() && resp3) return {};
  const Error failure =
      replies && !resp3 ? Error(ErrorCode::kUnsupported, "client tracking: needs RESP3") :
      replies ? Error(ErrorCode::kUnsupported, "client tracking: " + std::string((*replies)[0].text())) : replies.error();
  listener_.refuse(failure);
  return failure;
}

Result<Replies> Tracker::arm(const Pipeline& reads, net::Deadline deadline) {
  if (Status connected = connect(deadline); !connected) return connected.error();
  Pipeline p;
  for (std::size_t i = 0; i < reads.size(); ++i) {
    p.add("CLIENT", "CACHING", "YES").idempotent();
    p.append(reads, i).idempotent();
  }
  Result<Replies> all = listener_.connection().call(p, deadline);
  if (!all) {
    listener_.drop(all.error());
    return all.error();
  }
  Replies replies;
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const Value reply = (*all)[2 * i + 1];
    if (elsewhere(reply)) {
      const Error moved = to_error(reply);
      listener_.drop(moved);
      return moved;
    }
    replies.append(reply);
  }
  return replies;
}

Changes Tracker::wait(net::Deadline deadline) {
  Changes changes;
  Replies pushes;
  while (listener_.connected()) {
    // What else has already come is taken along.
    Result<Received> received = listener_.receive(pushes, changes.empty() ? deadline : net::Deadline{});
    if (!received) {
      changes.all = true;
      return changes;
    }
    if (*received == Received::kWoken || *received == Received::kTimeout) return changes;
    for (std::size_t i = 0; i < pushes.size(); ++i) take(pushes[i], changes);
  }
  listener_.sleep(deadline);
  return changes;
}

}  // namespace windlass::redis
