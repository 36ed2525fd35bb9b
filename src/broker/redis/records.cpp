#include "broker/redis/records.hpp"

#include <limits>
#include <optional>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "core/text.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {
namespace {

using protozero::pbf_reader;
using protozero::pbf_writer;

// Numbers of the fields: given by Asynq; from 100 on, ours. Stored, never renumber.
namespace server {
enum Field : std::uint32_t {
  kHost = 1, kPid = 2, kId = 3, kConcurrency = 4, kQueues = 5, kStrict = 6, kStatus = 7, kStart = 8, kActive = 9,
};
}
namespace worker {
enum Field : std::uint32_t {
  kHost = 1, kPid = 2, kServer = 3, kTask = 4, kType = 5, kPayload = 6, kQueue = 7, kStart = 8, kDeadline = 9,
  kOverrun = 100,
};
}
namespace entry {
enum Field : std::uint32_t {
  kId = 1, kSpec = 2, kType = 3, kPayload = 4, kOptions = 5, kNext = 6, kPrev = 7, kPublication = 100,
};
}
namespace event {
enum Field : std::uint32_t { kTask = 1, kTime = 2, kNumber = 100, kTick = 101 };
}
namespace timestamp {
enum Field : std::uint32_t { kSeconds = 1, kNanos = 2 };
}
namespace pair {
enum Field : std::uint32_t { kKey = 1, kValue = 2 };
}

constexpr std::int64_t kGoZeroSeconds = -62135596800;  // the year 1

// What a field is, for a switch: one of another type is unknown.
constexpr std::uint32_t bytes_of(std::uint32_t field) {
  return protozero::tag_and_type(field, protozero::pbf_wire_type::length_delimited);
}
constexpr std::uint32_t varint_of(std::uint32_t field) {
  return protozero::tag_and_type(field, protozero::pbf_wire_type::varint);
}

// ---------------------------------------------------------------------------------------------------------- encode

// Go reads no record with a string that is not UTF-8.
void add_text(pbf_writer& writer, std::uint32_t field, std::string_view text) {
  if (!text.empty()) writer.add_string(field, core::to_valid_utf8(text));
}
void add_payload(pbf_writer& writer, std::uint32_t field, const Payload& payload) {
  if (payload.size() > 0) writer.add_bytes(field, payload.bytes());
}
void add_number(pbf_writer& writer, std::uint32_t field, std::int64_t number) {
  if (number != 0) writer.add_int64(field, number);
}

void add_time(pbf_writer& writer, std::uint32_t field, TimePoint t) {
  const auto second = std::chrono::floor<std::chrono::seconds>(t);
  pbf_writer time(writer, field);
  add_number(time, timestamp::kSeconds, t == kNoTime ? kGoZeroSeconds : second.time_since_epoch().count());
  add_number(time, timestamp::kNanos, (t - second).count());
}

void add_queue(pbf_writer& writer, const std::string& queue, int priority) {
  pbf_writer entry(writer, server::kQueues);
  entry.add_string(pair::kKey, core::to_valid_utf8(queue));
  entry.add_int64(pair::kValue, priority);
}

// HOST:PID:UUID without its first two parts; ids of another form as they are.
std::string short_id(const ServerInfo& info) {
  const std::string front = info.host + ":" + std::to_string(info.pid) + ":";
  return info.id.starts_with(front) ? info.id.substr(front.size()) : info.id;
}

// Eight bytes that sort as the numbers do.
std::string sortable(std::int64_t number) {
  const std::uint64_t bits = static_cast<std::uint64_t>(number) ^ (std::uint64_t{1} << 63);
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift);
  return bytes;
}

// ---------------------------------------------------------------------------------------------------------- decode

std::optional<std::int64_t> from_sortable(std::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  std::uint64_t bits = 0;
  for (const char byte : bytes) bits = bits << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(bits ^ (std::uint64_t{1} << 63));
}

