#include "broker/redis/queue_calls.hpp"

#include <optional>

#include <windlass/log.hpp>

namespace windlass::broker {

Result<redis::Replies> call_for_queues(Store& store, const redis::Pipeline& commands,
                                       std::span<const std::string* const> queues) {
  if (commands.empty()) return redis::Replies();
  Result<redis::Replies> replies = store.client().call(commands);
  if (!replies) return replies;
  std::optional<Error> first;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < replies->size(); ++i) {
    if (!(*replies)[i].is_error()) continue;
    const Error error = redis::to_error((*replies)[i]);
    log_warn("a queue was left out", {{"queue", *queues[i]}, {"error", error.message()}});
    if (!first) first = error;
    ++failed;
  }
  if (failed == replies->size()) return *first;
  return replies;
}

}  // namespace windlass::broker
