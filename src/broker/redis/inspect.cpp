// What the inspector reads.
#include <algorithm>
#include <utility>

#include "broker/redis/operations.hpp"
#include "broker/redis/scripts.hpp"
#include "broker/redis/task_view.hpp"
#include "core/text.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {
namespace {

constexpr int kDaysMax = 3660;
constexpr int kDaysACommand = 366;

std::uint64_t number(const redis::Value& value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.integer().value_or(0)));
}

void ask_for_info(redis::Pipeline& pipeline, const Store& store, const std::string& queue, TimePoint now, std::string_view place) {
  const std::string prefix = queue_prefix(queue);
  pipeline.eval(store.script(ScriptName::kQueueInfo), 1, 3).key(prefix + "pending").arg(prefix).arg(core::format_date(now)).arg(place);
  pipeline.idempotent();
}

// What queue_info.lua says of groups and aggregation sets, some at a time.
struct GroupTotals {
  std::string place;  // of the next ones
  std::uint64_t tasks = 0, groups = 0, sampled_bytes = 0, sampled = 0;

  void add(const redis::Value& answer) {
    place = answer[0].text();
    tasks += number(answer[1]);
    groups += number(answer[2]);
    sampled_bytes += number(answer[3]);
    sampled += number(answer[4]);
  }
  std::uint64_t memory() const { return sampled > 0 ? sampled_bytes * tasks / sampled : 0; }
};
constexpr std::size_t kGroupValues = 5;

void ask_for_queue(redis::Pipeline& pipeline, const std::string& queue) {
  pipeline.add("SISMEMBER", redis::Key{kQueuesKey}, queue).idempotent();
}

}  // namespace

Result<std::vector<std::string>> read_queues(Store& store) {
  redis::Pipeline pipeline;
  pipeline.add("SMEMBERS", redis::Key{kQueuesKey}).idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  std::vector<std::string> queues;
  for (const redis::Value name : (*replies)[0]) queues.emplace_back(name.text());
  std::ranges::sort(queues);
  return queues;
}

Result<QueueInfo> read_queue_info(Store& store, const std::string& queue) {
  const TimePoint now = store.now();
  redis::Pipeline pipeline;
  ask_for_queue(pipeline, queue);
  ask_for_info(pipeline, store, queue, now, "");
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  if ((*replies)[0].integer() != 1) return no_such_queue(queue);
  const redis::Value answer = (*replies)[1];
  GroupTotals totals;
  totals.add(answer);
  while (!totals.place.empty()) {
    pipeline.clear();
    ask_for_info(pipeline, store, queue, now, totals.place);
    const Result<redis::Replies> more = store.call(pipeline);
    if (!more) return more.error();
    totals.add((*more)[0]);
  }

  QueueInfo info;
  info.queue = queue;
  std::size_t i = kGroupValues;
  for (std::uint64_t* const size : {&info.pending, &info.active, &info.scheduled, &info.retry, &info.archived, &info.completed}) {
    *size = number(answer[i++]);
    info.size += *size;
  }
  info.aggregating = totals.tasks;
  info.size += totals.tasks;
  info.groups = totals.groups;
  info.memory_bytes = number(answer[i++]) + totals.memory();
  info.paused = answer[i++].integer() == 1;
  for (std::uint64_t* const counter : {&info.processed, &info.failed, &info.expired, &info.processed_total, &info.failed_total,
                                       &info.expired_total}) {
    *counter = number(answer[i++]);
  }
  if (const auto since = answer[i++].integer()) {
    info.latency = std::max(Duration::zero(), core::saturated_difference(now, TimePoint(Duration(*since))));
  }
  info.timestamp = now;
  return info;
}

Result<std::vector<DailyStats>> read_history(Store& store, const std::string& queue, int days) {
  if (days < 1 || days > kDaysMax) {
    return Error(ErrorCode::kInvalidArgument,
                 "history of " + std::to_string(days) + " days: must be 1 to " + std::to_string(kDaysMax));
  }
  const std::string prefix = queue_prefix(queue);
  const TimePoint now = store.now();
  std::vector<DailyStats> history;
  for (int i = 0; i < days; ++i) history.push_back({queue, core::format_date(now - std::chrono::days(i))});

  redis::Pipeline pipeline;
  ask_for_queue(pipeline, queue);
  for (std::size_t first = 0; first < history.size(); first += kDaysACommand) {
    const std::size_t end = std::min(history.size(), first + kDaysACommand);
    pipeline.begin("MGET", 3 * (end - first));
    for (std::size_t i = first; i < end; ++i) {
      for (const char* name : {"processed:", "failed:", "windlass:expired:"}) pipeline.key(prefix + name + history[i].date);
    }
    pipeline.idempotent();
  }
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  if ((*replies)[0].integer() != 1) return no_such_queue(queue);
  for (std::size_t i = 0; i < history.size(); ++i) {
    const redis::Value counts = (*replies)[1 + i / kDaysACommand];
    const std::size_t at = 3 * (i % kDaysACommand);
    history[i].processed = number(counts[at]);
    history[i].failed = number(counts[at + 1]);
    history[i].expired = number(counts[at + 2]);
  }
  return history;
}

Result<std::vector<GroupInfo>> read_groups(Store& store, const std::string& queue) {
  const std::string prefix = queue_prefix(queue);
  redis::Pipeline pipeline;
  ask_for_queue(pipeline, queue);
  pipeline.add("SMEMBERS", redis::Key{prefix + "groups"}).idempotent();
  const Result<redis::Replies> names = store.call(pipeline);
  if (!names) return names.error();
  if ((*names)[0].integer() != 1) return no_such_queue(queue);

  std::vector<GroupInfo> groups;
  pipeline.clear();
  for (const redis::Value name : (*names)[1]) {
    groups.push_back({std::string(name.text()), 0});
    pipeline.add("ZCARD", redis::Key{prefix + "g:" + groups.back().group}).idempotent();
  }
  const Result<redis::Replies> sizes = store.call(pipeline);
  if (!sizes) return sizes.error();
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i].size = number((*sizes)[i]);
  std::erase_if(groups, [](const GroupInfo& group) { return group.size == 0; });
  std::ranges::sort(groups, {}, &GroupInfo::group);
  return groups;
}

Result<TaskInfo> read_task(Store& store, const TaskRef& ref) {
  redis::Pipeline pipeline;
  ask_for_queue(pipeline, ref.queue);
  pipeline.eval(store.script(ScriptName::kTask), 1, 2).key(task_key(ref.queue, ref.id)).arg(queue_prefix(ref.queue)).arg(ref.id);
  pipeline.idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  if ((*replies)[0].integer() != 1) return no_such_queue(ref.queue);
  const redis::Value answer = (*replies)[1];
  if (answer.size() == 0) return no_such_task(ref);
  const std::optional<TaskState> state = find_task_state(answer[1].text());
  if (!state) {
    return Error(ErrorCode::kCorrupt, "task '" + ref.id + "' of queue '" + ref.queue + "' is in the unknown state '" +
                                          std::string(answer[1].text()) + "'");
  }
  std::vector<redis::Value> values;
  for (const redis::Value value : answer[2]) values.push_back(value);
  const Look look{ref.queue, *state, store.now(), answer[0].integer().value_or(0)};
  return show_task(std::span(values).first<kTaskValues>(), look);
}

}  // namespace windlass::broker
