#include "web/json.hpp"

#include <algorithm>

#include <windlass/scheduler.hpp>

#include "base/utf8.hpp"
#include "core/text.hpp"
#include "exec/signals.hpp"
#include "web/fields.hpp"

namespace windlass::web {

using codec::Value;

std::string time_text(TimePoint t) { return t == kNoTime ? std::string() : core::format_time(t); }

namespace {

constexpr std::size_t kWholeMax = 1 << 20;
constexpr std::string_view kNotPrintable = "non-printable bytes";

std::int64_t whole_seconds(Duration d) { return std::chrono::duration_cast<std::chrono::seconds>(d).count(); }
std::int64_t whole_ms(Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); }

bool is_control(char32_t c) { return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f; }

// Bytes that were cut may end inside a character.
bool is_text(std::string_view bytes, bool may_be_cut) {
  while (!bytes.empty()) {
    const base::Utf8Char c = base::decode_utf8(bytes);
    if (c.length == 0) return may_be_cut && bytes.size() < 4;
    if (is_control(c.code)) return false;
    bytes.remove_prefix(c.length);
  }
  return true;
}

Value headers_json(const Headers& headers) {
  Fields out;
  for (const auto& [key, value] : headers) out.text(key, value);
  return out.done();
}

Value progress_json(const Progress& progress) {
  return Fields().add("percent", progress.percent).text("text", progress.text).done();
}

void add_shown(Fields& out, const std::string& key, const ShownBytes& shown) {
  out.text(key, shown.text).text(key + "_encoding", shown.binary ? "binary" : "text").add(key + "_truncated", shown.truncated);
}

// What lists and the page of a task share.
void add_base(Fields& out, const TaskInfo& task) {
  out.text("id", task.id).text("type", task.type).text("queue", task.queue).text("state", task_state_name(task.state));
  out.add("max_retry", task.max_retry).add("retried", task.retried).text("error_message", task.failure.message);
  out.add("headers", headers_json(task.headers)).add("crashes", task.crashes);
  out.text("failure_kind", task.failure.kind == FailureKind::kNone ? "" : failure_kind_name(task.failure.kind));
  out.text("group", task.group).time("enqueued_at", task.enqueued_at);
  if (task.progress) out.add("progress", progress_json(*task.progress));
}

std::int64_t ttl_seconds(const TaskInfo& task, TimePoint now) {
  return task.delete_at == kNoTime ? 0 : std::max<std::int64_t>(0, whole_seconds(task.delete_at - now));
}

void add_run(Fields& out, const TaskInfo& task, const WorkerInfo* worker) {
  const TimePoint started = worker ? worker->started_at : task.started_at;
  const TimePoint deadline = worker ? worker->deadline : task.deadline;
  out.text("start_time", started == kNoTime ? "-" : time_text(started));
  out.text("deadline", deadline == kNoTime ? "-" : time_text(deadline));
  out.add("is_orphaned", task.orphaned).text("owner", task.owner);
  if (worker && worker->overrun) out.add("overrun", true);
}

void add_whole(Fields& out, const std::string& key, const std::string& bytes) {
  const std::string cut = bytes.substr(0, kWholeMax);
  const bool truncated = bytes.size() > kWholeMax;
  const bool text = is_text(cut, truncated);
  out.text(key, text ? std::string_view(cut) : kNotPrintable).text(key + "_encoding", text ? "text" : "binary");
  out.add(key + "_truncated", truncated);
  if (!text) out.add(key + "_base64", codec::Bytes(cut));
}

void add_bytes(Fields& out, const std::string& key, const std::string& bytes, std::size_t limit, bool whole) {
  if (whole) add_whole(out, key, bytes);
  else add_shown(out, key, show_bytes(bytes, limit));
  out.add(key + "_size", bytes.size());
}

Value failure_json(const Failure& failure) {
  Fields out;
  out.text("kind", failure_kind_name(failure.kind)).text("message", failure.message);
  if (failure.kind == FailureKind::kExitCode) out.add("exit_code", failure.exit_code);
  if (failure.signal != 0) out.add("signal", failure.signal).text("signal_name", exec::signal_name(failure.signal));
  return out.text("detail", failure.detail).done();
}

class Timeline {
 public:
  explicit Timeline(TimePoint now) : now_(now) {}

