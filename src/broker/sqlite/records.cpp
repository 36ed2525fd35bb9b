// Records of servers and schedulers, ticks of periodic entries, cancel requests.
#include <algorithm>

#include "broker/sqlite/operations.hpp"
#include "broker/sqlite/row_codec.hpp"
#include "broker/sqlite/task_row.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {

namespace {

// How long a cancel request may be read. Feeds read within milliseconds.
constexpr Duration kCancelLife = std::chrono::minutes(1);

std::int64_t steady_after(const Session& session, Duration length) {
  return core::saturated_sum(Duration(session.steady_ns()), length).count();
}

std::string encode_queues(const std::map<std::string, int>& queues) {
  RecordWriter writer;
  for (const auto& [name, weight] : queues) writer.text(name).number(weight);
  return writer.take();
}

std::map<std::string, int> decode_queues(std::string_view bytes) {
  std::map<std::string, int> queues;
  RecordReader reader(bytes);
  while (!reader.at_end()) {
    std::string name = reader.text();
    const auto weight = static_cast<int>(reader.number());
    if (reader.ok()) queues.insert_or_assign(std::move(name), weight);
  }
  return queues;
}

std::string encode_running(const std::vector<RunningTask>& running) {
  RecordWriter writer;
  for (const RunningTask& task : running) {
    writer.number(static_cast<std::int64_t>(task.lease.token.row)).number(static_cast<std::int64_t>(task.lease.token.attempt));
    writer.number(to_ns(task.started_at)).number(to_ns(task.deadline)).number(task.overrun ? 1 : 0);
  }
  return writer.take();
}

std::optional<Progress> read_progress(Session& session, std::int64_t seq, std::int64_t flags) {
  if ((flags & kHasProgress) == 0) return std::nullopt;
  auto row = session.run(Sql::kProgressRead, seq);
  if (!row.next()) return std::nullopt;
  return Progress{row.real(0), row.text(1)};
}

// Nothing if the server does not own the task any more.
std::optional<WorkerInfo> read_worker(Session& session, std::int64_t seq, std::int64_t fence) {
  auto row = session.run(Sql::kWorkerTask, seq, fence);
  if (!row.next()) return std::nullopt;
  WorkerInfo worker;
  worker.task_id = read_id(row, 0);
  worker.queue = row.text(1);
  worker.task_type = session.type_name(row.integer(2));
  if (!row.is_null(3)) worker.payload = Payload(row.text(3));
  worker.progress = read_progress(session, seq, row.integer(4));
  return worker;
}

std::vector<WorkerInfo> decode_workers(Session& session, std::string_view running) {
  std::vector<WorkerInfo> workers;
  RecordReader reader(running);
  while (!reader.at_end()) {
    const std::int64_t seq = reader.number();
    const std::int64_t fence = reader.number();
    const TimePoint started_at = from_ns(reader.number());
    const TimePoint deadline = from_ns(reader.number());
    const bool overrun = reader.number() != 0;
    std::optional<WorkerInfo> worker = read_worker(session, seq, fence);
    if (!worker || !reader.ok()) continue;
    worker->started_at = started_at;
    worker->deadline = deadline;
    worker->overrun = overrun;
    workers.push_back(std::move(*worker));
  }
  return workers;
}

std::string encode_entry(const SchedulerEntry& entry) {
  RecordWriter writer;
  writer.text(entry.spec).text(entry.task_type).number(entry.payload.present() ? 1 : 0).text(entry.payload.bytes());
  writer.number(to_ns(entry.next_at)).number(to_ns(entry.prev_at));
  for (const std::string& option : entry.options) writer.text(option);
  return writer.take();
}

SchedulerEntry decode_entry(std::string id, std::string_view bytes) {
  RecordReader reader(bytes);
  SchedulerEntry entry;
  entry.id = std::move(id);
  entry.spec = reader.text();
  entry.task_type = reader.text();
  const bool has_payload = reader.number() != 0;
  std::string payload = reader.text();
  if (has_payload) entry.payload = Payload(std::move(payload));
  entry.next_at = from_ns(reader.number());
  entry.prev_at = from_ns(reader.number());
  while (!reader.at_end()) entry.options.push_back(reader.text());
  return entry;
}

ServerInfo read_server(Session& session, const sqlite::Cursor& row) {
  ServerInfo info;
  info.id = row.text(0);
  info.host = row.text(1);
  info.pid = static_cast<int>(row.integer(2));
  info.concurrency = static_cast<int>(row.integer(3));
  info.queues = decode_queues(row.bytes(4));
  info.strict_priority = row.integer(5) != 0;
  info.status = row.text(6);
  info.started_at = from_ns(row.integer(7));
  info.workers = decode_workers(session, row.bytes(8));
  return info;
}

}  // namespace

