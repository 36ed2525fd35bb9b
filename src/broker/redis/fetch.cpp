#include <algorithm>

#include <windlass/log.hpp>

#include "broker/redis/operations.hpp"
#include "broker/redis/scripts.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {
namespace {

constexpr std::size_t kTakenValues = 5;      // that the script returns for each task
constexpr std::size_t kLookedAtForLost = 1000;

std::int64_t micros(Duration d) { return std::chrono::ceil<std::chrono::microseconds>(d).count(); }

// What is asked of a queue in one round, and what it gave so far.
struct Turn {
  const QueueShare* queue = nullptr;
  std::size_t asked = 0;
  bool empty = false;                  // it gave less than was asked
  std::vector<FetchedTask> tasks;      // in the order of taking
};

std::size_t taken(const std::vector<Turn>& turns) {
  std::size_t n = 0;
  for (const Turn& turn : turns) n += turn.tasks.size();
  return n;
}

// Asks each queue for what it may still give: as if all before it gave what they are asked for.
bool plan(std::vector<Turn>& turns, std::size_t max) {
  std::size_t room = max - taken(turns);
  for (Turn& turn : turns) turn.asked = 0;
  for (const bool within_share : {true, false}) {
    for (Turn& turn : turns) {
      if (turn.empty) continue;
      const std::size_t have = turn.tasks.size() + turn.asked;
      const std::size_t limit = within_share ? turn.queue->share : max;
      const std::size_t more = have < limit ? std::min(room, limit - have) : 0;
      turn.asked += more;
      room -= more;
    }
  }
  return std::ranges::any_of(turns, [](const Turn& turn) { return turn.asked > 0; });
}

void add_script(redis::Pipeline& pipeline, const Store& store, const Turn& turn, std::size_t n, const FetchRequest& request,
                const std::string& nonce) {
  const std::string prefix = queue_prefix(turn.queue->queue);
  pipeline.eval(store.script(ScriptName::kFetch), 1, 6).key(prefix + "pending");
  pipeline.arg(prefix).arg(n).arg(nonce).arg(micros(request.lease)).arg(unix_nanos(store.now())).arg(request.owner);
}

// A message that does not decode: its task cannot run. It is archived with its bytes as they are.
void set_aside(Store& store, const LeaseRef& lease, const Error& error) {
  log_error("a task does not decode and was archived", {{"queue", lease.task.queue}, {"task", lease.task.id}, {"error", error.message()}});
  Finish item{.lease = lease, .kind = FinishKind::kArchive};
  item.failure = Failure(FailureKind::kBadPayload, "its message does not decode: " + error.message());
  (void)finish_tasks(store, std::span(&item, 1));
}

struct Answer {
  redis::Value id, msg, exact, crashes, fail;
};

std::optional<FetchedTask> to_task(Store& store, const Answer& answer, const std::string& queue, std::uint64_t nonce) {
  FetchedTask task;
  Result<core::TaskMessage> message = decode_task(answer.msg.text(), answer.exact.text());
  if (!message) {
    set_aside(store, {{queue, std::string(answer.id.text())}, {0, nonce}}, message.error());
    return std::nullopt;
  }
  task.message = std::move(*message);
  // Where it was found is what counts; a Go process could have written anything.
  task.message.id = answer.id.text();
  task.message.queue = queue;
  task.message.completed_at = kNoTime;
  (void)decode_failure(task.message, answer.fail.text());
  task.token = {task.message.unique_key.empty() ? 0U : 1U, nonce};
  task.crashes = static_cast<int>(answer.crashes.integer().value_or(0));
  return task;
}

// Reads what one run of the script returned; how many tasks it took.
std::size_t read_tasks(Store& store, const redis::Value& reply, Turn& turn, std::uint64_t nonce) {
  std::vector<redis::Value> values;
  values.reserve(reply.size());
  for (const redis::Value value : reply) values.push_back(value);
  for (std::size_t i = 0; i + kTakenValues <= values.size(); i += kTakenValues) {
    const Answer answer{values[i], values[i + 1], values[i + 2], values[i + 3], values[i + 4]};
    if (auto task = to_task(store, answer, turn.queue->queue, nonce)) turn.tasks.push_back(std::move(*task));
  }
  return values.size() / kTakenValues;
}

// In the order of taking: first what the queues gave within their shares.
std::vector<FetchedTask> in_order(std::vector<Turn>& turns) {
  std::vector<FetchedTask> tasks;
  tasks.reserve(taken(turns));
  for (const bool within_share : {true, false}) {
    for (Turn& turn : turns) {
      const std::size_t share = std::min(turn.queue->share, turn.tasks.size());
      const std::size_t begin = within_share ? 0 : share, end = within_share ? share : turn.tasks.size();
      for (std::size_t i = begin; i < end; ++i) tasks.push_back(std::move(turn.tasks[i]));
    }
  }
  return tasks;
}

// What may have been taken without our knowing is put back by a later fetch.
void remember_lost(Store& store, const std::vector<Turn>& turns, const FetchRequest& request, const std::string& nonce,
                   bool nothing_happened) {
  for (const Turn& turn : turns) {
    if (nothing_happened && turn.tasks.empty()) continue;
    store.remember_lost({turn.queue->queue, nonce, core::saturated_sum(store.clock().steady(), request.lease)});
  }
}

}  // namespace

