// Schedulers: the entries they publish, and the ticks taken.
#include <algorithm>
#include <charconv>
#include <functional>
#include <map>

#include "broker/redis/operations.hpp"
#include "broker/redis/record_list.hpp"
#include "broker/redis/records.hpp"

namespace windlass::broker {
namespace {

constexpr int kEventsRead = 1000;  // as many as are kept of an entry

Result<std::int64_t> next_publication(Store& store) {
  redis::Pipeline pipeline;
  pipeline.add("INCR", redis::Key{kPublicationsKey}).idempotent();  // a number left out does no harm
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  return (*replies)[0].integer().value_or(0);
}

// What enqueue.lua keeps of an entry begins with its greatest tick.
std::optional<TimePoint> first_number(std::string_view kept) {
  std::int64_t nanos = 0;
  const auto [end, error] = std::from_chars(kept.data(), kept.data() + kept.size(), nanos);
  if (error != std::errc()) return std::nullopt;
  return TimePoint(Duration(nanos));
}

}  // namespace

Result<std::vector<std::string>> keys_of_ticks(Store& store) {
  if (!store.is_cluster()) return std::vector<std::string>{store.tick_prefix({}) + "ticks"};
  Result<std::vector<std::string>> names = read_queues(store);
  if (!names) return names;
  for (std::string& name : *names) name = store.tick_prefix(name) + "ticks";
  return names;
}

Status publish_scheduler(Store& store, const SchedulerRecord& record, Duration ttl) {
  const Result<std::int64_t> publication = next_publication(store);
  if (!publication) return publication.error();
  std::vector<std::string> entries;
  for (const SchedulerEntry& entry : record.entries) entries.push_back(encode_scheduler_entry(entry, *publication));
  const std::string key = scheduler_key(record.id);
  redis::Pipeline pipeline;
  publish_record(pipeline, key, ttl, "list", entries);
  register_record(pipeline, kSchedulersKey, key, ttl, kRecordsListed);
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

Status clear_scheduler(Store& store, const std::string& id) {
  redis::Pipeline pipeline;
  remove_record(pipeline, kSchedulersKey, scheduler_key(id));
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

Result<std::vector<SchedulerEntry>> read_scheduler_entries(Store& store) {
  const Result<std::vector<std::string>> ids = read_record_ids(store, kSchedulersKey);
  if (!ids) return ids.error();
  redis::Pipeline pipeline;
  for (const std::string& id : *ids) pipeline.add("LRANGE", redis::Key{scheduler_key(id)}, 0, -1).idempotent();
  const Result<redis::Replies> replies = store.read(pipeline);
  if (!replies) return replies.error();

  std::map<std::string, PublishedEntry> latest;  // by id
  for (std::size_t i = 0; i < ids->size(); ++i) {
    for (const redis::Value bytes : (*replies)[i]) {
      Result<PublishedEntry> read = decode_scheduler_entry(bytes.text());
      if (!read) continue;
      const auto [it, is_new] = latest.try_emplace(read->entry.id);
      if (is_new || it->second.publication < read->publication) it->second = std::move(*read);
    }
  }
  std::vector<SchedulerEntry> entries;
  for (auto& [id, published] : latest) entries.push_back(std::move(published.entry));
  return entries;
}

Result<std::vector<std::optional<TimePoint>>> read_last_ticks(Store& store, std::span<const std::string> entries) {
  std::vector<std::optional<TimePoint>> last(entries.size());
  if (entries.empty()) return last;
  const Result<std::vector<std::string>> keys = keys_of_ticks(store);
  if (!keys) return keys.error();
  redis::Pipeline pipeline;
  for (const std::string& key : *keys) {
    pipeline.begin("HMGET", 1 + entries.size()).key(key);
    for (const std::string& entry : entries) pipeline.arg(entry);
    pipeline.idempotent();
  }
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  for (std::size_t k = 0; k < keys->size(); ++k) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (const auto tick = first_number((*replies)[k][i].text())) last[i] = std::max(last[i], tick);
    }
  }
  return last;
}

Result<std::vector<SchedulerEvent>> read_scheduler_events(Store& store, const std::string& entry, std::size_t limit) {
  redis::Pipeline pipeline;
  pipeline.add("ZREVRANGE", redis::Key{history_key(entry)}, 0, kEventsRead - 1).idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  std::vector<NumberedEvent> read;
  for (const redis::Value bytes : (*replies)[0]) {
    if (Result<NumberedEvent> event = decode_scheduler_event(bytes.text())) read.push_back(std::move(*event));
  }
  // As taken, whatever the clocks did; those of Go schedulers have no number.
  const auto order = [](const NumberedEvent& event) { return std::pair(event.number, event.event.enqueued_at); };
  std::ranges::sort(read, std::greater(), order);
  std::vector<SchedulerEvent> events;
  for (NumberedEvent& event : read) {
    if (events.size() == limit) break;
    events.push_back(std::move(event.event));
  }
  return events;
}

}  // namespace windlass::broker
