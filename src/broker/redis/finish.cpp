#include <cctype>

#include <windlass/log.hpp>

#include "broker/redis/operations.hpp"
#include "broker/redis/scripts.hpp"
#include "core/text.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {
namespace {


bool rewrites_message(FinishKind kind) {
  return kind == FinishKind::kComplete || kind == FinishKind::kRetry || kind == FinishKind::kArchive;
}

bool releases_lock(FinishKind kind) {
  return kind == FinishKind::kDone || kind == FinishKind::kDiscard || kind == FinishKind::kComplete;
}

// A task's message and w:x as they stand in its hash.
struct Stored {
  std::string message;
  std::string exact;
};

// Those of each item whose message is to be written anew; empty for the others and for tasks that are gone.
Result<std::vector<Stored>> read_messages(Store& store, std::span<const Finish> items) {
  redis::Pipeline pipeline;
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!rewrites_message(items[i].kind)) continue;
    const TaskRef& task = items[i].lease.task;
    pipeline.add("HMGET", redis::Key{task_key(task.queue, task.id)}, "msg", "w:x").idempotent();
    wanted.push_back(i);
  }
  const Result<redis::Replies> replies = store.read(pipeline);
  if (!replies) return replies.error();
  std::vector<Stored> stored(items.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const redis::Value fields = (*replies)[i];
    if (fields.is_error()) continue;
    stored[wanted[i]] = {std::string(fields[0].text()), std::string(fields[1].text())};
  }
  return stored;
}

// How the message stands in the task's hash from now on. One that does not decode stays as it is.
std::string rewritten(const std::string& stored, const Finish& item, const Failure& failure, TimePoint now) {
  Result<core::TaskMessage> message = core::decode_message(stored);
  if (!message) return stored;
  if (item.kind == FinishKind::kComplete) {
    message->completed_at = now;
  } else {
    message->error_msg = failure.message;
    message->last_failed_at = now;
    if (item.kind == FinishKind::kRetry && item.charged) ++message->retried;
  }
  return core::encode_message(*message);
}

// When the record of a completed task ends, exactly: its retention stands in w:x where it is no whole number of seconds.
TimePoint record_end(const Stored& stored, TimePoint now) {
  const Result<core::TaskMessage> decoded = decode_task(stored.message, stored.exact);
  return decoded ? core::saturated_sum(now, decoded->retention) : now;
}

class Args {
 public:
  Args(const Store& store, redis::Pipeline& pipeline) : store_(store), pipeline_(pipeline) {}
  void add(std::string_view text) { args_.emplace_back(text); }
  void add(std::int64_t number) { args_.push_back(std::to_string(number)); }
  void add_optional(const std::optional<std::string>& text) { args_.push_back(text ? "+" + *text : "-"); }
  void eval(ScriptName name, const std::string& key) {
    pipeline_.eval(store_.script(name), 1, args_.size()).key(key);
    for (const std::string& arg : args_) pipeline_.arg(arg);
  }

 private:
  const Store& store_;
  redis::Pipeline& pipeline_;
  std::vector<std::string> args_;
};

void add_time(Args& args, TimePoint at) {
  args.add(unix_seconds(at));
  args.add(unix_nanos(at));
}

// The letters that finish.lua has for the kinds, small.
char letter(FinishKind kind) {
  switch (kind) {
    case FinishKind::kDone: return 'd';
    case FinishKind::kDiscard: return 'x';
    case FinishKind::kRequeue: return 'q';
    case FinishKind::kComplete: return 'c';
    case FinishKind::kRetry: return 'r';
    case FinishKind::kArchive: return 'a';
    case FinishKind::kSnooze: break;
  }
  return 's';
}

std::string letters(const Chunk& chunk, std::span<const Finish> items) {
  std::string found;
  for (const std::size_t i : chunk.items) {
    if (const char kind = letter(items[i].kind); found.find(kind) == std::string::npos) found += kind;
  }
  return found;
}

