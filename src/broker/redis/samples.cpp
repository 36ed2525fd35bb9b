#include "broker/redis/samples.hpp"

#include <set>

namespace windlass::broker {
namespace {

constexpr int kMinuteKept = 300;  // seconds: longer than clocks of servers differ

std::string samples_key(const std::string& queue) {
  return queue == kAllQueues ? std::string(kSumSamplesKey) : queue_prefix(queue) + "windlass:samples";
}

}  // namespace

Result<bool> take_minute(Store& store, TimePoint minute) {
  const auto number = std::chrono::duration_cast<std::chrono::minutes>(minute.time_since_epoch()).count();
  const std::string key = std::string(kSampledPrefix) + std::to_string(number);
  redis::Pipeline pipeline;
  pipeline.add("SET", redis::Key{key}, "1", "NX", "EX", kMinuteKept);
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  return (*replies)[0].text() == "OK";
}

Status write_samples(Store& store, std::span<const SampleWrite> writes) {
  redis::Pipeline pipeline;
  std::set<std::string> keys;
  for (const SampleWrite& write : writes) {
    const std::string key = samples_key(write.queue);
    pipeline.add("SETRANGE", redis::Key{key}, write.slot * write.bytes.size(), write.bytes).idempotent();
    keys.insert(key);
  }
  const auto kept = std::chrono::duration_cast<std::chrono::seconds>(kSamplesKept).count();
  for (const std::string& key : keys) pipeline.add("EXPIRE", redis::Key{key}, kept).idempotent();
  if (const Result<redis::Replies> replies = store.call(pipeline); !replies) return replies.error();
  return {};
}

Result<std::string> read_sample_ring(Store& store, const std::string& queue) {
  const std::string key = samples_key(queue);
  redis::Pipeline pipeline;
  pipeline.add("GET", redis::Key{key}).idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  return std::string((*replies)[0].text());
}

}  // namespace windlass::broker
