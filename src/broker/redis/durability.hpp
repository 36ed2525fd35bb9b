// What is asked of Redis behind an enqueue, so that it answers when the tasks are as safe as the caller wants them.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <windlass/task.hpp>

#include "redis/client.hpp"

namespace windlass::broker {

// Immutable; thread-safe.
class DurabilityWait {
 public:
  // Looks what the server offers. WAITAOF (Redis 7.2) waits for its disk; before that only a server with appendfsync always, which
  // writes before it answers, is safe.
  //
  // Errors: kUnsupported (nothing of the kind here), and those of the client.
  static Result<DurabilityWait> make(redis::Client& client, EnqueueDurability wish);

  // Adds commands that wait for what the connection has written so far.
  void add_to(redis::Pipeline& pipeline) const;
  // What is still missing, by the answers to these commands, the first of which is replies[first]. Nothing: all is safe.
  std::optional<std::string> unmet(const redis::Replies& replies, std::size_t first) const;

 private:
  DurabilityWait() = default;

  int replicas_ = 0;
  bool wait_aof_ = false;
  std::chrono::milliseconds timeout_{};
};

}  // namespace windlass::broker
