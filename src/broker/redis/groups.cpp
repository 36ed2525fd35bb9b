// Groups: tasks that wait to be made into one.
#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

#include <windlass/log.hpp>

#include "broker/redis/operations.hpp"
#include "broker/redis/scripts.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {
namespace {

std::string set_key(const AggregationSet& set) { return queue_prefix(set.queue) + "g:" + set.group + ":" + set.id; }

// The name of a set says when it ends; its score has no place for that.
std::string set_id(std::uint64_t number, TimePoint deadline) {
  return nonce_text(number) + "." + std::to_string(unix_nanos(deadline));
}

std::int64_t ceil_seconds(TimePoint t) { return std::chrono::ceil<std::chrono::seconds>(t).time_since_epoch().count(); }

TimePoint earlier(TimePoint t, Duration by) { return core::saturated_sum(t, -by); }

// Takes the first group that is ready; its name.
Result<std::optional<std::string>> take(Store& store, const std::string& queue, const AggregationRules& rules, TimePoint now,
                                        const AggregationSet& set) {
  const std::string prefix = queue_prefix(queue);
  const TimePoint first_by = earlier(now, rules.max_delay), last_by = earlier(now, rules.grace);
  std::string place = "0", group;
  do {
    redis::Pipeline pipeline;
    pipeline.eval(store.script(ScriptName::kGroupTake), 1, 11).key(prefix + "groups");
    pipeline.arg(prefix).arg(unix_nanos(now));
    pipeline.arg(rules.max_delay > Duration::zero() ? std::to_string(unix_nanos(first_by)) : "").arg(unix_seconds(first_by));
    pipeline.arg(unix_nanos(last_by)).arg(unix_seconds(last_by)).arg(rules.max_size);
    pipeline.arg(ceil_seconds(set.deadline)).arg(set.id).arg(place).arg(group);
    const Result<redis::Replies> replies = store.call(pipeline);
    if (!replies) return replies.error();
    place = (*replies)[0][0].text();
    group = (*replies)[0][1].text();
  } while (place != "0");
  return group.empty() ? std::optional<std::string>() : std::optional(group);
}

struct Member {
  TimePoint joined;
  core::TaskMessage message;
};

// Members `first` to `first + kScriptTasks` of the set, by second and id. Ghosts are left out; messages that do not decode too, and
// their ids are added to `bad`. Returns how many there were.
Result<std::size_t> read_members(Store& store, const AggregationSet& set, std::size_t first, std::vector<Member>& members,
                                 std::vector<std::string>& bad) {
  redis::Pipeline pipeline;
  pipeline.add("ZRANGE", redis::Key{set_key(set)}, first, first + kScriptTasks - 1, "WITHSCORES").idempotent();
  const Result<redis::Replies> entries = store.call(pipeline);
  if (!entries) return entries.error();

  // Pairs of id and score: flat in RESP2, nested in RESP3.
  std::vector<std::pair<std::string, std::int64_t>> ids;
  const redis::Value list = (*entries)[0];
  for (auto it = list.begin(); it != list.end(); ++it) {
    const bool nested = (*it).is_aggregate();
    const std::string id((nested ? (*it)[0] : *it).text());
    const redis::Value score = nested ? (*it)[1] : *++it;
    ids.emplace_back(id, static_cast<std::int64_t>(score.real().value_or(0)));
  }

  pipeline.clear();
  for (const auto& [id, score] : ids) {
    pipeline.add("HMGET", redis::Key{task_key(set.queue, id)}, "msg", "w:x", "w:at", "w:fail").idempotent();
  }
  const Result<redis::Replies> hashes = store.read(pipeline);
  if (!hashes) return hashes.error();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto& [id, score] = ids[i];
    const redis::Value fields = (*hashes)[i];
    if (fields.is_error() || fields[0].is_null()) continue;
    Result<core::TaskMessage> message = decode_task(fields[0].text(), fields[1].text());
    if (!message) {
      log_error("a task of a group does not decode and was archived",
                {{"queue", set.queue}, {"task", id}, {"error", message.error().message()}});
      bad.push_back(id);
      continue;
    }
    message->id = id;
    message->queue = set.queue;
    (void)decode_failure(*message, fields[3].text());
    const auto at = fields[2].is_null() ? std::nullopt : std::optional(fields[2].text());
    members.push_back({exact_time(score, at), std::move(*message)});
  }
  return ids.size();
}