void add_item(Args& args, const Finish& item, const Stored& stored, TimePoint now) {
  Failure failure = item.failure;
  failure.message = core::to_valid_utf8(failure.message);
  const std::string message = rewrites_message(item.kind) ? rewritten(stored.message, item, failure, now) : "";
  const bool may_hold_lock = item.lease.token.row != 0 && releases_lock(item.kind);
  args.add(std::string(1, static_cast<char>(may_hold_lock ? std::toupper(letter(item.kind)) : letter(item.kind))));
  args.add(nonce_text(item.lease.token.attempt));
  switch (item.kind) {
    case FinishKind::kDone:
    case FinishKind::kDiscard: return;
    case FinishKind::kRequeue: return args.add(item.crashed ? "1" : "0");
    case FinishKind::kComplete:
      args.add(message);
      add_time(args, record_end(stored, now));
      return args.add_optional(item.result);
    case FinishKind::kRetry:
      args.add(message);
      add_time(args, item.at);
      args.add(item.charged ? "1" : "0");
      args.add(encode_failure(failure, now));
      args.add_optional(item.result);
      return args.add(item.crashed ? "1" : "0");
    case FinishKind::kArchive:
      args.add(message);
      args.add(failure.kind == FailureKind::kExpired ? "1" : "0");
      args.add(encode_failure(failure, now));
      args.add_optional(item.result);
      return args.add(item.crashed ? "1" : "0");
    case FinishKind::kSnooze: return add_time(args, item.at);
  }
}

}  // namespace

Result<std::vector<FinishOutcome>> finish_tasks(Store& store, std::span<const Finish> items) {
  const Result<std::vector<Stored>> stored = read_messages(store, items);
  if (!stored) return stored.error();
  const TimePoint now = store.now();
  const std::vector<Chunk> chunks =
      by_queue(items, [](const Finish& item) -> const std::string& { return item.lease.task.queue; });
  redis::Pipeline pipeline;
  for (const Chunk& chunk : chunks) {
    const std::string prefix = queue_prefix(chunk.queue);
    Args args(store, pipeline);
    args.add(prefix);
    args.add(unix_nanos(now));
    args.add(unix_seconds(now));
    args.add(core::format_date(now));
    args.add(unix_seconds(now + kDailyKept));
    args.add(letters(chunk, items));
    args.add(static_cast<std::int64_t>(chunk.items.size()));
    for (const std::size_t i : chunk.items) args.add(items[i].lease.task.id);
    for (const std::size_t i : chunk.items) add_item(args, items[i], (*stored)[i], now);
    args.eval(ScriptName::kFinish, prefix + "pending");
  }
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  std::vector<FinishOutcome> outcomes(items.size(), FinishOutcome::kLeaseLost);
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    std::size_t i = 0;
    for (const redis::Value answer : (*replies)[c]) {
      if (i == chunks[c].items.size()) {
        log_error("tasks were ended, but not counted", {{"queue", chunks[c].queue}, {"error", std::string(answer.text())}});
        break;
      }
      if (answer.integer() == 1) outcomes[chunks[c].items[i]] = FinishOutcome::kApplied;
      ++i;
    }
  }
  return outcomes;
}

Result<std::vector<bool>> extend_leases(Store& store, std::span<const LeaseRef> leases, Duration lease) {
  const std::vector<Chunk> chunks =
      by_queue(leases, [](const LeaseRef& ref) -> const std::string& { return ref.task.queue; });
  redis::Pipeline pipeline;
  for (const Chunk& chunk : chunks) {
    const std::string prefix = queue_prefix(chunk.queue);
    Args args(store, pipeline);
    args.add(prefix);
    args.add(std::chrono::ceil<std::chrono::microseconds>(lease).count());
    for (const std::size_t i : chunk.items) {
      args.add(leases[i].task.id);
      args.add(nonce_text(leases[i].token.attempt));
    }
    args.eval(ScriptName::kExtend, prefix + "lease");
    pipeline.idempotent();
  }
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  std::vector<bool> extended(leases.size());
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    std::size_t i = 0;
    for (const redis::Value answer : (*replies)[c]) extended[chunks[c].items.at(i++)] = answer.integer() == 1;
  }
  return extended;
}

Status update_tasks(Store& store, std::span<const TaskUpdate> updates) {
  const std::vector<Chunk> chunks =
      by_queue(updates, [](const TaskUpdate& update) -> const std::string& { return update.lease.task.queue; });
  redis::Pipeline pipeline;
  for (const Chunk& chunk : chunks) {
    const std::string prefix = queue_prefix(chunk.queue);
    Args args(store, pipeline);
    args.add(prefix);
    for (const std::size_t i : chunk.items) {
      args.add(updates[i].lease.task.id);
      args.add(nonce_text(updates[i].lease.token.attempt));
      args.add_optional(updates[i].result);
      args.add_optional(updates[i].progress ? std::optional(encode_progress(*updates[i].progress)) : std::nullopt);
    }
    args.eval(ScriptName::kUpdate, prefix + "lease");
    pipeline.idempotent();
  }
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

}  // namespace windlass::broker
