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

TaskMessage to_message(const TaskInfo& info) {
  TaskMessage message;
  message.id = info.id;
  message.queue = info.queue;
  message.type = info.type;
  message.payload = info.payload;
  message.headers = info.headers;
  message.max_retry = info.max_retry;
  message.retried = info.retried;
  message.timeout = info.timeout;
  message.deadline = info.deadline;
  message.retention = info.retention;
  message.unique_key = info.unique_key;
  message.group = info.group;
  message.error_msg = info.failure.message;
  message.last_failed_at = info.last_failed_at;
  message.completed_at = info.completed_at;
  message.expires_at = info.expires_at;
  message.scheduled_at = info.scheduled_at;
  message.enqueued_at = info.enqueued_at;
  return message;
}

}  // namespace windlass::core
