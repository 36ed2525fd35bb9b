#include "interop/dump.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <map>
#include <regex>
#include <set>
#include <vector>

#include <protozero/pbf_reader.hpp>

namespace windlass::interop {

namespace {

// -- what differs from run to run

class Times {
 public:
  Times(std::int64_t began, std::int64_t ended) : began_(began), ended_(ended) {}

  // "now+100" for a time that was set 100 s ahead at some moment of the span. A second more on each side: for rounding.
  std::string name(std::int64_t t) const {
    if (t == 0) return "0";
    if (t == kGoZero) return "never";
    const std::int64_t least = t - ended_ - 1, most = t - began_ + 1;
    const std::int64_t n = (least >= 0 ? (least + 9) / 10 : -(-least / 10)) * 10;
    if (n > most) return "at odds: now+" + std::to_string(t - began_);
    return n == 0 ? "now" : "now" + std::string(n > 0 ? "+" : "") + std::to_string(n);
  }

  bool is_ahead(std::int64_t t) const { return t >= began_; }

 private:
  static constexpr std::int64_t kGoZero = -62135596800;
  const std::int64_t began_, ended_;
};

std::string printable(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (std::isprint(static_cast<unsigned char>(c)) != 0 && c != '\\' && c != '"') {
      text += c;
    } else {
      static constexpr char kDigits[] = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return text;
}

std::string without_ids(std::string text) {
  static const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  static const std::regex process("\\{[^{}]*:[0-9]+:UUID\\}");
  static const std::regex day("(processed|failed):[0-9]{4}-[0-9]{2}-[0-9]{2}");
  text = std::regex_replace(text, uuid, "UUID");
  text = std::regex_replace(text, process, "{HOST:PID:UUID}");
  return std::regex_replace(text, day, "$1:DAY");
}

// -- messages

enum class Kind { kText, kNumber, kTime, kStamp, kAhead, kTexts, kNumbers, kHost, kPid, kIdentity };
struct Field {
  const char* name;
  Kind kind;
};
using Message = std::map<std::uint32_t, Field>;

const Message kTask{
    {1, {"type", Kind::kText}},          {2, {"payload", Kind::kText}},         {3, {"id", Kind::kText}},
    {4, {"queue", Kind::kText}},         {5, {"retry", Kind::kNumber}},         {6, {"retried", Kind::kNumber}},
    {7, {"error_msg", Kind::kText}},     {8, {"timeout", Kind::kNumber}},       {9, {"deadline", Kind::kTime}},
    {10, {"unique_key", Kind::kText}},   {11, {"last_failed_at", Kind::kTime}}, {12, {"retention", Kind::kNumber}},
    {13, {"completed_at", Kind::kTime}}, {14, {"group_key", Kind::kText}},      {15, {"headers", Kind::kTexts}}};
const Message kServer{
    {1, {"host", Kind::kHost}},          {2, {"pid", Kind::kPid}},          {3, {"server_id", Kind::kText}},
    {4, {"concurrency", Kind::kNumber}}, {5, {"queues", Kind::kNumbers}},   {6, {"strict", Kind::kNumber}},
    {7, {"status", Kind::kText}},        {8, {"start_time", Kind::kStamp}}, {9, {"active_workers", Kind::kNumber}}};
const Message kWorker{
    {1, {"host", Kind::kHost}},    {2, {"pid", Kind::kPid}},          {3, {"server_id", Kind::kText}},
    {4, {"task_id", Kind::kText}}, {5, {"task_type", Kind::kText}},   {6, {"task_payload", Kind::kText}},
    {7, {"queue", Kind::kText}},   {8, {"start_time", Kind::kStamp}}, {9, {"deadline", Kind::kStamp}}};
const Message kEntry{{1, {"id", Kind::kIdentity}},       {2, {"spec", Kind::kText}},   {3, {"task_type", Kind::kText}},
                     {4, {"task_payload", Kind::kText}}, {5, {"option", Kind::kText}}, {6, {"next", Kind::kAhead}},
                     {7, {"prev", Kind::kStamp}}};
const Message kEvent{{1, {"task_id", Kind::kText}}, {2, {"enqueue_time", Kind::kStamp}}};

std::string map_entry(std::string_view bytes, Kind kind) {
  std::string key, value = kind == Kind::kNumbers ? "0" : "\"\"";
  for (protozero::pbf_reader entry(bytes.data(), bytes.size()); entry.next();) {
    if (entry.tag() == 1)
      key = entry.get_string();
    else if (kind == Kind::kNumbers)
      value = std::to_string(entry.get_int64());
    else
      value = "\"" + printable(entry.get_string()) + "\"";
  }
  return "\"" + printable(key) + "\":" + value;
}

std::int64_t stamp_seconds(std::string_view bytes) {
  std::int64_t t = 0;
  for (protozero::pbf_reader stamp(bytes.data(), bytes.size()); stamp.next();) {
    if (stamp.tag() == 1)
      t = stamp.get_int64();
    else
      stamp.skip();
  }
  return t;
}

// In the order of the bytes, but for the entries of maps, which have none.
std::string message_text(std::string_view bytes, const Message& message, const Times& times) {
  std::vector<std::string> fields;
  std::set<std::string> entries;
  for (protozero::pbf_reader m(bytes.data(), bytes.size()); m.next();) {
    const auto known = message.find(m.tag());
    if (known == message.end()) {
      if (m.tag() < 100) fields.push_back("?" + std::to_string(m.tag()));
      m.skip();
      continue;
    }
    const std::string name = std::string(known->second.name) + "=";
    const auto view = [&] {
      const auto v = m.get_view();
      return std::string_view(v.data(), v.size());
    };
    switch (known->second.kind) {
      case Kind::kText: fields.push_back(name + '"' + printable(without_ids(m.get_string())) + '"'); break;
      case Kind::kNumber: fields.push_back(name + std::to_string(m.get_int64())); break;
      case Kind::kTime: fields.push_back(name + times.name(m.get_int64())); break;
      case Kind::kStamp: fields.push_back(name + times.name(stamp_seconds(view()))); break;
      case Kind::kAhead: fields.push_back(name + (times.is_ahead(stamp_seconds(view())) ? "ahead" : "past")); break;
      case Kind::kIdentity:
        m.skip();
        fields.push_back(name + "ID");
        break;
      case Kind::kPid:
        m.skip();
        fields.push_back(name + "PID");
        break;
      case Kind::kHost:
        m.skip();
        fields.push_back(name + "HOST");
        break;
      case Kind::kTexts:
      case Kind::kNumbers: entries.insert(name + map_entry(view(), known->second.kind)); break;
    }
  }
  fields.insert(fields.end(), entries.begin(), entries.end());
  std::string text;
  for (const std::string& field : fields) text += (text.empty() ? "" : " ") + field;
  return text;
}

// -- keys

class Dumper {
 public:
  Dumper(const testing::RedisServer& redis, const Times& times) : redis_(redis), times_(times) {}

  std::string all() const {
    std::vector<std::string> keys;
    const redis::Replies replies = redis_.run({"KEYS", "*"});
    for (const redis::Value key : replies[0]) {
      if (key.text().find("windlass") == std::string_view::npos) keys.emplace_back(key.text());
    }
    std::sort(keys.begin(), keys.end());
    std::string text;
    for (const std::string& key : keys) text += one(key);
    return text;
  }

 private:
  std::string one(const std::string& key) const {
    const std::string type = redis_.run_text({"TYPE", key});
    const std::int64_t ttl = redis_.run({"EXPIRETIME", key})[0].integer().value_or(-1);
    const std::string head =
        type + " " + printable(without_ids(key)) + (ttl >= 0 ? "  ends " + times_.name(ttl) : "") + "\n";
    std::vector<std::string> lines;
    if (type == "string")
      lines = {string_text(key)};
    else if (type == "list")
      lines = list_lines(key);
    else if (type == "set")
      lines = set_lines(key);
    else if (type == "zset")
      lines = zset_lines(key);
    else if (type == "hash")
      lines = hash_lines(key);
    std::string text = head;
    for (const std::string& line : lines) text += "  " + line + "\n";
    return text;
  }

  std::string string_text(const std::string& key) const {
    const redis::Replies value = redis_.run({"GET", key});
    if (key.starts_with("asynq:servers:")) return message_text(value[0].text(), kServer, times_);
    if (key.ends_with(":paused")) return times_.name(value[0].integer().value_or(0));
    return printable(value[0].text());
  }

  std::vector<std::string> list_lines(const std::string& key) const {
    std::vector<std::string> lines;
    const redis::Replies values = redis_.run({"LRANGE", key, "0", "-1"});
    for (const redis::Value value : values[0]) {
      lines.push_back(key.starts_with("asynq:schedulers:") ? message_text(value.text(), kEntry, times_)
                                                           : printable(without_ids(std::string(value.text()))));
    }
    return lines;
  }

  std::vector<std::string> set_lines(const std::string& key) const {
    std::vector<std::string> lines;
    const redis::Replies values = redis_.run({"SMEMBERS", key});
    for (const redis::Value value : values[0]) lines.push_back(printable(value.text()));
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  std::vector<std::string> zset_lines(const std::string& key) const {
    std::vector<std::string> lines;
    const redis::Replies members = redis_.run({"ZRANGE", key, "0", "-1"});
    for (const redis::Value value : members[0]) {
      const std::string member(value.text());
      const double score = redis_.run({"ZSCORE", key, member})[0].real().value_or(0);
      const auto whole = static_cast<std::int64_t>(score);
      const bool is_event = key.starts_with("asynq:scheduler_history:");
      lines.push_back(
          (static_cast<double>(whole) == score ? times_.name(whole) : "not whole: " + std::to_string(score)) + "  " +
          (is_event ? message_text(member, kEvent, times_) : printable(without_ids(member))));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  std::vector<std::string> hash_lines(const std::string& key) const {
    std::vector<std::string> lines;
    const redis::Replies values = redis_.run({"HGETALL", key});
    for (std::size_t i = 0; i + 1 < values[0].size(); i += 2) {
      const std::string name(values[0][i].text());
      if (!name.starts_with("w:"))
        lines.push_back(printable(name) + ": " + field_text(key, name, values[0][i + 1].text()));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  std::string field_text(const std::string& key, const std::string& name, std::string_view value) const {
    if (key.starts_with("asynq:workers:")) return message_text(value, kWorker, times_);
    if (name == "msg") return message_text(value, kTask, times_);
    if (name == "pending_since") return times_.name(std::stoll(std::string(value)) / 1'000'000'000);
    return printable(value);
  }

  const testing::RedisServer& redis_;
  const Times times_;
};

}  // namespace

std::string dump(const testing::RedisServer& redis, std::int64_t began) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return Dumper(redis, {began, std::chrono::duration_cast<std::chrono::seconds>(now).count()}).all();
}

}  // namespace windlass::interop