// Calls `field(reader)` for each field, which must read or skip it.
template <class Field>
Status read_fields(std::string_view bytes, const char* what, const Field& field) {
  try {
    pbf_reader reader(bytes.data(), bytes.size());
    while (reader.next()) field(reader);
  } catch (const protozero::exception& error) {
    return Error(ErrorCode::kCorrupt, "a record of a " + std::string(what) + " does not decode: " + error.what());
  }
  return {};
}

TimePoint read_time(pbf_reader& reader) {
  pbf_reader fields = reader.get_message();
  std::int64_t seconds = 0, nanos = 0;
  while (fields.next()) {
    switch (fields.tag_and_type()) {
      case varint_of(timestamp::kSeconds): seconds = fields.get_int64(); break;
      case varint_of(timestamp::kNanos): nanos = fields.get_int64(); break;
      default: fields.skip();
    }
  }
  if (seconds == kGoZeroSeconds) return kNoTime;
  return TimePoint(core::saturated_sum(core::saturated_seconds(seconds), Duration(nanos)));
}

void read_queue(pbf_reader& reader, ServerInfo& info) {
  pbf_reader fields = reader.get_message();
  std::string name;
  int priority = 0;
  while (fields.next()) {
    switch (fields.tag_and_type()) {
      case bytes_of(pair::kKey): name = fields.get_string(); break;
      case varint_of(pair::kValue): priority = fields.get_int32(); break;
      default: fields.skip();
    }
  }
  info.queues[name] = priority;
}

// Nothing and an empty payload cannot be told apart.
Payload read_payload(pbf_reader& reader) {
  std::string bytes = reader.get_bytes();
  return bytes.empty() ? Payload() : Payload(std::move(bytes));
}

}  // namespace

std::string encode_server(const ServerInfo& info, std::size_t active_workers) {
  std::string bytes;
  pbf_writer writer(bytes);
  add_text(writer, server::kHost, info.host);
  add_number(writer, server::kPid, info.pid);
  add_text(writer, server::kId, short_id(info));
  add_number(writer, server::kConcurrency, info.concurrency);
  for (const auto& [queue, priority] : info.queues) add_queue(writer, queue, priority);
  if (info.strict_priority) writer.add_bool(server::kStrict, true);
  add_text(writer, server::kStatus, info.status);
  add_time(writer, server::kStart, info.started_at);
  add_number(writer, server::kActive, static_cast<std::int64_t>(active_workers));
  return bytes;
}

Result<ServerInfo> decode_server(std::string_view bytes) {
  ServerInfo info;
  std::string id;
  const Status read = read_fields(bytes, "server", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case bytes_of(server::kHost): info.host = reader.get_string(); break;
      case varint_of(server::kPid): info.pid = reader.get_int32(); break;
      case bytes_of(server::kId): id = reader.get_string(); break;
      case varint_of(server::kConcurrency): info.concurrency = reader.get_int32(); break;
      case bytes_of(server::kQueues): read_queue(reader, info); break;
      case varint_of(server::kStrict): info.strict_priority = reader.get_bool(); break;
      case bytes_of(server::kStatus): info.status = reader.get_string(); break;
      case bytes_of(server::kStart): info.started_at = read_time(reader); break;
      default: reader.skip();
    }
  });
  if (!read) return read.error();
  info.id = info.host + ":" + std::to_string(info.pid) + ":" + id;
  return info;
}

std::string encode_worker(const ServerInfo& info, const WorkerInfo& running) {
  std::string bytes;
  pbf_writer writer(bytes);
  add_text(writer, worker::kHost, info.host);
  add_number(writer, worker::kPid, info.pid);
  add_text(writer, worker::kServer, short_id(info));
  add_text(writer, worker::kTask, running.task_id);
  add_text(writer, worker::kType, running.task_type);
  add_payload(writer, worker::kPayload, running.payload);
  add_text(writer, worker::kQueue, running.queue);
  add_time(writer, worker::kStart, running.started_at);
  add_time(writer, worker::kDeadline, running.deadline);
  if (running.overrun) writer.add_bool(worker::kOverrun, true);
  return bytes;
}