// Archives tasks of a set whose messages do not decode, with their bytes as they are.
Status set_aside(Store& store, const AggregationSet& set, const std::vector<std::string>& bad) {
  const std::string prefix = queue_prefix(set.queue);
  redis::Pipeline pipeline;
  for (std::size_t first = 0; first < bad.size(); first += kScriptTasks) {
    const std::size_t n = std::min(kScriptTasks, bad.size() - first);
    pipeline.eval(store.script(ScriptName::kAct), 1, 6 + n).key(prefix + "pending");
    pipeline.arg(prefix).arg("archive").arg(unix_nanos(store.now())).arg(unix_seconds(store.now())).arg(set_key(set)).arg(0);
    for (std::size_t i = first; i < first + n; ++i) pipeline.arg(bad[i]);
  }
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

// Reads the tasks of the set into it, oldest first.
Status read_set(Store& store, AggregationSet& set) {
  std::vector<Member> members;
  std::vector<std::string> bad;
  for (std::size_t first = 0;; first += kScriptTasks) {
    const Result<std::size_t> n = read_members(store, set, first, members, bad);
    if (!n) return n.error();
    if (*n < kScriptTasks) break;
  }
  if (Status status = set_aside(store, set, bad); !status) return status;
  std::ranges::sort(members, [](const Member& a, const Member& b) {
    return std::tie(a.joined, a.message.id) < std::tie(b.joined, b.message.id);
  });
  for (Member& member : members) set.tasks.push_back(std::move(member.message));
  return {};
}

Error hold_ended(const AggregationSet& set) {
  return Error(ErrorCode::kLeaseLost, "the hold on group '" + set.group + "' of queue '" + set.queue +
                                          "' ended: its tasks went back, nothing was stored");
}

// Deletes what finish_set() left in the trash.
void empty_trash_of(Store& store, const std::string& queue) {
  Result<bool> more = true;
  while (more.ok() && *more) more = empty_trash(store, queue, kScriptTasks);
  if (!more) log_warn("tasks of a finished group wait to be deleted", {{"queue", queue}, {"error", more.error().message()}});
}

}  // namespace

Result<std::optional<AggregationSet>> take_ready_group(Store& store, const std::string& queue, const AggregationRules& rules,
                                                       Duration hold) {
  const TimePoint now = store.now();
  AggregationSet set;
  set.queue = queue;
  set.deadline = core::saturated_sum(now, hold);
  set.id = set_id(store.random(), set.deadline);
  Result<std::optional<std::string>> group = take(store, queue, rules, now, set);
  if (!group) return group.error();
  if (!*group) return std::optional<AggregationSet>();
  set.group = std::move(**group);
  if (Status status = read_set(store, set); !status) {
    (void)release_set(store, set);
    return status.error();
  }
  if (!set.tasks.empty()) return std::optional<AggregationSet>(std::move(set));
  // Ghosts, and tasks that were set aside.
  const Result<EnqueueOutcome> removed = finish_set(store, set, nullptr);
  if (!removed) return removed.error();
  return std::optional<AggregationSet>();
}

Result<EnqueueOutcome> finish_set(Store& store, const AggregationSet& set, const NewTask* aggregate) {
  if (aggregate != nullptr) {
    if (Status status = check_new_task(*aggregate, store.payload_max()); !status) return status.error();
  }
  const TimePoint now = store.now();
  if (set.deadline <= now) return hold_ended(set);
  EnqueueArgs args(now);
  if (aggregate != nullptr) args.add(*aggregate);
  redis::Pipeline pipeline;
  pipeline.eval(store.script(ScriptName::kGroupFinish), 2, args.count());
  pipeline.key(queue_prefix(set.queue) + "pending").key(set_key(set));
  args.append_to(pipeline, store, set.queue);
  const bool has_tick = aggregate != nullptr && number_ticks(pipeline, store, std::span(&aggregate, 1));
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  const redis::Value answer = (*replies)[0];
  if (answer[0].integer() != 1) return hold_ended(set);
  if (answer[2].integer() == 1) empty_trash_of(store, set.queue);
  if (aggregate == nullptr) return EnqueueOutcome();
  const Result<EnqueueOutcome> outcome = to_outcome(answer[1], *aggregate, now);
  if (has_tick) write_history(store, std::span(&aggregate, 1), std::span(&outcome, 1), (*replies)[1], now);
  return outcome;
}

Status release_set(Store& store, const AggregationSet& set) {
  const std::string prefix = queue_prefix(set.queue);
  redis::Pipeline pipeline;
  pipeline.eval(store.script(ScriptName::kGroupRelease), 1, 2).key(prefix + "aggregation_sets").arg(prefix).arg(set_key(set));
  pipeline.idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

}  // namespace windlass::broker
