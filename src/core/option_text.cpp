#include "core/option_text.hpp"

#include <array>
#include <charconv>
#include <ctime>
#include <optional>
#include <string_view>

#include "base/json_text.hpp"
#include "core/text.hpp"

namespace windlass::core {

namespace {

constexpr const char* kUnixDate = "%a %b %e %H:%M:%S UTC %Y";

std::string call(std::string_view name, std::string_view argument) {
  std::string text(name);
  text += '(';
  text += argument;
  text += ')';
  return text;
}

std::string quoted(std::string_view text) {
  std::string out;
  base::append_json_string(out, text);
  return out;
}

std::string unix_date(TimePoint t) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  return std::string(text.data(), std::strftime(text.data(), text.size(), kUnixDate, &utc));
}

std::optional<TimePoint> read_unix_date(const std::string& text) {
  std::tm utc{};
  const char* end = strptime(text.c_str(), kUnixDate, &utc);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return TimePoint(std::chrono::seconds(timegm(&utc)));
}

// What stands behind the backslash in a string that append_json_string wrote.
std::optional<std::string> read_escape(std::string_view& text) {
  const char c = text.front();
  text.remove_prefix(1);
  switch (c) {
    case 'n': return "\n";
    case 't': return "\t";
    case 'r': return "\r";
    case 'b': return "\b";
    case 'f': return "\f";
    case '"':
    case '\\':
    case '/': return std::string(1, c);
    default: break;
  }
  unsigned code = 0;
  if (c != 'u' || text.size() < 4) return std::nullopt;
  const auto read = std::from_chars(text.data(), text.data() + 4, code, 16);
  if (read.ptr != text.data() + 4 || code > 0x7f) return std::nullopt;
  text.remove_prefix(4);
  return std::string(1, static_cast<char>(code));
}

// Takes a JSON string from the start of `text`.
std::optional<std::string> read_quoted(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  text.remove_prefix(1);
  std::string out;
  while (!text.empty() && text.front() != '"') {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '\\') {
      out += c;
      continue;
    }
    const auto escape = text.empty() ? std::nullopt : read_escape(text);
    if (!escape) return std::nullopt;
    out += *escape;
  }
  if (text.empty()) return std::nullopt;
  text.remove_prefix(1);
  return out;
}

void read_header(std::string_view text, EnqueueOptions& options) {
  if (!text.starts_with('[')) return;
  text.remove_prefix(1);
  auto key = read_quoted(text);
  if (!key || !text.starts_with(',')) return;
  text.remove_prefix(1);
  auto value = read_quoted(text);
  if (value && text == "]") options.header(*key, *value);
}

// Setters of texts, lengths and times, by the names of their options.
template <class Argument>
struct Setter {
  std::string_view name;
  EnqueueOptions& (EnqueueOptions::*set)(Argument);
};
constexpr Setter<std::string> kTexts[] = {
    {"Queue", &EnqueueOptions::queue}, {"TaskID", &EnqueueOptions::task_id}, {"Group", &EnqueueOptions::group}};
constexpr Setter<Duration> kLengths[] = {{"Timeout", &EnqueueOptions::timeout},
                                         {"Retention", &EnqueueOptions::retention},
                                         {"ProcessIn", &EnqueueOptions::process_in},
                                         {"ExpiresIn", &EnqueueOptions::expires_in}};
constexpr Setter<TimePoint> kTimes[] = {{"Deadline", &EnqueueOptions::deadline},
                                        {"ProcessAt", &EnqueueOptions::process_at},
                                        {"ExpiresAt", &EnqueueOptions::expires_at}};

template <class Argument, std::size_t N, class Value>
void set_by_name(const Setter<Argument> (&setters)[N], std::string_view name, const Value& value,
                 EnqueueOptions& options) {
  for (const auto& setter : setters) {
    if (setter.name == name && value) (options.*setter.set)(*value);
  }
}

std::optional<std::string> read_text(std::string_view argument) {
  auto text = read_quoted(argument);
  return argument.empty() ? text : std::nullopt;
}

void read_unique(std::string_view name, std::string_view argument, EnqueueOptions& options) {
  if (name == "Unique") {
    if (const auto ttl = parse_duration(argument)) options.unique(*ttl, options.unique_key());
  } else if (const auto key = read_text(argument)) {
    options.unique(options.unique_ttl().value_or(Duration::zero()), *key);
  }
}

void read_option(std::string_view name, std::string_view argument, EnqueueOptions& options) {
  set_by_name(kTexts, name, read_text(argument), options);
  set_by_name(kLengths, name, parse_duration(argument), options);
  set_by_name(kTimes, name, read_unix_date(std::string(argument)), options);
  if (name == "Unique" || name == "UniqueKey") read_unique(name, argument, options);
  if (name == "Header") read_header(argument, options);
  if (name == "MaxRetry") {
    int n = 0;
    if (std::from_chars(argument.data(), argument.data() + argument.size(), n).ec == std::errc()) options.max_retry(n);
  }
}

}  // namespace

std::vector<std::string> format_options(const EnqueueOptions& options) {
  std::vector<std::string> texts;
  const auto add = [&](std::string_view name, const auto& value, auto format) {
    if (value) texts.push_back(call(name, format(*value)));
  };
  add("Queue", options.queue(), quoted);
  add("MaxRetry", options.max_retry(), [](int n) { return std::to_string(n); });
  add("TaskID", options.task_id(), quoted);
  add("Timeout", options.timeout(), format_duration);
  add("Deadline", options.deadline(), unix_date);
  add("Unique", options.unique_ttl(), format_duration);
  if (!options.unique_key().empty()) texts.push_back(call("UniqueKey", quoted(options.unique_key())));
  add("ProcessAt", options.process_at(), unix_date);
  add("ProcessIn", options.process_in(), format_duration);
  add("ExpiresAt", options.expires_at(), unix_date);
  add("ExpiresIn", options.expires_in(), format_duration);
  add("Retention", options.retention(), format_duration);
  add("Group", options.group(), quoted);
  for (const auto& [key, value] : options.headers()) {
    texts.push_back(call("Header", "[" + quoted(key) + "," + quoted(value) + "]"));
  }
  return texts;
}

EnqueueOptions parse_options(std::span<const std::string> texts) {
  EnqueueOptions options;
  for (const std::string_view text : texts) {
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos || !text.ends_with(')')) continue;
    read_option(text.substr(0, open), text.substr(open + 1, text.size() - open - 2), options);
  }
  return options;
}

}  // namespace windlass::core