Result<std::vector<FetchedTask>> fetch_tasks(Store& store, const FetchRequest& request) {
  if (Status status = take_back_lost(store); !status) return status.error();
  const std::uint64_t nonce = store.random();
  const std::string text = nonce_text(nonce);
  std::vector<Turn> turns;
  for (const QueueShare& queue : request.queues) turns.push_back({&queue, 0, false, {}});
  std::optional<Error> refusal;  // of one queue, which should not keep the others from being served

  while (plan(turns, request.max)) {
    redis::Pipeline pipeline;
    std::vector<Turn*> asked;
    std::vector<std::size_t> sizes;
    for (Turn& turn : turns) {
      for (std::size_t left = turn.asked; left > 0;) {
        const std::size_t n = std::min(left, kScriptTasks);
        add_script(pipeline, store, turn, n, request, text);
        asked.push_back(&turn);
        sizes.push_back(n);
        left -= n;
      }
    }
    const Result<redis::Replies> replies = store.client().call(pipeline);
    if (!replies) {
      remember_lost(store, turns, request, text, replies.error().code() == ErrorCode::kUnavailable);
      return replies.error();
    }
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if ((*replies)[i].is_error()) {
        refusal = redis::to_error((*replies)[i]).at("queue '" + asked[i]->queue->queue + "'");
        asked[i]->empty = true;
        continue;
      }
      // A script looks away from ghosts, so less than asked for does not say that the queue is empty; nothing does.
      if (read_tasks(store, (*replies)[i], *asked[i], nonce) < sizes[i]) asked[i]->empty = true;
    }
  }
  if (refusal && taken(turns) == 0) return *refusal;
  return in_order(turns);
}

Status take_back_lost(Store& store) {
  const std::vector<LostFetch> lost = store.lost_fetches();
  redis::Pipeline pipeline;
  for (const LostFetch& fetch : lost) {
    const std::string prefix = queue_prefix(fetch.queue);
    pipeline.eval(store.script(ScriptName::kTakeBack), 1, 4).key(prefix + "pending");
    pipeline.arg(prefix).arg(fetch.nonce).arg(kLookedAtForLost).arg(unix_nanos(store.now()));
    pipeline.idempotent();
  }
  if (pipeline.empty()) return {};
  const Result<redis::Replies> replies = store.client().call(pipeline);
  if (!replies) return replies.error();
  // A queue that refuses keeps what it has; it is no reason to leave the others alone.
  for (std::size_t i = 0; i < lost.size(); ++i) {
    if (!(*replies)[i].is_error()) continue;
    log_warn("tasks of a lost fetch were not put back", {{"queue", lost[i].queue}, {"error", redis::to_error((*replies)[i]).message()}});
  }
  return {};
}

}  // namespace windlass::broker
