// What is carried besides tasks: counters of queues, ticks of periodic entries.
#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "broker/redis/operations.hpp"
#include "broker/redis/records.hpp"
#include "broker/redis/restore.hpp"
#include "core/text.hpp"

namespace windlass::broker {
namespace {

constexpr std::size_t kEventsRead = 1000;  // as many as are kept of an entry
constexpr std::size_t kEventsACommand = 200;

std::string join(const TickRun& run) {
  const auto until = std::chrono::ceil<std::chrono::milliseconds>(run.until.time_since_epoch()).count();
  return std::to_string(unix_nanos(run.after)) + ":" + std::to_string(unix_nanos(run.last)) + ":" + std::to_string(until);
}

// As enqueue.lua keeps it: "LAST RUNS KEY".
std::string encode_ticks(const TickRecord& record) {
  std::string text = std::to_string(unix_nanos(record.last)) + " ";
  for (const TickRun& run : record.runs) text += (text.back() == ' ' ? "" : ",") + join(run);
  return text + " " + (record.task.id.empty() ? "" : task_key(record.task.queue, record.task.id));
}

// Takes a number, and the character behind it if there is one, off the text.
std::int64_t take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<std::size_t>(end - text.data());
  text.remove_prefix(std::min(text.size(), failed == std::errc() ? length + 1 : text.size()));
  return number;
}

// Of "asynq:{QUEUE}:t:ID".
TaskRef task_of(std::string_view key) {
  constexpr std::string_view kBegin = "asynq:{", kMiddle = "}:t:";
  const std::size_t middle = key.find(kMiddle);
  if (!key.starts_with(kBegin) || middle == std::string_view::npos) return {};
  return {std::string(key.substr(kBegin.size(), middle - kBegin.size())), std::string(key.substr(middle + kMiddle.size()))};
}

TickRecord decode_ticks(std::string_view entry, std::string_view text, TimePoint now) {
  TickRecord record{.entry = std::string(entry)};
  record.last = TimePoint(Duration(take_number(text)));
  const std::size_t blank = std::min(text.find(' '), text.size());
  std::string_view runs = text.substr(0, blank);
  while (!runs.empty()) {
    const TimePoint after{Duration(take_number(runs))}, last{Duration(take_number(runs))};
    const TimePoint until{std::chrono::milliseconds(take_number(runs))};
    if (until > now) record.runs.push_back({after, last, until});
  }
  if (blank < text.size()) record.task = task_of(text.substr(blank + 1));
  return record;
}

// Their record is the same each time, so that they are there once. Without a number they come before those that were taken here.
void add_events(redis::Pipeline& pipeline, const TickRecord& record) {
  const std::string key = history_key(record.entry);
  for (std::size_t first = 0; first < record.events.size(); first += kEventsACommand) {
    const std::size_t end = std::min(record.events.size(), first + kEventsACommand);
    pipeline.begin("ZADD", 1 + 2 * (end - first)).key(key);
    for (std::size_t i = first; i < end; ++i) {
      pipeline.arg(unix_seconds(record.events[i].enqueued_at)).arg(encode_scheduler_event(record.events[i]));
    }
    pipeline.idempotent();
  }
}

void remove_known(std::vector<SchedulerEvent>& events, const std::vector<SchedulerEvent>& known) {
  std::erase_if(events, [&](const SchedulerEvent& event) {
    return std::ranges::any_of(known, [&](const SchedulerEvent& other) { return is_same_event(event, other); });
  });
}

}  // namespace

Status restore_counts(Store& store, const QueueCounts& counts) {
  const std::string prefix = queue_prefix(counts.queue);
  redis::Pipeline pipeline;
  pipeline.eval(store.script(ScriptName::kRestoreCounts), 1, 1 + 9 * (1 + counts.days.size())).key(prefix + "processed").arg(prefix);
  const auto add = [&](const std::string& behind, std::int64_t expiry, const auto& numbers) {
    pipeline.arg("processed" + behind).arg(numbers.processed).arg(expiry);
    pipeline.arg("failed" + behind).arg(numbers.failed).arg(expiry);
    pipeline.arg("windlass:expired" + behind).arg(numbers.expired).arg(expiry);
  };
  add("", 0, counts);
  for (const DayCounts& day : counts.days) {
    add(":" + core::format_date(day.day), unix_seconds(day.day + kDailyKept), day);
  }
  pipeline.idempotent();
  pipeline.add("SADD", redis::Key{kQueuesKey}, counts.queue).idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

Result<std::vector<TickRecord>> read_ticks(Store& store) {
  const Result<std::vector<std::string>> keys = keys_of_ticks(store);
  if (!keys) return keys.error();
  redis::Pipeline pipeline;
  for (const std::string& key : *keys) pipeline.add("HGETALL", redis::Key{key}).idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  std::vector<TickRecord> records;
  for (std::size_t k = 0; k < keys->size(); ++k) {
    const redis::Value fields = (*replies)[k];
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
      records.push_back(decode_ticks(fields[i].text(), fields[i + 1].text(), store.now()));
    }
  }
  std::ranges::sort(records, {}, [](const TickRecord& record) { return std::tie(record.entry, record.last); });
  for (TickRecord& record : records) {
    Result<std::vector<SchedulerEvent>> events = read_scheduler_events(store, record.entry, kEventsRead);
    if (!events) return events.error();
    record.events = *std::move(events);
    std::ranges::reverse(record.events);
  }
  return records;
}

Status restore_ticks(Store& store, std::span<const TickRecord> records) {
  std::map<std::string, std::vector<const TickRecord*>> by_key;
  redis::Pipeline pipeline;
  for (const TickRecord& record : records) {
    by_key[store.tick_prefix(record.task.queue) + "ticks"].push_back(&record);
    TickRecord fresh = record;
    const Result<std::vector<SchedulerEvent>> known = read_scheduler_events(store, record.entry, kEventsRead);
    if (!known) return known.error();
    remove_known(fresh.events, *known);
    add_events(pipeline, fresh);
  }
  for (const auto& [key, own] : by_key) {
    pipeline.eval(store.script(ScriptName::kRestoreTicks), 1, 3 * own.size()).key(key);
    for (const TickRecord* record : own) pipeline.arg(record->entry).arg(unix_nanos(record->last)).arg(encode_ticks(*record));
    pipeline.idempotent();
  }
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

}  // namespace windlass::broker
