#include "core/message_info.hpp"

#include <utility>

namespace windlass::core {

Payload cut_payload(Payload payload, std::size_t max) {
  return payload.size() <= max ? std::move(payload) : Payload(payload.bytes().substr(0, max));
}

TaskInfo to_info(TaskMessage message, std::size_t payload_max) {
  TaskInfo info;
  info.id = std::move(message.id);
  info.queue = std::move(message.queue);
  info.type = std::move(message.type);
  info.payload = cut_payload(std::move(message.payload), payload_max);
  info.headers = std::move(message.headers);
  info.max_retry = message.max_retry;
  info.retried = message.retried;
  info.last_failed_at = message.last_failed_at;
  info.timeout = message.timeout;
  info.deadline = message.deadline;
  info.expires_at = message.expires_at;
  info.retention = message.retention;
  info.group = std::move(message.group);
  info.unique_key = std::move(message.unique_key);
  info.enqueued_at = message.enqueued_at;
  info.scheduled_at = message.scheduled_at;
  return info;
}

}  // namespace windlass::core
