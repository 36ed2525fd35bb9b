// Names of keys. docs/reference/redis-keys.md says what is behind each.
#pragma once

#include <string>
#include <string_view>

namespace windlass::broker {

// "asynq:{QUEUE}:", what all keys of a queue begin with; the braces keep them on one node of a cluster.
inline std::string queue_prefix(std::string_view queue) { return "asynq:{" + std::string(queue) + "}:"; }

inline std::string task_key(std::string_view queue, std::string_view id) {
  return queue_prefix(queue) + "t:" + std::string(id);
}

inline constexpr std::string_view kQueuesKey = "asynq:queues";
inline constexpr std::string_view kServersKey = "asynq:servers";
inline constexpr std::string_view kWorkersKey = "asynq:workers";
inline constexpr std::string_view kSchedulersKey = "asynq:schedulers";
inline constexpr std::string_view kCancelChannel = "asynq:cancel";
inline constexpr std::string_view kOwnCancelChannel = "asynq:windlass:cancel";
inline constexpr std::string_view kOwnersKey = "asynq:windlass:owners";
inline constexpr std::string_view kTicksTakenKey = "asynq:windlass:ticks_taken";
inline constexpr std::string_view kSumSamplesKey = "asynq:windlass:samples";
inline constexpr std::string_view kSampledPrefix = "asynq:windlass:sampled:";
inline constexpr std::string_view kPublicationsKey = "asynq:windlass:publications";

// `server` and `scheduler` are ids: HOST:PID:UUID.
inline std::string server_key(std::string_view server) { return "asynq:servers:{" + std::string(server) + "}"; }
inline std::string workers_key(std::string_view server) { return "asynq:workers:{" + std::string(server) + "}"; }
inline std::string scheduler_key(std::string_view scheduler) { return "asynq:schedulers:{" + std::string(scheduler) + "}"; }
inline std::string history_key(std::string_view entry) { return "asynq:scheduler_history:" + std::string(entry); }
inline std::string alive_key(std::string_view owner) { return "asynq:windlass:alive:" + std::string(owner); }

}  // namespace windlass::broker
