#include "broker/redis/task_view.hpp"

#include <string_view>
#include <utility>

#include "broker/redis/task_hash.hpp"
#include "core/message_info.hpp"

namespace windlass::broker {
namespace {

// The values by their names, as task_fields.lua orders them.
struct Fields {
  explicit Fields(std::span<const redis::Value, kTaskValues> v)
      : id(v[0]), score(v[1]), msg(v[2]), exact(v[3]), at(v[4]), fail(v[5]), crashes(v[6]), run(v[7]), progress(v[8]),
        back(v[9]), result(v[10]) {}
  redis::Value id, score, msg, exact, at, fail, crashes, run, progress, back, result;
};

// Scores are doubles; what Asynq and we write is whole.
std::int64_t whole_score(const redis::Value& score) { return static_cast<std::int64_t>(score.real().value_or(0)); }

TimePoint time_of(const Fields& fields) {
  if (fields.at.is_null()) return exact_time(whole_score(fields.score), std::nullopt);
  return exact_time(whole_score(fields.score), fields.at.text());
}

// A task that a Go server runs may have the record of an earlier run of ours; its lease says which it is.
void show_run(const Fields& fields, const Look& look, TaskInfo& info) {
  info.orphaned = fields.score.is_null() || whole_score(fields.score) * 1'000'000 <= look.redis_now_us;
  const std::optional<Run> run = parse_run(fields.run.text());
  if (!run || (!fields.score.is_null() && run->lease_until_us / 1'000'000 != whole_score(fields.score))) return;
  info.owner = run->owner;
  info.started_at = run->started_at;
  info.orphaned = fields.score.is_null() || run->lease_until_us <= look.redis_now_us;
}

// Messages have whole seconds; the exact time follows from when the record ends.
TimePoint exact_completion(TimePoint completed_at, TimePoint delete_at, Duration retention) {
  const TimePoint exact = delete_at - retention;
  return unix_seconds(exact) == unix_seconds(completed_at) ? exact : completed_at;
}

void show_state(const Fields& fields, const Look& look, TimePoint completed_at, TaskInfo& info) {
  switch (look.state) {
    case TaskState::kPending: info.next_process_at = look.now; break;
    case TaskState::kActive: show_run(fields, look, info); break;
    case TaskState::kScheduled:
    case TaskState::kRetry: info.next_process_at = time_of(fields); break;
    case TaskState::kArchived: info.archived_at = time_of(fields); break;
    case TaskState::kCompleted:
      info.delete_at = time_of(fields);
      info.completed_at = exact_completion(completed_at, info.delete_at, info.retention);
      break;
    case TaskState::kAggregating: break;
  }
}

std::optional<Progress> progress_of(const Fields& fields) {
  const std::optional<Run> run = parse_run(fields.run.text());
  return decode_progress(fields.progress.text(), run ? run->nonce : fields.back.text());
}

}  // namespace

TaskInfo show_task(std::span<const redis::Value, kTaskValues> values, const Look& look) {
  const Fields fields(values);
  TaskInfo info;
  TimePoint completed_at = kNoTime;
  if (Result<core::TaskMessage> message = decode_task(fields.msg.text(), fields.exact.text()); message) {
    Failure failure = decode_failure(*message, fields.fail.text());
    completed_at = message->completed_at;
    info = core::to_info(std::move(*message), look.payload_max);
    info.failure = std::move(failure);
  } else {
    info.payload = core::cut_payload(Payload(fields.msg.text()), look.payload_max);
    info.failure = Failure(FailureKind::kBadPayload, "its message does not decode: " + message.error().message());
  }
  info.id = fields.id.text();
  info.queue = look.queue;
  info.state = look.state;
  info.crashes = static_cast<int>(fields.crashes.integer().value_or(0));
  info.progress = progress_of(fields);
  if (!fields.result.is_null()) info.result = std::string(fields.result.text());
  show_state(fields, look, completed_at, info);
  return info;
}

}  // namespace windlass::broker
