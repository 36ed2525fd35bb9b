#include <algorithm>
#include <map>
#include <utility>

#include <windlass/log.hpp>

#include "broker/redis/durability.hpp"
#include "broker/redis/operations.hpp"
#include "broker/redis/records.hpp"
#include "broker/redis/scripts.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {
namespace {

constexpr int kEventsKept = 1000;          // in the history of an entry
constexpr std::uint64_t kHistoryTrims = 16;  // one event in so many removes those that are too old

std::int64_t ceil_millis(Duration d) { return std::chrono::ceil<std::chrono::milliseconds>(d).count(); }

void add_integer(std::vector<std::string>& args, std::int64_t value) { args.push_back(std::to_string(value)); }

const std::string& queue_of(const NewTask* task) { return task->message.queue; }

// Whether the ticks of each periodic entry are asked for in the order of the tasks.
bool keeps_order_of_ticks(const std::vector<Chunk>& chunks, std::span<const NewTask* const> tasks) {
  std::map<std::string_view, std::size_t> last;  // entry -> its last task so far
  for (const Chunk& chunk : chunks) {
    for (const std::size_t i : chunk.items) {
      if (!tasks[i]->tick) continue;
      const auto [it, is_first] = last.emplace(tasks[i]->tick->entry, i);
      if (!is_first && std::exchange(it->second, i) > i) return false;
    }
  }
  return true;
}

// The tasks behave as if they came one after the other. Those of different queues have nothing to do with each other, but for ticks
// of one entry that go to several queues: then only neighbours share a script.
std::vector<Chunk> cut(std::span<const NewTask* const> tasks) {
  std::vector<Chunk> chunks = by_queue(tasks, queue_of);
  if (keeps_order_of_ticks(chunks, tasks)) return chunks;
  chunks.clear();
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const std::string& queue = queue_of(tasks[i]);
    if (chunks.empty() || chunks.back().queue != queue || chunks.back().items.size() == kScriptTasks) chunks.push_back({queue, {}});
    chunks.back().items.push_back(i);
  }
  return chunks;
}

void add_script(redis::Pipeline& pipeline, const Store& store, const Chunk& chunk,
                std::span<const NewTask* const> tasks, TimePoint now) {
  EnqueueArgs args(now);
  for (const std::size_t i : chunk.items) args.add(*tasks[i]);
  pipeline.eval(store.script(ScriptName::kEnqueue), 1, args.count()).key(queue_prefix(chunk.queue) + "pending");
  args.append_to(pipeline, store, chunk.queue);
}

void warn_of_history(const std::string& why) {
  log_warn("the history of a periodic entry was not written", {{"error", why}});
}

// The answers for the tasks of one script. A script that failed refused its first write, so it stored nothing.
void read_answers(const redis::Value& reply, const Chunk& chunk, std::span<const NewTask* const> tasks, TimePoint now,
                  std::vector<Result<EnqueueOutcome>>& answers) {
  if (reply.is_error()) {
    for (const std::size_t i : chunk.items) answers[i] = redis::to_error(reply);
    return;
  }
  std::size_t n = 0;
  for (const redis::Value answer : reply) {
    if (n == chunk.items.size()) {
      warn_of_history(std::string(answer.text()));
      break;
    }
    const std::size_t i = chunk.items[n++];
    if (answer.is_error()) answers[i] = redis::to_error(answer);
    else answers[i] = to_outcome(answer, *tasks[i], now);
  }
}

// In a cluster: tasks of a queue that could not be made known are stored, but nobody sees them in lists. `at` moves on.
void read_registrations(const redis::Replies& replies, std::size_t& at, const std::vector<Chunk>& chunks,
                        std::vector<Result<EnqueueOutcome>>& answers) {
  for (const Chunk& chunk : chunks) {
    const redis::Value reply = replies[at++];
    if (!reply.is_error()) continue;
    const std::string why = redis::to_error(reply).message();
    const Error error(ErrorCode::kUnknownOutcome, "the tasks may be stored, but their queue could not be made known: " + why);
    for (const std::size_t i : chunk.items) {
      if (answers[i]) answers[i] = error;
    }
  }
}

// Stores the tasks through `client`; with `wait` the answers say whether they are safe.
std::vector<Result<EnqueueOutcome>> enqueue_through(redis::Client& client, Store& store, std::span<const NewTask* const> tasks,
                                                    const DurabilityWait* wait) {
  const TimePoint now = store.now();
  const std::vector<Chunk> chunks = cut(tasks);
  redis::Pipeline pipeline;
  for (const Chunk& chunk : chunks) add_script(pipeline, store, chunk, tasks, now);
  // Elsewhere the script does it.
  if (store.is_cluster()) {
    for (const Chunk& chunk : chunks) pipeline.add("SADD", redis::Key{kQueuesKey}, chunk.queue).idempotent();
  }
  const bool has_ticks = number_ticks(pipeline, store, tasks);
  if (wait != nullptr) wait->add_to(pipeline);
  const Result<redis::Replies> replies = client.call(pipeline);
  if (!replies) return {tasks.size(), replies.error()};

  std::vector<Result<EnqueueOutcome>> answers(tasks.size(), EnqueueOutcome());
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    read_answers((*replies)[c], chunks[c], tasks, now, answers);
  }
  std::size_t rest = chunks.size();
  if (store.is_cluster()) read_registrations(*replies, rest, chunks, answers);
  if (has_ticks) write_history(store, tasks, answers, (*replies)[rest++], now);
  if (const auto unmet = wait != nullptr ? wait->unmet(*replies, rest) : std::nullopt) {
    for (Result<EnqueueOutcome>& answer : answers) {
      if (!answer || answer->status != EnqueueStatus::kEnqueued) continue;
      answer->status = EnqueueStatus::kNotDurable;
      answer->unmet = *unmet;
    }
  }
  return answers;
}

}  // namespace

