#include "task_fields.hpp"

#include "core/text.hpp"
#include "failure_text.hpp"
#include "output.hpp"

namespace windlass::app {
namespace {

std::string time_or_nothing(TimePoint t) { return t == kNoTime ? "" : full_time(t); }
std::string duration_or_nothing(Duration d) { return d == Duration::zero() ? "" : core::format_duration(d); }
std::string headers_text(const Headers& headers) {
  std::string text;
  for (const auto& [key, value] : headers) text += (text.empty() ? "" : ", ") + key + "=" + value;
  return text;
}

}  // namespace

std::string progress_text(const std::optional<Progress>& progress) {
  if (!progress) return "";
  return std::to_string(static_cast<int>(progress->percent)) + " % " + progress->text;
}

std::vector<std::pair<std::string, std::string>> task_fields(const TaskInfo& task) {
  return {{"id", task.id},
          {"queue", task.queue},
          {"type", task.type},
          {"state", std::string(task_state_name(task.state)) + (task.orphaned ? " (orphaned)" : "")},
          {"payload", task.payload.present()
                          ? shortened_payload(task.payload, 2000) + " (" + short_bytes(task.payload.size()) + ")"
                          : ""},
          {"headers", headers_text(task.headers)},
          {"retries", std::to_string(task.retried) + " of " + std::to_string(task.max_retry)},
          {"crashes", task.crashes > 0 ? std::to_string(task.crashes) : ""},
          {"failure", failure_text(task.failure)},
          {"failed at", time_or_nothing(task.last_failed_at)},
          {"timeout", duration_or_nothing(task.timeout)},
          {"deadline", time_or_nothing(task.deadline)},
          {"expires", time_or_nothing(task.expires_at)},
          {"retention", duration_or_nothing(task.retention)},
          {"group", task.group},
          {"unique key", task.unique_key},
          {"enqueued", time_or_nothing(task.enqueued_at)},
          {"scheduled", time_or_nothing(task.scheduled_at)},
          {"next run", time_or_nothing(task.next_process_at)},
          {"started", time_or_nothing(task.started_at)},
          {"completed", time_or_nothing(task.completed_at)},
          {"archived", time_or_nothing(task.archived_at)},
          {"kept until", time_or_nothing(task.delete_at)},
          {"owner", task.owner},
          {"progress", progress_text(task.progress)},
          {"result", task.result ? shortened(*task.result, 2000) : ""},
          {"detail", shortened(task.failure.detail, 4000)}};
}

}  // namespace windlass::app
