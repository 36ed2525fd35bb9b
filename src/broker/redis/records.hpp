// The protobuf records of servers, workers, schedulers and ticks, as Asynq writes them. What is ours stands in fields
// from number 100 on, which Asynq skips.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <windlass/error.hpp>
#include <windlass/info.hpp>

namespace windlass::broker {

// Times that are not set are written as Go's zero time (the year 1), and read back as kNoTime.

std::string encode_server(const ServerInfo& server, std::size_t active_workers);
// Its id is put together from host, process id and server id. Errors: kCorrupt.
Result<ServerInfo> decode_server(std::string_view bytes);

std::string encode_worker(const ServerInfo& server, const WorkerInfo& worker);
Result<WorkerInfo> decode_worker(std::string_view bytes);

std::string encode_scheduler_entry(const SchedulerEntry& entry, std::int64_t publication);
struct PublishedEntry {
  SchedulerEntry entry;
  std::int64_t publication = 0;  // 0: by a Go scheduler
};
Result<PublishedEntry> decode_scheduler_entry(std::string_view bytes);

// What stands in a history: the number, which counts the ticks taken, and the event behind it. So the records of one second sort by
// the number, as bytes.
std::string encode_event_number(std::int64_t number);
std::string encode_scheduler_event(const SchedulerEvent& event);
struct NumberedEvent {
  SchedulerEvent event;
  std::int64_t number = 0;  // 0: by a Go scheduler, which does not tell the nominal time either
};
Result<NumberedEvent> decode_scheduler_event(std::string_view bytes);

}  // namespace windlass::broker