void keep_owner_alive(Session& session, const std::string& owner, Duration ttl) {
  session.execute(Sql::kOwnerAlive, owner, steady_after(session, ttl));
}

void save_server(Session& session, const ServerRecord& record, Duration ttl) {
  const ServerInfo& info = record.info;
  const std::string queues = encode_queues(info.queues);
  const std::string running = encode_running(record.running);
  session.execute(Sql::kServerSave, info.id, steady_after(session, ttl), info.host, info.pid, info.concurrency,
                  sqlite::Blob{queues}, info.strict_priority, info.status, to_ns(info.started_at), sqlite::Blob{running});
}

void drop_server(Session& session, const std::string& owner) {
  session.execute(Sql::kOwnerGone, owner, session.steady_ns());
  session.execute(Sql::kServerDrop, owner);
}

std::vector<ServerInfo> read_servers(Session& session) {
  std::vector<ServerInfo> servers;
  for (auto row = session.run(Sql::kServerList, session.steady_ns()); row.next();) servers.push_back(read_server(session, row));
  return servers;
}

void save_scheduler(Session& session, const SchedulerRecord& record, Duration ttl) {
  drop_scheduler(session, record.id);
  session.execute(Sql::kSchedulerSave, record.id, steady_after(session, ttl));
  for (const SchedulerEntry& entry : record.entries) {
    const std::string bytes = encode_entry(entry);
    session.execute(Sql::kEntryAdd, record.id, entry.id, sqlite::Blob{bytes});
  }
}

void drop_scheduler(Session& session, const std::string& id) {
  session.execute(Sql::kEntryDropAll, id);
  session.execute(Sql::kSchedulerDrop, id);
}

std::vector<SchedulerEntry> read_scheduler_entries(Session& session) {
  std::vector<SchedulerEntry> entries;
  for (auto row = session.run(Sql::kEntryList, session.steady_ns()); row.next();) {
    // The first of an id is that of the scheduler that published last.
    if (!entries.empty() && entries.back().id == row.bytes(0)) continue;
    entries.push_back(decode_entry(row.text(0), row.bytes(1)));
  }
  return entries;
}

std::vector<std::optional<TimePoint>> read_last_ticks(Session& session, std::span<const std::string> entries) {
  std::vector<std::optional<TimePoint>> last;
  for (const std::string& entry : entries) {
    auto row = session.run(Sql::kEntryLast, entry);
    last.push_back(row.next() ? std::optional(from_ns(row.integer(0))) : std::nullopt);
  }
  return last;
}

std::vector<SchedulerEvent> read_scheduler_events(Session& session, const std::string& entry, std::size_t limit) {
  std::vector<SchedulerEvent> events;
  const auto most = static_cast<std::int64_t>(std::min<std::size_t>(limit, kEventsKept));
  for (auto row = session.run(Sql::kEventList, entry, most); row.next();) {
    events.push_back({row.text(0), from_ns(row.integer(1)), from_ns(row.integer(2))});
  }
  return events;
}

void add_cancel_requests(Session& session, std::span<const CancelRequest> requests) {
  session.execute(Sql::kCancelTrim, session.steady_ns());
  for (const CancelRequest& request : requests) {
    session.execute(Sql::kCancelAdd, request.task.queue, request.task.id, request.for_good, steady_after(session, kCancelLife));
  }
  if (!requests.empty()) session.ring_cancel();
}

std::int64_t last_cancel_request(Session& session) {
  auto row = session.run(Sql::kCancelLast);
  return row.next() ? row.integer(0) : 0;
}

Result<std::vector<CancelRequest>> read_cancel_requests(Session& session, std::int64_t& last) {
  std::vector<CancelRequest> requests;
  const std::int64_t before = last;
  for (auto row = session.run(Sql::kCancelAfter, last); row.next();) {
    last = row.integer(0);
    requests.push_back({{row.text(1), row.text(2)}, row.integer(3) != 0});
  }
  // Numbers are given out without gaps: fewer rows than numbers means that some were deleted unread.
  const std::int64_t newest = last_cancel_request(session);
  if (session.failed() || newest - before <= static_cast<std::int64_t>(requests.size())) return requests;
  last = newest;
  return Error(ErrorCode::kUnavailable, "cancel requests were deleted before this process read them");
}

}  // namespace windlass::broker
