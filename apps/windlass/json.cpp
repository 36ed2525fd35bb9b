#include "json.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "core/text.hpp"
#include "exec/signals.hpp"

namespace windlass::app {

void put_bytes(codec::Value::Object& into, const std::string& key, const std::string& bytes) {
  if (core::is_valid_utf8(bytes)) {
    into.push_back({key, bytes});
    return;
  }
  into.push_back({key, codec::Bytes(bytes)});
  into.push_back({key + "_encoding", "base64"});
}

namespace {

using codec::Value;

// Builds an object, leaving out what is not set.
class Fields {
 public:
  Fields& add(const char* key, Value value) {
    fields_.push_back({key, std::move(value)});
    return *this;
  }
  Fields& text(const char* key, const std::string& value) { return value.empty() ? *this : add(key, value); }
  Fields& time(const char* key, TimePoint t) { return t == kNoTime ? *this : add(key, core::format_time(t)); }
  // As Go's duration text, and in milliseconds for programs.
  Fields& duration(const std::string& key, Duration d) {
    if (d == Duration::zero()) return *this;
    add(key.c_str(), core::format_duration(d));
    return add((key + "_ms").c_str(), std::chrono::duration<double, std::milli>(d).count());
  }
  Fields& bytes(const std::string& key, const std::string& value) {
    put_bytes(fields_, key, value);
    return *this;
  }
  Value done() { return std::move(fields_); }

 private:
  Value::Object fields_;
};

std::string text_of(std::string_view text) { return std::string(text); }

Value to_json(const Failure& failure) {
  Fields out;
  out.add("kind", text_of(failure_kind_name(failure.kind))).add("message", failure.message);
  if (failure.kind == FailureKind::kExitCode) out.add("exit_code", failure.exit_code);
  if (failure.signal != 0) out.add("signal", exec::signal_name(failure.signal));
  return out.text("detail", failure.detail).done();
}

Value to_json(const Headers& headers) {
  Fields out;
  for (const auto& [key, value] : headers) out.add(key.c_str(), value);
  return out.done();
}

Value to_json(const Progress& progress) {
  return Fields().add("percent", progress.percent).text("text", progress.text).done();
}

Value to_json(const WorkerInfo& worker) {
  Fields out;
  out.add("task_id", worker.task_id).add("type", worker.task_type).add("queue", worker.queue);
  out.time("started_at", worker.started_at).time("deadline", worker.deadline).add("overrun", worker.overrun);
  if (worker.progress) out.add("progress", to_json(*worker.progress));
  return out.done();
}

}  // namespace

Value to_json(const TaskInfo& task) {
  Fields out;
  out.add("id", task.id).add("queue", task.queue).add("type", task.type).add("state", text_of(task_state_name(task.state)));
  if (task.payload.present()) out.bytes("payload", task.payload.bytes());
  if (!task.headers.empty()) out.add("headers", to_json(task.headers));
  out.add("max_retry", task.max_retry).add("retried", task.retried).add("crashes", task.crashes);
  if (task.failure.kind != FailureKind::kNone) out.add("failure", to_json(task.failure));
  out.time("last_failed_at", task.last_failed_at).duration("timeout", task.timeout).time("deadline", task.deadline);
  out.time("expires_at", task.expires_at).duration("retention", task.retention).text("group", task.group);
  out.text("unique_key", task.unique_key);
  out.time("enqueued_at", task.enqueued_at).time("scheduled_at", task.scheduled_at);
  out.time("next_process_at", task.next_process_at).time("started_at", task.started_at);
  out.time("completed_at", task.completed_at).time("archived_at", task.archived_at).time("delete_at", task.delete_at);
  if (task.progress) out.add("progress", to_json(*task.progress));
  if (task.result) out.bytes("result", *task.result);
  out.text("owner", task.owner);
  if (task.state == TaskState::kActive) out.add("orphaned", task.orphaned);
  return out.done();
}

Value to_json(const QueueInfo& queue) {
  Fields out;
  out.add("queue", queue.queue).add("paused", queue.paused).add("size", queue.size);
  out.add("pending", queue.pending).add("active", queue.active).add("scheduled", queue.scheduled).add("retry", queue.retry);
  out.add("archived", queue.archived).add("completed", queue.completed).add("aggregating", queue.aggregating);
  out.add("groups", queue.groups).add("latency_ms", std::chrono::duration<double, std::milli>(queue.latency).count());
  out.add("processed", queue.processed).add("failed", queue.failed).add("expired", queue.expired);
  out.add("processed_total", queue.processed_total).add("failed_total", queue.failed_total);
  out.add("expired_total", queue.expired_total).add("memory_bytes", queue.memory_bytes);
  return out.time("timestamp", queue.timestamp).done();
}

Value to_json(const DailyStats& day) {
  return Fields()
      .add("queue", day.queue)
      .add("date", day.date)
      .add("processed", day.processed)
      .add("failed", day.failed)
      .add("expired", day.expired)
      .done();
}

Value to_json(const GroupInfo& group) { return Fields().add("group", group.group).add("size", group.size).done(); }

Value to_json(const ServerInfo& server) {
  Value::Object queues;
  for (const auto& [name, weight] : server.queues) queues.push_back({name, weight});
  Value::Array workers;
  for (const WorkerInfo& worker : server.workers) workers.push_back(to_json(worker));
  Fields out;
  out.add("id", server.id).add("host", server.host).add("pid", server.pid).add("status", server.status);
  out.add("concurrency", server.concurrency).add("queues", queues).add("strict_priority", server.strict_priority);
  return out.time("started_at", server.started_at).add("workers", workers).done();
}

Value to_json(const SchedulerEntry& entry) {
  Value::Array options;
  for (const std::string& option : entry.options) options.push_back(option);
  Fields out;
  out.add("id", entry.id).add("spec", entry.spec).add("type", entry.task_type);
  if (entry.payload.present()) out.bytes("payload", entry.payload.bytes());
  return out.add("options", options).time("next_at", entry.next_at).time("prev_at", entry.prev_at).done();
}

}  // namespace windlass::app
