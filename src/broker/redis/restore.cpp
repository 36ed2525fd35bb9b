#include "broker/redis/restore.hpp"

#include <algorithm>

#include "broker/redis/chunks.hpp"
#include "broker/redis/keys.hpp"
#include "broker/redis/scripts.hpp"
#include "broker/redis/task_hash.hpp"
#include "core/message_info.hpp"
#include "core/time_math.hpp"
#include "redis/error_reply.hpp"

namespace windlass::broker {
namespace {

constexpr std::size_t kHead = 3, kPerTask = 13;  // arguments of restore.lua

// By which the state orders its tasks.
TimePoint time_in_state(const TaskInfo& info) {
  switch (info.state) {
    case TaskState::kScheduled:
    case TaskState::kRetry: return info.next_process_at;
    case TaskState::kArchived: return info.archived_at;
    case TaskState::kCompleted: return info.delete_at;
    case TaskState::kPending:
    case TaskState::kAggregating:
    case TaskState::kActive: break;
  }
  return kNoTime;
}

void add_task(redis::Pipeline& pipeline, const StoredTask& task, TimePoint now) {
  const TaskInfo& info = task.info;
  const core::TaskMessage message = core::to_message(info);
  const bool locked = task.unique_left > Duration::zero();
  const TimePoint at = time_in_state(info);
  pipeline.arg(info.id).arg(task_state_name(info.state)).arg(core::encode_message(message)).arg(encode_exact(message));
  pipeline.arg(unix_seconds(at)).arg(unix_nanos(at));
  pipeline.arg(has_failed(info) ? encode_failure(info.failure, info.last_failed_at) : "");
  pipeline.arg(info.result ? "+" + *info.result : "-").arg(info.crashes).arg(info.group);
  pipeline.arg(locked ? info.unique_key : "");
  pipeline.arg(std::chrono::ceil<std::chrono::milliseconds>(task.unique_left).count());
  pipeline.arg(unix_nanos(core::saturated_sum(now, task.unique_left)));
}

Result<EnqueueOutcome> outcome_of(const redis::Value& answer, TaskState state) {
  if (answer.is_error()) return redis::to_error(answer);
  if (answer.integer() == 1) return EnqueueOutcome{EnqueueStatus::kEnqueued, state, {}, {}};
  if (answer.integer() == 0) return EnqueueOutcome{EnqueueStatus::kIdConflict, {}, {}, {}};
  return EnqueueOutcome{EnqueueStatus::kDuplicate, {}, std::string(answer.text()), {}};
}

}  // namespace

Result<std::vector<EnqueueOutcome>> restore_tasks(Store& store, std::span<const StoredTask> tasks) {
  for (const StoredTask& task : tasks) {
    const NewTask fresh{.message = core::to_message(task.info), .unique_ttl = task.unique_left};
    if (Status fit = check_stored_task(fresh, task.info.state, store.payload_max()); !fit) return fit.error();
  }
  const std::vector<Chunk> chunks = by_queue(tasks, [](const StoredTask& task) -> const std::string& { return task.info.queue; });
  const TimePoint now = store.now();
  redis::Pipeline pipeline;
  for (const Chunk& chunk : chunks) {
    const std::string prefix = queue_prefix(chunk.queue);
    pipeline.eval(store.script(ScriptName::kRestore), 1, kHead + kPerTask * chunk.items.size()).key(prefix + "pending");
    pipeline.arg(prefix).arg(unix_nanos(now)).arg(unix_seconds(now));
    for (const std::size_t i : chunk.items) add_task(pipeline, tasks[i], now);
  }
  for (const Chunk& chunk : chunks) pipeline.add("SADD", redis::Key{kQueuesKey}, chunk.queue).idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  std::vector<EnqueueOutcome> outcomes(tasks.size());
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    if ((*replies)[c].is_error()) return redis::to_error((*replies)[c]);
    std::size_t n = 0;
    for (const redis::Value answer : (*replies)[c]) {
      const std::size_t i = chunks[c].items.at(n++);
      Result<EnqueueOutcome> outcome = outcome_of(answer, tasks[i].info.state);
      if (!outcome) return outcome.error();
      outcomes[i] = *std::move(outcome);
    }
  }
  return outcomes;
}

Result<std::vector<Duration>> read_unique_left(Store& store, std::span<const TaskInfo> tasks) {
  std::vector<Duration> left(tasks.size(), Duration::zero());
  std::vector<std::size_t> asked;
  redis::Pipeline pipeline;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].unique_key.empty()) continue;
    pipeline.add("GET", redis::Key{tasks[i].unique_key}).idempotent();
    pipeline.add("PTTL", redis::Key{tasks[i].unique_key}).idempotent();
    asked.push_back(i);
  }
  if (asked.empty()) return left;
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  for (std::size_t n = 0; n < asked.size(); ++n) {
    if ((*replies)[2 * n].text() != tasks[asked[n]].id) continue;
    left[asked[n]] = std::chrono::milliseconds(std::max<std::int64_t>((*replies)[2 * n + 1].integer().value_or(0), 0));
  }
  return left;
}

}  // namespace windlass::broker
