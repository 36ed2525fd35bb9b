// The JSON of the tool: one object for each thing that windlass/info.hpp describes. Times are RFC 3339; what is not set is not
// there. Payloads and results that are not UTF-8 come in base64, with "payload_encoding" or "result_encoding" saying so.
// The fields are a promise to scripts, listed in docs/reference/cli.md.
#pragma once

#include <windlass/codec.hpp>
#include <windlass/info.hpp>

namespace windlass::app {

codec::Value to_json(const TaskInfo& task);
codec::Value to_json(const QueueInfo& queue);
codec::Value to_json(const DailyStats& day);
codec::Value to_json(const GroupInfo& group);
codec::Value to_json(const ServerInfo& server);
codec::Value to_json(const SchedulerEntry& entry);

// Adds bytes of somebody else: as text, or in base64 with "KEY_encoding" saying so.
void put_bytes(codec::Value::Object& into, const std::string& key, const std::string& bytes);

// An array of them.
template <class T>
codec::Value to_json(const std::vector<T>& items) {
  codec::Value::Array out;
  for (const T& item : items) out.push_back(to_json(item));
  return out;
}

}  // namespace windlass::app
