#include "broker/redis/record_list.hpp"

#include <algorithm>

#include "broker/redis/scripts.hpp"

namespace windlass::broker {
namespace {

std::int64_t millis(Duration d) { return std::chrono::ceil<std::chrono::milliseconds>(d).count(); }

}  // namespace

void publish_record(redis::Pipeline& pipeline, std::string_view key, Duration ttl, std::string_view type,
                    const std::vector<std::string>& values) {
  pipeline.eval(script(ScriptName::kPublishRecord), 1, 2 + values.size()).key(key).arg(millis(ttl)).arg(type);
  for (const std::string& value : values) pipeline.arg(value);
  pipeline.idempotent();
}

void register_record(redis::Pipeline& pipeline, std::string_view list, std::string_view member, Duration ttl,
                     Duration listed) {
  pipeline.eval(script(ScriptName::kRegisterRecord), 1, 3).key(list).arg(member).arg(millis(ttl));
  pipeline.arg(std::chrono::ceil<std::chrono::seconds>(listed).count());
  pipeline.idempotent();
}

void remove_record(redis::Pipeline& pipeline, std::string_view list, std::string_view key) {
  pipeline.add("ZREM", redis::Key{list}, key).idempotent();
  pipeline.add("DEL", redis::Key{key}).idempotent();
}

Result<std::vector<std::string>> read_record_ids(Store& store, std::string_view list) {
  redis::Pipeline pipeline;
  pipeline.add("ZRANGE", redis::Key{list}, 0, -1).idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  std::vector<std::string> ids;
  for (const redis::Value member : (*replies)[0]) {
    const std::string_view key = member.text();
    const std::size_t brace = key.find('{');
    if (brace == std::string_view::npos || !key.ends_with('}')) continue;
    ids.emplace_back(key.substr(brace + 1, key.size() - brace - 2));
  }
  return ids;
}

}  // namespace windlass::broker
