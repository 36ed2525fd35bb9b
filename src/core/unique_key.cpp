#include "core/unique_key.hpp"

#include "core/md5.hpp"

namespace windlass::core {

namespace {

std::string queue_prefix(std::string_view queue) {
  std::string prefix = "asynq:{";
  return prefix.append(queue).append("}:");
}

std::string key_prefix(std::string_view queue, std::string_view type) {
  std::string key;
  key.reserve(queue.size() + type.size() + 64);
  key.append("asynq:{").append(queue).append("}:unique:").append(type).append(":");
  return key;
}

}  // namespace

std::string unique_key(std::string_view queue, std::string_view type, const Payload& payload) {
  std::string key = key_prefix(queue, type);
  if (payload.present()) key += md5_hex(payload.bytes());
  return key;
}

std::string unique_key_for(std::string_view queue, std::string_view type, std::string_view user_key) {
  std::string key = key_prefix(queue, type);
  key += "key:";
  key += md5_hex(user_key);
  return key;
}

std::string unique_key_in(std::string_view queue, std::string_view from, std::string_view key) {
  const std::string old = queue_prefix(from);
  return key.starts_with(old) ? queue_prefix(queue) + std::string(key.substr(old.size())) : std::string(key);
}

}  // namespace windlass::core
