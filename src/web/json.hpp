// The JSON of the REST API: asynqmon's names first, then ours. docs/reference/rest.md lists the fields; they are a promise to
// scripts.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <windlass/codec.hpp>
#include <windlass/info.hpp>

namespace windlass::web {

struct TextLimits {
  std::size_t payload = 200;  // characters; what is longer is cut, with an ellipsis
  std::size_t result = 200;
};

// Text as it is shown; "non-printable bytes" for what is none.
struct ShownBytes {
  std::string text;
  bool binary = false;
  bool truncated = false;
};
ShownBytes show_bytes(const std::string& bytes, std::size_t characters_max);

// A task in a list of its state. `worker` is the run of an active one, if its server tells of it.
codec::Value list_item(const TaskInfo& task, const TextLimits& limits, TimePoint now, const WorkerInfo* worker = nullptr);
// The task by itself. `whole`: payload and result up to 1 MiB, binary ones in base64.
codec::Value task_page(const TaskInfo& task, const TextLimits& limits, TimePoint now, bool whole);

codec::Value queue_json(const QueueInfo& queue);
codec::Value day_json(const DailyStats& day);
codec::Value server_json(const ServerInfo& server, const TextLimits& limits);
codec::Value entry_json(const SchedulerEntry& entry, const TextLimits& limits);
codec::Value event_json(const SchedulerEvent& event);
codec::Value group_json(const GroupInfo& group);

template <class T, class F>
codec::Value array_of(const T& items, F&& json) {
  codec::Value::Array out;
  for (const auto& item : items) out.push_back(json(item));
  return out;
}

}  // namespace windlass::web