Result<WorkerInfo> decode_worker(std::string_view bytes) {
  WorkerInfo running;
  const Status read = read_fields(bytes, "worker", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case bytes_of(worker::kTask): running.task_id = reader.get_string(); break;
      case bytes_of(worker::kType): running.task_type = reader.get_string(); break;
      case bytes_of(worker::kPayload): running.payload = read_payload(reader); break;
      case bytes_of(worker::kQueue): running.queue = reader.get_string(); break;
      case bytes_of(worker::kStart): running.started_at = read_time(reader); break;
      case bytes_of(worker::kDeadline): running.deadline = read_time(reader); break;
      case varint_of(worker::kOverrun): running.overrun = reader.get_bool(); break;
      default: reader.skip();
    }
  });
  if (!read) return read.error();
  return running;
}

std::string encode_scheduler_entry(const SchedulerEntry& shown, std::int64_t publication) {
  std::string bytes;
  pbf_writer writer(bytes);
  add_text(writer, entry::kId, shown.id);
  add_text(writer, entry::kSpec, shown.spec);
  add_text(writer, entry::kType, shown.task_type);
  add_payload(writer, entry::kPayload, shown.payload);
  for (const std::string& option : shown.options) {
    // One without arguments stops Go's inspector.
    if (option.find('(') != std::string::npos) add_text(writer, entry::kOptions, option);
  }
  add_time(writer, entry::kNext, shown.next_at);
  add_time(writer, entry::kPrev, shown.prev_at);
  add_number(writer, entry::kPublication, publication);
  return bytes;
}

Result<PublishedEntry> decode_scheduler_entry(std::string_view bytes) {
  PublishedEntry published;
  SchedulerEntry& shown = published.entry;
  const Status read = read_fields(bytes, "scheduler entry", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case bytes_of(entry::kId): shown.id = reader.get_string(); break;
      case bytes_of(entry::kSpec): shown.spec = reader.get_string(); break;
      case bytes_of(entry::kType): shown.task_type = reader.get_string(); break;
      case bytes_of(entry::kPayload): shown.payload = read_payload(reader); break;
      case bytes_of(entry::kOptions): shown.options.push_back(reader.get_string()); break;
      case bytes_of(entry::kNext): shown.next_at = read_time(reader); break;
      case bytes_of(entry::kPrev): shown.prev_at = read_time(reader); break;
      case varint_of(entry::kPublication): published.publication = reader.get_int64(); break;
      default: reader.skip();
    }
  });
  if (!read) return read.error();
  return published;
}

std::string encode_event_number(std::int64_t number) {
  std::string bytes;
  pbf_writer(bytes).add_bytes(event::kNumber, sortable(number));
  return bytes;
}

std::string encode_scheduler_event(const SchedulerEvent& shown) {
  std::string bytes;
  pbf_writer writer(bytes);
  add_text(writer, event::kTask, shown.task_id);
  add_time(writer, event::kTime, shown.enqueued_at);
  add_number(writer, event::kTick, shown.tick.time_since_epoch().count());
  return bytes;
}

Result<NumberedEvent> decode_scheduler_event(std::string_view bytes) {
  NumberedEvent numbered;
  SchedulerEvent& shown = numbered.event;
  const Status read = read_fields(bytes, "tick", [&](pbf_reader& reader) {
    switch (reader.tag_and_type()) {
      case bytes_of(event::kTask): shown.task_id = reader.get_string(); break;
      case bytes_of(event::kTime): shown.enqueued_at = read_time(reader); break;
      case bytes_of(event::kNumber): numbered.number = from_sortable(reader.get_bytes()).value_or(0); break;
      case varint_of(event::kTick): shown.tick = TimePoint(Duration(reader.get_int64())); break;
      default: reader.skip();
    }
  });
  if (!read) return read.error();
  return numbered;
}

}  // namespace windlass::broker
