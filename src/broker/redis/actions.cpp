// What the inspector changes.
#include <algorithm>
#include <utility>

#include "broker/redis/listing.hpp"
#include "broker/redis/operations.hpp"
#include "broker/redis/scripts.hpp"
#include "core/text.hpp"

namespace windlass::broker {
namespace {

constexpr int kPayloadAttempts = 20;
constexpr int kDaysCounted = 92;  // counters of a day are kept for 90 days; one more for clocks that differ

std::string_view action_text(TaskAction action) {
  switch (action) {
    case TaskAction::kRun: return "run";
    case TaskAction::kArchive: return "archive";
    case TaskAction::kDelete: break;
  }
  return "delete";
}

// True if the queue exists.
Result<bool> is_queue(Store& store, const std::string& queue) {
  redis::Pipeline pipeline;
  pipeline.add("SISMEMBER", redis::Key{kQueuesKey}, queue).idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  return (*replies)[0].integer() == 1;
}

void add_script(redis::Pipeline& pipeline, const Store& store, const Chunk& chunk, std::span<const TaskRef> tasks,
                TaskAction action, TimePoint now, std::size_t distance) {
  const std::string prefix = queue_prefix(chunk.queue);
  pipeline.eval(store.script(ScriptName::kAct), 1, 6 + chunk.items.size()).key(prefix + "pending");
  pipeline.arg(prefix).arg(action_text(action)).arg(unix_nanos(now)).arg(unix_seconds(now)).arg("").arg(distance);
  for (const std::size_t i : chunk.items) pipeline.arg(tasks[i].id);
}

// Takes in the answer for a chunk; false if tasks are left over, which then are all that it has.
bool read_answer(const redis::Value& answer, Chunk& chunk, std::vector<ActionOutcome>& outcomes) {
  std::size_t n = 0;
  for (const redis::Value outcome : answer) {
    outcomes[chunk.items.at(n++)] = static_cast<ActionOutcome>(outcome.integer().value_or(0));
  }
  chunk.items.erase(chunk.items.begin(), chunk.items.begin() + static_cast<std::ptrdiff_t>(n));
  return chunk.items.empty();
}

Error wrong_state(const TaskRef& ref, std::string_view state) {
  return Error(ErrorCode::kFailedPrecondition, "task '" + ref.id + "' is " + std::string(state) +
                                                   "; only the payload of a scheduled task can be replaced");
}

// One attempt: 1 done, 0 gone, -1 in another state, -2 somebody changed the task meanwhile.
Result<std::int64_t> try_to_replace(Store& store, const TaskRef& ref, const redis::Value& msg, const redis::Value& exact,
                                    const Payload& payload) {
  Result<core::TaskMessage> message = decode_task(msg.text(), exact.text());
  if (!message) return message.error();
  message->payload = payload;
  redis::Pipeline pipeline;
  pipeline.eval(store.script(ScriptName::kUpdatePayload), 1, 3).key(task_key(ref.queue, ref.id)).arg(msg.text());
  pipeline.arg(core::encode_message(*message)).arg(encode_exact(*message));
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  return (*replies)[0].integer().value_or(0);
}

// Takes the queue away; its tasks are in the trash then. True: it is to be called again.
Result<bool> detach(Store& store, const std::string& queue, bool force) {
  const std::string prefix = queue_prefix(queue);
  redis::Pipeline pipeline;
  pipeline.eval(store.script(ScriptName::kRemoveQueue), 1, 3 + kDaysCounted).key(prefix + "pending").arg(prefix);
  pipeline.arg(force ? "1" : "0").arg(nonce_text(store.random()));
  for (int i = -1; i < kDaysCounted - 1; ++i) pipeline.arg(core::format_date(store.now() - std::chrono::days(i)));
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  const std::int64_t size = (*replies)[0][0].integer().value_or(0), active = (*replies)[0][1].integer().value_or(0);
  if (!force && size > 0) {
    return Error(ErrorCode::kQueueNotEmpty,
                 "queue '" + queue + "' has " + std::to_string(size) + " tasks; delete them first, or use force");
  }
  if (active > 0) {
    return Error(ErrorCode::kFailedPrecondition,
                 "queue '" + queue + "' has " + std::to_string(active) + " active tasks; cancel them first");
  }
  return (*replies)[0][2].integer() == 1;
}

// The name goes, unless somebody has put tasks into the queue again meanwhile.
Status forget_name(Store& store, const std::string& queue) {
  const std::string prefix = queue_prefix(queue);
  redis::Pipeline pipeline;
  pipeline.add("SREM", redis::Key{kQueuesKey}, queue).idempotent();
  pipeline.add("EXISTS", redis::Key{prefix + "pending"}, redis::Key{prefix + "active"}, redis::Key{prefix + "scheduled"},
               redis::Key{prefix + "groups"}).idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  if ((*replies)[1].integer() == 0) return {};
  pipeline.clear();
  pipeline.add("SADD", redis::Key{kQueuesKey}, queue).idempotent();
  const Result<redis::Replies> again = store.call(pipeline);
  return again ? Status() : again.error();
}

// `distance` says how far from the tail of the pending tasks they may begin.
Result<std::vector<ActionOutcome>> act_near(Store& store, std::span<const TaskRef> tasks, TaskAction action,
                                            std::size_t distance) {
  std::vector<ActionOutcome> outcomes(tasks.size(), ActionOutcome::kNotFound);
  std::vector<Chunk> chunks = by_queue(tasks, [](const TaskRef& ref) -> const std::string& { return ref.queue; });
  for (bool first = true; !chunks.empty(); first = false) {
    const TimePoint now = store.now();
    redis::Pipeline pipeline;
    for (const Chunk& chunk : chunks) add_script(pipeline, store, chunk, tasks, action, now, distance);
    const Result<redis::Replies> replies = store.call(pipeline);
    if (!replies) {
      if (first) return replies.error();
      return Error(ErrorCode::kUnknownOutcome, "only a part of the tasks was reached: " + replies.error().message());
    }
    for (std::size_t c = chunks.size(); c-- > 0;) {
      if (read_answer((*replies)[c], chunks[c], outcomes)) chunks.erase(chunks.begin() + static_cast<std::ptrdiff_t>(c));
    }
  }
  return outcomes;
}

}  // namespace

Result<std::vector<ActionOutcome>> act_on_tasks(Store& store, std::span<const TaskRef> tasks, TaskAction action) {
  return act_near(store, tasks, action, 0);
}

Result<BulkResult> act_in_bulk(Store& store, const BulkRequest& request) {
  if (request.filter.state == TaskState::kActive || request.max == 0) {
    return Error(ErrorCode::kInvalidArgument, "a bulk operation takes any state but active, and at least 1 task a call");
  }
  const std::string purpose = "bulk " + std::to_string(static_cast<int>(request.action));
  Result<Listing> listing = open_listing(request.filter, request.cursor, purpose);
  if (!listing) return listing.error();
  BulkResult result;
  result.next = request.cursor;
  for (std::size_t looked = 0; looked < request.max;) {
    const std::size_t left = request.max - looked;
    const Result<Window> window = next_window(store, *listing, {.tasks = left, .looked = left, .ids_only = true});
    // What was done before stays done: the caller goes on from there.
    if (!window) return result.applied > 0 ? Result<BulkResult>(result) : window.error();
    std::vector<TaskRef> tasks;
    for (const redis::Value id : window->tasks()) tasks.push_back({request.filter.queue, std::string(id.text())});
    const Result<std::vector<ActionOutcome>> outcomes = act_near(store, tasks, request.action, window->distance);
    if (!outcomes && outcomes.error().code() != ErrorCode::kUnknownOutcome && result.applied > 0) return result;
    if (!outcomes) return outcomes.error();
    result.applied += static_cast<std::size_t>(std::ranges::count(*outcomes, ActionOutcome::kApplied));
    looked += window->looked;
    result.next = window->at_end ? "" : cursor_of(*listing);
    if (window->at_end) break;
  }
  return result;
}

Status replace_payload(Store& store, const TaskRef& ref, const Payload& payload) {
  if (payload.size() > store.payload_max()) {
    return Error(ErrorCode::kResourceExhausted, "a payload of " + std::to_string(payload.size()) + " bytes is more than the " +
                                                    std::to_string(store.payload_max()) + " this broker takes");
  }
  for (int attempt = 0; attempt < kPayloadAttempts; ++attempt) {
    redis::Pipeline pipeline;
    pipeline.add("SISMEMBER", redis::Key{kQueuesKey}, ref.queue).idempotent();
    pipeline.add("HMGET", redis::Key{task_key(ref.queue, ref.id)}, "msg", "w:x", "state").idempotent();
    const Result<redis::Replies> replies = store.call(pipeline);
    if (!replies) return replies.error();
    if ((*replies)[0].integer() != 1) return no_such_queue(ref.queue);
    const redis::Value fields = (*replies)[1];
    if (fields[0].is_null()) return no_such_task(ref);
    if (fields[2].text() != task_state_name(TaskState::kScheduled)) return wrong_state(ref, fields[2].text());
    const Result<std::int64_t> done = try_to_replace(store, ref, fields[0], fields[1], payload);
    if (!done) return done.error();
    if (*done == 1) return {};
    if (*done == 0) return no_such_task(ref);
  }
  return Error(ErrorCode::kUnavailable, "task '" + ref.id + "' changes all the time; its payload was not replaced");
}

Status set_paused(Store& store, const std::string& queue, bool paused) {
  const Result<bool> exists = is_queue(store, queue);
  if (!exists) return exists.error();
  if (!*exists) return no_such_queue(queue);
  const std::string key = queue_prefix(queue) + "paused";
  redis::Pipeline pipeline;
  if (paused) {
    pipeline.add("SETNX", redis::Key{key}, unix_seconds(store.now()));
  } else {
    pipeline.add("DEL", redis::Key{key});
  }
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  if ((*replies)[0].integer() == 1) return {};
  return Error(ErrorCode::kFailedPrecondition, "queue '" + queue + "' is " + (paused ? "already" : "not") + " paused");
}

Status remove_queue(Store& store, const std::string& queue, bool force) {
  const std::string prefix = queue_prefix(queue);
  redis::Pipeline pipeline;
  pipeline.add("SISMEMBER", redis::Key{kQueuesKey}, queue).idempotent();
  pipeline.add("EXISTS", redis::Key{prefix + "windlass:trash"}).idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  const bool exists = (*replies)[0].integer() == 1;
  // A removal that was cut off is continued.
  if (!exists && (*replies)[1].integer() == 0) return no_such_queue(queue);
  if (exists) {
    for (Result<bool> more = true; more.ok() && *more;) {
      more = detach(store, queue, force);
      if (!more) return more.error();
    }
    if (Status status = forget_name(store, queue); !status) {
      return Error(ErrorCode::kUnknownOutcome, "the tasks of the queue are gone, but not its name: " + status.error().message());
    }
  }
  while (true) {
    const Result<bool> more = empty_trash(store, queue, kScriptTasks);
    if (!more) {
      return Error(ErrorCode::kUnknownOutcome,
                   "the queue is gone, but not all of its tasks are deleted; call again: " + more.error().message());
    }
    if (!*more) return {};
  }
}

Result<bool> empty_trash(Store& store, const std::string& queue, std::size_t max) {
  const std::string prefix = queue_prefix(queue);
  for (std::size_t left = max; left > 0;) {
    const std::size_t n = std::min(left, kScriptTasks);
    redis::Pipeline pipeline;
    pipeline.eval(store.script(ScriptName::kTrash), 1, 2).key(prefix + "windlass:trash").arg(prefix).arg(n).idempotent();
    const Result<redis::Replies> replies = store.call(pipeline);
    if (!replies) return replies.error();
    if ((*replies)[0].integer() != 1) return false;
    left -= n;
  }
  return true;
}

}  // namespace windlass::broker