  void add(TimePoint at, const char* event, const std::string& text) {
    if (at == kNoTime) return;
    const auto place = std::upper_bound(entries_.begin(), entries_.end(), at, [](TimePoint t, const Entry& entry) { return t < entry.at; });
    entries_.insert(place, {at, event, text});
  }
  Value done() {
    return array_of(entries_, [this](const Entry& entry) {
      Fields out;
      out.time("at", entry.at).text("event", entry.event).text("text", entry.text);
      if (entry.at > now_) out.add("future", true);
      return out.done();
    });
  }

 private:
  struct Entry {
    TimePoint at;
    const char* event;
    std::string text;
  };
  TimePoint now_;
  std::vector<Entry> entries_;
};

Value timeline_json(const TaskInfo& task, TimePoint now) {
  Timeline line(now);
  const bool over = task.state == TaskState::kArchived || task.state == TaskState::kCompleted;
  const bool waits = task.state == TaskState::kScheduled || task.state == TaskState::kRetry;
  line.add(task.enqueued_at, "enqueued", "enqueued");
  line.add(task.scheduled_at, "scheduled", "was to run at this time");
  line.add(task.last_failed_at, task.crashes > 0 && task.failure.signal != 0 ? "crashed" : "failed", task.failure.message);
  line.add(task.started_at, "started", "this run started");
  line.add(task.completed_at, "completed", "completed");
  line.add(task.archived_at, "archived", "archived");
  if (waits) line.add(task.next_process_at, "due", task.state == TaskState::kRetry ? "will be retried" : "will become pending");
  if (!over) line.add(task.expires_at, "expires", "expires unless it has started");
  if (!over) line.add(task.deadline, "deadline", "must be over");
  line.add(task.delete_at, "deleted", "its record will be deleted");
  return line.done();
}

Value worker_json(const WorkerInfo& worker, const TextLimits& limits) {
  Fields out;
  out.text("task_id", worker.task_id).text("queue", worker.queue).text("task_type", worker.task_type);
  out.text("task_payload", show_bytes(worker.payload.bytes(), limits.payload).text).time("start_time", worker.started_at);
  out.time_if("deadline", worker.deadline).add("overrun", worker.overrun);
  if (worker.progress) out.add("progress", progress_json(*worker.progress));
  return out.done();
}

}  // namespace

ShownBytes show_bytes(const std::string& bytes, std::size_t characters_max) {
  std::size_t end = 0;
  for (std::size_t n = 0; n < characters_max && end < bytes.size(); ++n) {
    const base::Utf8Char c = base::decode_utf8(std::string_view(bytes).substr(end));
    end += std::max<std::size_t>(1, c.length);
  }
  const std::string_view head = std::string_view(bytes).substr(0, std::min(end, bytes.size()));
  ShownBytes shown;
  shown.truncated = end < bytes.size();
  shown.binary = !is_text(head, false);
  shown.text = shown.binary ? std::string(kNotPrintable) : std::string(head) + (shown.truncated ? "…" : "");
  return shown;
}

Value list_item(const TaskInfo& task, const TextLimits& limits, TimePoint now, const WorkerInfo* worker) {
  Fields out;
  add_base(out, task);
  add_shown(out, "payload", show_bytes(task.payload.bytes(), limits.payload));
  switch (task.state) {
    case TaskState::kActive: add_run(out, task, worker); break;
    case TaskState::kScheduled: out.time("next_process_at", task.next_process_at); break;
    case TaskState::kRetry: out.time("next_process_at", task.next_process_at).time("last_failed_at", task.last_failed_at); break;
    case TaskState::kArchived: out.time("last_failed_at", task.last_failed_at).time("archived_at", task.archived_at); break;
    case TaskState::kCompleted:
      out.time("completed_at", task.completed_at).add("ttl_seconds", ttl_seconds(task, now));
      add_shown(out, "result", show_bytes(task.result.value_or(""), limits.result));
      break;
    case TaskState::kPending:
    case TaskState::kAggregating: break;
  }
  return out.done();
}

