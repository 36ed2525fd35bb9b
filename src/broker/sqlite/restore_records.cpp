// What is carried besides tasks: counters of queues, ticks of periodic entries.
#include <algorithm>

#include "broker/sqlite/operations.hpp"
#include "broker/sqlite/restore.hpp"
#include "broker/sqlite/row_codec.hpp"

namespace windlass::broker {
namespace {

std::vector<TickRun> read_runs(Session& session, const std::string& entry) {
  std::vector<TickRun> runs;
  for (auto row = session.run(Sql::kTickRunList, entry, session.now_ns()); row.next();) {
    runs.push_back({from_ns(row.integer(0)), from_ns(row.integer(1)), from_ns(row.integer(2))});
  }
  return runs;
}

void restore_runs(Session& session, const TickRecord& record) {
  {
    auto row = session.run(Sql::kEntryLast, record.entry);
    if (row.next() && row.integer(0) >= to_ns(record.last)) return;
  }
  session.execute(Sql::kTickDropAll, record.entry);
  for (const TickRun& run : record.runs) {
    session.execute(Sql::kTickBegin, record.entry, to_ns(run.last), to_ns(run.after), to_ns(run.until));
  }
  session.execute(Sql::kEntryStored, record.entry, to_ns(record.last), record.task.queue, record.task.id);
}

void restore_events(Session& session, const TickRecord& record) {
  for (const SchedulerEvent& event : record.events) {
    if (session.run(Sql::kEventFind, record.entry, to_ns(event.tick), event.task_id).next()) continue;
    session.execute(Sql::kEventAdd, record.entry, to_ns(event.tick), event.task_id, to_ns(event.enqueued_at));
  }
  session.execute(Sql::kEventTrim, record.entry, kEventsKept);
}

}  // namespace

void restore_counts(Session& session, const QueueCounts& counts) {
  const auto number = [](std::uint64_t n) { return static_cast<std::int64_t>(n); };
  QueueRow& queue = session.add_queue(counts.queue);
  queue.processed = std::max(queue.processed, number(counts.processed));
  queue.failed = std::max(queue.failed, number(counts.failed));
  queue.expired = std::max(queue.expired, number(counts.expired));
  queue.changed = true;
  for (const DayCounts& day : counts.days) {
    session.execute(Sql::kStatRaise, queue.id, day_of(day.day), number(day.processed), number(day.failed), number(day.expired));
  }
}

std::vector<TickRecord> read_ticks(Session& session) {
  std::vector<TickRecord> records;
  for (auto row = session.run(Sql::kEntryLogs); row.next();) {
    records.push_back({row.text(0), from_ns(row.integer(1)), {}, {row.text(2), row.text(3)}, {}});
  }
  for (TickRecord& record : records) {
    record.runs = read_runs(session, record.entry);
    record.events = read_scheduler_events(session, record.entry, kEventsKept);
    std::ranges::reverse(record.events);
  }
  return records;
}

void restore_ticks(Session& session, std::span<const TickRecord> records) {
  for (const TickRecord& record : records) {
    restore_runs(session, record);
    restore_events(session, record);
  }
}

}  // namespace windlass::broker
