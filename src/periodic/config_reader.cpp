#include "periodic/config_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "core/text.hpp"

namespace windlass::periodic {
namespace {

using codec::Value;

// What one entry is gathered in.
struct Draft {
  std::optional<std::string> cron;
  std::optional<std::string> type;
  std::optional<Value> payload;
  bool msgpack = false;
  std::optional<Duration> unique;
  std::string unique_key;
  int missed_limit = 100;
  MissedTicks missed = MissedTicks::kLatest;
  EnqueueOptions task;
  EntryOptions entry;
};

Error expected(const std::string& what) { return Error(ErrorCode::kInvalidArgument, "must be " + what); }

Result<std::string> text_of(const Value& value) {
  const auto* text = value.get_if<std::string>();
  return text != nullptr ? Result<std::string>(*text) : expected("a text");
}

Result<int> number_of(const Value& value) {
  const auto* number = value.get_if<std::int64_t>();
  if (number == nullptr || !std::in_range<int>(*number)) return expected("a whole number");
  return static_cast<int>(*number);
}

Result<bool> flag_of(const Value& value) {
  const auto* flag = value.get_if<bool>();
  return flag != nullptr ? Result<bool>(*flag) : expected("true or false");
}

Result<Duration> length_of(const Value& value) {
  const auto* text = value.get_if<std::string>();
  if (text == nullptr) return expected("a duration such as \"1h30m\"");
  return core::parse_duration(*text);
}

Result<TimePoint> time_of(const Value& value) {
  const auto* text = value.get_if<std::string>();
  if (text == nullptr) return expected("a time such as \"2026-12-31T23:59:59Z\"");
  return core::parse_time(*text);
}

Status read_headers(const Value& value, Draft& draft) {
  const auto* headers = value.get_if<Value::Object>();
  if (headers == nullptr) return expected("a table of texts");
  for (const auto& [key, header] : *headers) {
    const auto text = text_of(header);
    if (!text) return text.error().at("\"" + key + "\"");
    draft.task.header(key, *text);
  }
  return {};
}

// Runs `set` with the value that `read` finds.
template <class Read, class Set>
Status take(const Value& value, Read read, Set set) {
  auto found = read(value);
  if (!found) return found.error();
  set(*std::move(found));
  return {};
}

template <class Set>
Status one_of(const Value& value, std::initializer_list<std::string_view> names, Set set) {
  const auto text = text_of(value);
  const auto* found = text ? std::ranges::find(names, std::string_view(*text)) : names.end();
  if (found != names.end()) return set(static_cast<int>(found - names.begin())), Status();
  std::string list;
  for (const std::string_view name : names) list += (list.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  return expected("one of " + list);
}

struct Key {
  std::string_view name;
  Status (*read)(const Value& value, Draft& draft);
};

const Key kKeys[] = {
    {"name",
     [](const Value& v, Draft& d) { return take(v, text_of, [&](std::string s) { d.entry.name(std::move(s)); }); }},
    {"cron", [](const Value& v, Draft& d) { return take(v, text_of, [&](std::string s) { d.cron = std::move(s); }); }},
    {"tz",
     [](const Value& v, Draft& d) { return take(v, text_of, [&](std::string s) { d.entry.zone(std::move(s)); }); }},
    {"seconds", [](const Value& v, Draft& d) { return take(v, flag_of, [&](bool on) { d.entry.seconds(on); }); }},
    {"type", [](const Value& v, Draft& d) { return take(v, text_of, [&](std::string s) { d.type = std::move(s); }); }},
    {"payload", [](const Value& v, Draft& d) { return d.payload = v, Status(); }},
    {"payload_format",
     [](const Value& v, Draft& d) {
       return one_of(v, {"json", "msgpack"}, [&](int i) { d.msgpack = i == 1; });
     }},
    {"queue",
     [](const Value& v, Draft& d) { return take(v, text_of, [&](std::string s) { d.task.queue(std::move(s)); }); }},
    {"max_retry", [](const Value& v, Draft& d) { return take(v, number_of, [&](int n) { d.task.max_retry(n); }); }},
    {"timeout", [](const Value& v, Draft& d) { return take(v, length_of, [&](Duration t) { d.task.timeout(t); }); }},
    {"deadline", [](const Value& v, Draft& d) { return take(v, time_of, [&](TimePoint t) { d.task.deadline(t); }); }},
    {"expires_in",
     [](const Value& v, Draft& d) { return take(v, length_of, [&](Duration t) { d.task.expires_in(t); }); }},
    {"process_in",
     [](const Value& v, Draft& d) { return take(v, length_of, [&](Duration t) { d.task.process_in(t); }); }},
    {"retention",
     [](const Value& v, Draft& d) { return take(v, length_of, [&](Duration t) { d.task.retention(t); }); }},
    {"unique", [](const Value& v, Draft& d) { return take(v, length_of, [&](Duration t) { d.unique = t; }); }},
    {"unique_key",
     [](const Value& v, Draft& d) { return take(v, text_of, [&](std::string s) { d.unique_key = std::move(s); }); }},
    {"group",
     [](const Value& v, Draft& d) { return take(v, text_of, [&](std::string s) { d.task.group(std::move(s)); }); }},
    {"headers", read_headers},
    {"missed",
     [](const Value& v, Draft& d) {
       return one_of(v, {"skip", "latest", "all"}, [&](int i) { d.missed = static_cast<MissedTicks>(i); });
     }},
    {"missed_limit", [](const Value& v, Draft& d) { return take(v, number_of, [&](int n) { d.missed_limit = n; }); }},
    {"overlap",
     [](const Value& v, Draft& d) {
       return one_of(v, {"allow", "skip_if_running"}, [&](int i) { d.entry.overlap(static_cast<Overlap>(i)); });
     }},
    {"jitter", [](const Value& v, Draft& d) { return take(v, length_of, [&](Duration t) { d.entry.jitter(t); }); }},
};

Error unknown_key(const std::string& name) {
  std::string known;
  for (const Key& key : kKeys) known += (known.empty() ? "" : ", ") + std::string(key.name);
  return Error(ErrorCode::kInvalidArgument, "unknown key \"" + name + "\"; known are " + known);
}

Payload payload_of(const Draft& draft) {
  if (!draft.payload || draft.payload->is_null()) return {};
  if (const auto* bytes = draft.payload->get_if<codec::Bytes>()) return Payload(bytes->data);
  if (draft.msgpack) return Payload(codec::write_msgpack(*draft.payload));
  if (const auto* text = draft.payload->get_if<std::string>()) return Payload(*text);
  return Payload(codec::write_json(*draft.payload));
}

Result<PeriodicTaskConfig> finish(Draft draft) {
  if (!draft.cron) return Error(ErrorCode::kInvalidArgument, "\"cron\" is missing");
  if (!draft.type) return Error(ErrorCode::kInvalidArgument, "\"type\" is missing");
  if (!draft.unique && !draft.unique_key.empty()) {
    return Error(ErrorCode::kInvalidArgument, "\"unique_key\" needs \"unique\", the duration of the lock");
  }
  if (draft.unique) draft.task.unique(*draft.unique, draft.unique_key);
  draft.entry.missed(draft.missed, draft.missed_limit);
  Task task(*std::move(draft.type), payload_of(draft), std::move(draft.task));
  return PeriodicTaskConfig(*std::move(draft.cron), std::move(task), std::move(draft.entry));
}

std::string describe(std::size_t number, const Value& entry) {
  const Value* name = entry.find("name");
  const auto* text = name != nullptr ? name->get_if<std::string>() : nullptr;
  return "entry " + std::to_string(number) + (text != nullptr ? " ('" + *text + "')" : "");
}

}  // namespace

Result<PeriodicTaskConfig> read_config(const Value& entry) {
  const auto* members = entry.get_if<Value::Object>();
  if (members == nullptr) return expected("a table with \"cron\", \"type\" and more");
  Draft draft;
  for (const auto& [name, value] : *members) {
    const auto* key = std::ranges::find(kKeys, std::string_view(name), &Key::name);
    if (key == std::end(kKeys)) return unknown_key(name);
    if (Status status = key->read(value, draft); !status) return status.error().at("\"" + name + "\"");
  }
  return finish(std::move(draft));
}

Result<PeriodicTaskConfigs> read_configs(const Value& root) {
  const Value* list = &root;
  if (const auto* object = root.get_if<Value::Object>()) {
    if (object->size() != 1 || (object->front().key != "entry" && object->front().key != "entries")) {
      return Error(ErrorCode::kInvalidArgument,
                   "at the top, there must be a list of entries under \"entry\" (an empty one if none is meant), and "
                   "nothing else");
    }
    list = &object->front().value;
  }
  const auto* entries = list->get_if<Value::Array>();
  if (entries == nullptr) return expected("a list of entries");
  PeriodicTaskConfigs configs;
  configs.reserve(entries->size());
  for (const Value& entry : *entries) {
    auto config = read_config(entry);
    if (!config) return config.error().at(describe(configs.size() + 1, entry));
    configs.push_back(*std::move(config));
  }
  return configs;
}

}  // namespace windlass::periodic