Value task_page(const TaskInfo& task, const TextLimits& limits, TimePoint now, bool whole) {
  Fields out;
  add_base(out, task);
  add_bytes(out, "payload", task.payload.bytes(), limits.payload, whole);
  out.time("last_failed_at", task.last_failed_at).add("timeout_seconds", whole_seconds(task.timeout));
  out.time("deadline", task.deadline).time("next_process_at", task.next_process_at).time("completed_at", task.completed_at);
  add_bytes(out, "result", task.result.value_or(""), limits.result, whole);
  out.add("ttl_seconds", ttl_seconds(task, now)).add("retention_seconds", whole_seconds(task.retention));
  out.text("unique_key", task.unique_key).time("expires_at", task.expires_at).time("scheduled_at", task.scheduled_at);
  out.time("started_at", task.started_at).time("archived_at", task.archived_at).time("delete_at", task.delete_at);
  out.text("owner", task.owner).add("orphaned", task.orphaned);
  if (task.failure.kind != FailureKind::kNone) out.add("failure", failure_json(task.failure));
  return out.add("timeline", timeline_json(task, now)).done();
}

Value queue_json(const QueueInfo& queue) {
  Fields out;
  out.text("queue", queue.queue).add("memory_usage_bytes", queue.memory_bytes).add("size", queue.size);
  out.add("groups", queue.groups).add("latency_msec", whole_ms(queue.latency));
  const Duration rounded = std::chrono::milliseconds((whole_ms(queue.latency) + 5) / 10 * 10);
  out.text("display_latency", core::format_duration(rounded));
  out.add("active", queue.active).add("pending", queue.pending).add("aggregating", queue.aggregating);
  out.add("scheduled", queue.scheduled).add("retry", queue.retry).add("archived", queue.archived);
  out.add("completed", queue.completed).add("processed", queue.processed);
  out.add("succeeded", queue.processed - std::min(queue.processed, queue.failed)).add("failed", queue.failed);
  out.add("paused", queue.paused).add("expired", queue.expired).add("processed_total", queue.processed_total);
  out.add("failed_total", queue.failed_total).add("expired_total", queue.expired_total);
  return out.time("timestamp", queue.timestamp).done();
}

Value day_json(const DailyStats& day) {
  Fields out;
  out.text("queue", day.queue).add("processed", day.processed);
  out.add("succeeded", day.processed - std::min(day.processed, day.failed)).add("failed", day.failed);
  return out.text("date", day.date).add("expired", day.expired).done();
}

Value server_json(const ServerInfo& server, const TextLimits& limits) {
  Fields queues;
  for (const auto& [name, weight] : server.queues) queues.add(name, weight);
  Fields out;
  out.text("id", server.id).text("host", server.host).add("pid", server.pid).add("concurrency", server.concurrency);
  out.add("queue_priorities", queues.done()).add("strict_priority_enabled", server.strict_priority);
  out.time("start_time", server.started_at).text("status", server.status);
  const auto worker = [&](const WorkerInfo& info) { return worker_json(info, limits); };
  return out.add("active_workers", array_of(server.workers, worker)).done();
}

Value entry_json(const SchedulerEntry& entry, const TextLimits& limits) {
  Fields out;
  out.text("id", entry.id).text("spec", entry.spec).text("task_type", entry.task_type);
  out.text("task_payload", show_bytes(entry.payload.bytes(), limits.payload).text);
  out.add("options", array_of(entry.options, [](const std::string& option) { return Value(option); }));
  out.time("next_enqueue_at", entry.next_at).time_if("prev_enqueue_at", entry.prev_at);
  return out.add("factory", entry.task_type == kFactoryTaskType).done();
}

Value event_json(const SchedulerEvent& event) {
  return Fields().text("task_id", event.task_id).time("enqueued_at", event.enqueued_at).time("tick", event.tick).done();
}

Value group_json(const GroupInfo& group) { return Fields().text("group", group.group).add("size", group.size).done(); }

}  // namespace windlass::web
