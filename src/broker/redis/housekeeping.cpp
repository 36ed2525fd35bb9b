// What time brings: due tasks, and records whose time is over. (Lost tasks: recovering.cpp.)
#include <algorithm>

#include <windlass/log.hpp>

#include "broker/redis/operations.hpp"
#include "broker/redis/queue_calls.hpp"
#include "broker/redis/scripts.hpp"
#include "core/text.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {
namespace {

constexpr auto kDay = std::chrono::hours(24);
constexpr int kDaysKept = 90;  // by Redis itself: counters of a day have an expiry

std::int64_t nanos_within_second(TimePoint t) { return unix_nanos(t) - unix_seconds(t) * 1'000'000'000; }

template <class Turn>
std::vector<const std::string*> queues_of(const std::vector<Turn*>& turns) {
  std::vector<const std::string*> queues;
  for (const Turn* turn : turns) queues.push_back(turn->queue);
  return queues;
}

// -- forward

struct ForwardTurn {
  const std::string* queue = nullptr;
  std::size_t asked = 0;
  bool done = false;
  std::optional<TimePoint> next_due;
};

void add_forward(redis::Pipeline& pipeline, Store& store, const ForwardTurn& turn, TimePoint now) {
  const std::string prefix = queue_prefix(*turn.queue);
  pipeline.eval(store.script(ScriptName::kForward), 1, 5).key(prefix + "pending");
  pipeline.arg(prefix).arg(unix_nanos(now)).arg(unix_seconds(now)).arg(turn.asked).arg(store.random() >> 32);
  pipeline.idempotent();
}

// Reads what the script returned; how many tasks it moved.
std::size_t read_forward(const redis::Value& reply, ForwardTurn& turn, TimePoint now) {
  if (reply.is_error()) {
    turn.done = true;
    return 0;
  }
  const bool more = reply[1].integer() == 1;
  turn.next_due.reset();
  if (!reply[2].text().empty()) {
    log_error("due tasks wait for another minute", {{"queue", *turn.queue}, {"error", std::string(reply[2].text())}});
  }
  if (reply.size() == 5) {
    const Duration second = core::saturated_seconds(reply[3].integer().value_or(0));
    turn.next_due = TimePoint(core::saturated_sum(second, Duration(reply[4].integer().value_or(0))));
  }
  // One that was not asked for any has to be asked again if some are due.
  turn.done = !more && (turn.asked > 0 || !turn.next_due || *turn.next_due > now);
  return static_cast<std::size_t>(reply[0].integer().value_or(0));
}

// Asks the queues, each for what those before it leave.
std::vector<ForwardTurn*> plan_forward(std::vector<ForwardTurn>& turns, std::size_t room) {
  std::vector<ForwardTurn*> asked;
  for (ForwardTurn& turn : turns) {
    if (turn.done) continue;
    turn.asked = std::min(room, kScriptTasks);
    room -= turn.asked;
    asked.push_back(&turn);
  }
  return asked;
}

// -- clean

struct CleanTurn {
  const std::string* queue = nullptr;
  std::size_t completed = 0;  // deleted so far
  std::size_t archived = 0;
  bool more_completed = true;
  bool more_archived = true;

  std::size_t ask_completed(std::size_t max) const {
    return more_completed ? std::min(max - completed, kScriptTasks) : 0;
  }
  std::size_t ask_archived(std::size_t max) const {
    return more_archived ? std::min(max - archived, kScriptTasks) : 0;
  }
  bool wants(std::size_t max) const { return ask_completed(max) + ask_archived(max) > 0; }
};

void add_clean(redis::Pipeline& pipeline, Store& store, const CleanTurn& turn, const CleanRequest& request,
               TimePoint now) {
  const std::string prefix = queue_prefix(*turn.queue);
  const TimePoint archived_by = core::saturated_sum(now, -request.archive_age);
  pipeline.eval(store.script(ScriptName::kClean), 1, 9).key(prefix + "completed");
  pipeline.arg(prefix).arg(unix_seconds(now)).arg(nanos_within_second(now));
  pipeline.arg(turn.ask_completed(request.max)).arg(turn.ask_archived(request.max));
  pipeline.arg(request.archive_max);
  pipeline.arg(unix_seconds(archived_by)).arg(nanos_within_second(archived_by)).arg(store.random() >> 32);
  pipeline.idempotent();
}

void read_clean(const redis::Value& reply, CleanTurn& turn) {
  if (reply.is_error()) {
    turn.more_completed = turn.more_archived = false;
    return;
  }
  turn.completed += static_cast<std::size_t>(reply[0].integer().value_or(0));
  turn.archived += static_cast<std::size_t>(reply[1].integer().value_or(0));
  turn.more_completed = reply[2].integer() == 1;
  turn.more_archived = reply[3].integer() == 1;
}

// Counters of the days that ended before the first one kept.
void add_old_days(redis::Pipeline& pipeline, const std::string& queue, Duration age, TimePoint now) {
  const auto first_kept = std::chrono::floor<std::chrono::days>(core::saturated_sum(now, -age));
  const auto first = std::chrono::floor<std::chrono::days>(now) - std::chrono::days(kDaysKept);
  if (first >= first_kept) return;
  std::vector<std::string> keys;
  for (auto day = first; day < first_kept; day += std::chrono::days(1)) {
    for (const char* counter : {"processed:", "failed:", "windlass:expired:"}) {
      keys.push_back(queue_prefix(queue) + counter + core::format_date(day));
    }
  }
  pipeline.begin("DEL", keys.size());
  for (const std::string& key : keys) pipeline.key(key);
  pipeline.idempotent();
}

Status forget_old_days(Store& store, const CleanRequest& request, TimePoint now) {
  redis::Pipeline pipeline;
  if (request.stats_age < kDaysKept * kDay) {
    for (const std::string& queue : request.queues) add_old_days(pipeline, queue, request.stats_age, now);
  }
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

}  // namespace

Result<ForwardResult> forward_tasks(Store& store, std::span<const std::string> queues, std::size_t max) {
  std::vector<ForwardTurn> turns;
  for (const std::string& queue : queues) turns.push_back({&queue, 0, false, std::nullopt});
  ForwardResult result;
  const TimePoint now = store.now();
  do {
    redis::Pipeline pipeline;
    const std::vector<ForwardTurn*> asked = plan_forward(turns, max - result.moved);
    for (const ForwardTurn* turn : asked) add_forward(pipeline, store, *turn, now);
    const Result<redis::Replies> replies = call_for_queues(store, pipeline, queues_of(asked));
    if (!replies) return replies.error();
    for (std::size_t i = 0; i < asked.size(); ++i) result.moved += read_forward((*replies)[i], *asked[i], now);
  } while (result.moved < max && std::ranges::any_of(turns, [](const ForwardTurn& turn) { return !turn.done; }));

  for (const ForwardTurn& turn : turns) {
    if (turn.next_due) result.next_due = std::min(result.next_due.value_or(*turn.next_due), *turn.next_due);
  }
  return result;
}

Result<CleanResult> clean_queues(Store& store, const CleanRequest& request) {
  const TimePoint now = store.now();
  std::vector<CleanTurn> turns;
  for (const std::string& queue : request.queues) turns.push_back({&queue});
  while (true) {
    redis::Pipeline pipeline;
    std::vector<CleanTurn*> asked;
    for (CleanTurn& turn : turns) {
      if (!turn.wants(request.max)) continue;
      add_clean(pipeline, store, turn, request, now);
      asked.push_back(&turn);
    }
    if (asked.empty()) break;
    const Result<redis::Replies> replies = call_for_queues(store, pipeline, queues_of(asked));
    if (!replies) return replies.error();
    for (std::size_t i = 0; i < asked.size(); ++i) read_clean((*replies)[i], *asked[i]);
  }
  if (const Status forgotten = forget_old_days(store, request, now); !forgotten) return forgotten.error();

  CleanResult result;
  for (const CleanTurn& turn : turns) {
    result.completed += turn.completed;
    result.archived += turn.archived;
    const Result<bool> trash_left = empty_trash(store, *turn.queue, request.max);
    if (!trash_left) {
      log_warn("the trash of a queue was not emptied", {{"queue", *turn.queue}, {"error", trash_left.error().message()}});
      if (trash_left.error().code() == ErrorCode::kUnavailable) return trash_left.error();
    }
    result.more = result.more || turn.completed == request.max || turn.archived == request.max || (trash_left && *trash_left);
  }
  return result;
}

}  // namespace windlass::broker