void EnqueueArgs::add(const NewTask& task) {
  const core::TaskMessage& message = task.message;
  ids_.push_back(message.id);
  const std::size_t flags_at = rest_.size();
  rest_.emplace_back();
  rest_.push_back(core::encode_message(message));
  rest_.push_back(encode_exact(message));
  std::string flags;
  if (task.tick) {
    flags += 't';
    entries_.push_back(task.tick->entry);
    add_integer(rest_, unix_nanos(task.tick->nominal));
    add_integer(rest_, unix_nanos(task.tick->after()));
    add_integer(rest_, ceil_millis(task.tick->keep));
    rest_.push_back(task.tick->skip_if_running ? "1" : "0");
    rest_.push_back(encode_scheduler_event({message.id, now_, task.tick->nominal}));
  }
  if (task.unique_ttl > Duration::zero()) {
    flags += 'u';
    rest_.push_back(message.unique_key);
    add_integer(rest_, ceil_millis(task.unique_ttl));
    add_integer(rest_, unix_nanos(core::saturated_sum(now_, task.unique_ttl)));
  }
  if (task.process_at > now_) {
    flags += 's';
    add_integer(rest_, unix_seconds(task.process_at));
    add_integer(rest_, unix_nanos(task.process_at));
    rest_.push_back(message.group);
  } else if (!message.group.empty()) {
    flags += 'g';
    rest_.push_back(message.group);
  }
  flags_ += flags;
  rest_[flags_at] = std::move(flags);
}

std::size_t EnqueueArgs::count() const { return kBeforeTasks + ids_.size() + entries_.size() + rest_.size(); }

void EnqueueArgs::append_to(redis::Pipeline& pipeline, const Store& store, const std::string& queue) const {
  pipeline.arg(queue_prefix(queue)).arg(unix_nanos(now_)).arg(unix_seconds(now_)).arg(unix_nanos(now_) / 1'000'000);
  pipeline.arg(store.tick_prefix(queue)).arg(flags_).arg(ids_.size()).arg(entries_.size());
  for (const std::vector<std::string>* part : {&ids_, &entries_, &rest_}) {
    for (const std::string& arg : *part) pipeline.arg(arg);
  }
}

EnqueueOutcome to_outcome(const redis::Value& answer, const NewTask& task, TimePoint now) {
  if (answer.type() != redis::Type::kInteger) return {EnqueueStatus::kDuplicate, {}, std::string(answer.text())};
  switch (answer.integer().value_or(0)) {
    case 0: return {EnqueueStatus::kIdConflict, {}, {}};
    case 2: return {EnqueueStatus::kTickTaken, {}, {}};
    case 3: return {EnqueueStatus::kTickSkipped, {}, {}};
    default: break;
  }
  if (task.process_at > now) return {EnqueueStatus::kEnqueued, TaskState::kScheduled, {}};
  const bool grouped = !task.message.group.empty();
  return {EnqueueStatus::kEnqueued, grouped ? TaskState::kAggregating : TaskState::kPending, {}};
}

std::vector<Result<EnqueueOutcome>> enqueue_tasks(Store& store, std::span<const NewTask* const> tasks) {
  return enqueue_through(store.client(), store, tasks, nullptr);
}

std::vector<Result<EnqueueOutcome>> enqueue_durably(Store& store, std::span<const NewTask* const> tasks) {
  EnqueueDurability wish;
  for (const NewTask* task : tasks) {
    wish.fsynced = wish.fsynced || task->durability.fsynced;
    wish.replicas = std::max(wish.replicas, task->durability.replicas);
  }
  const Result<std::shared_ptr<redis::Client>> client = store.durable_client();
  if (!client) return {tasks.size(), client.error()};
  const Result<DurabilityWait> wait = DurabilityWait::make(**client, wish);
  if (!wait) return {tasks.size(), wait.error()};
  return enqueue_through(**client, store, tasks, &*wait);
}

bool number_ticks(redis::Pipeline& pipeline, const Store& store, std::span<const NewTask* const> tasks) {
  if (!store.is_cluster()) return false;
  const auto ticks = std::ranges::count_if(tasks, [](const NewTask* task) { return task->tick.has_value(); });
  if (ticks > 0) pipeline.add("INCRBY", redis::Key{kTicksTakenKey}, ticks).idempotent();
  return ticks > 0;
}

void write_history(Store& store, std::span<const NewTask* const> tasks, std::span<const Result<EnqueueOutcome>> outcomes,
                   const redis::Value& numbered, TimePoint now) {
  std::int64_t number = numbered.integer().value_or(0);
  redis::Pipeline pipeline;
  for (std::size_t i = tasks.size(); i-- > 0;) {
    const NewTask& task = *tasks[i];
    if (!task.tick) continue;
    const std::int64_t own = number--;
    if (!outcomes[i] || outcomes[i]->status != EnqueueStatus::kEnqueued) continue;
    const std::string key = history_key(task.tick->entry);
    const std::string event = encode_event_number(own) + encode_scheduler_event({task.message.id, now, task.tick->nominal});
    pipeline.add("ZADD", redis::Key{key}, unix_seconds(now), event).idempotent();
    if (store.random() % kHistoryTrims == 0) {
      pipeline.add("ZREMRANGEBYRANK", redis::Key{key}, 0, -(kEventsKept + 1)).idempotent();
    }
  }
  if (numbered.is_error()) return warn_of_history(redis::to_error(numbered).message());
  if (const Result<redis::Replies> written = store.call(pipeline); !written) warn_of_history(written.error().message());
}

}  // namespace windlass::broker
