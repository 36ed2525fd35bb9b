#include "base/log_line.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "base/json_text.hpp"
#include "base/utf8.hpp"

namespace windlass::base {
namespace {

std::string format_micros(TimePoint time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::microseconds>(time - day));
  std::array<char, 64> text;
  const int length =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return std::string(text.data(), static_cast<std::size_t>(length));
}

// Calls visit(key, value) for each field that no later one of the same key replaces.
template <class Visit>
void for_each_field(const LogRecord& record, Visit visit) {
  std::vector<const LogField*> all;
  for (const auto* group : {record.context, record.fields}) {
    if (group == nullptr) continue;
    for (const LogField& field : *group) all.push_back(&field);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    bool replaced = false;
    for (std::size_t later = i + 1; later < all.size() && !replaced; ++later) replaced = all[later]->key == all[i]->key;
    if (!replaced) visit(all[i]->key, all[i]->value);
  }
}

// Control characters, the two line separators of Unicode, and what else ends a line or steers a terminal.
bool breaks_lines(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029; }

void append_escape(std::string& out, char32_t c) {
  if (c == '\n')
    out += "\\n";
  else if (c == '\r')
    out += "\\r";
  else if (c == '\t')
    out += "\\t";
  else {
    std::array<char, 16> text;
    out.append(text.data(),
               static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(c))));
  }
}

// Appends `text` without what would break the line. In quotes, the quote and the backslash are escaped too.
void append_text(std::string& out, std::string_view text, bool in_quotes) {
  while (!text.empty()) {
    const Utf8Char c = decode_utf8(text);
    if (c.length == 0)
      out += kReplacementUtf8;
    else if (breaks_lines(c.code))
      append_escape(out, c.code);
    else {
      if (in_quotes && (c.code == '"' || c.code == '\\')) out += '\\';
      out += text.substr(0, c.length);
    }
    text.remove_prefix(c.length > 0 ? c.length : 1);
  }
}

// A key or a value. Quoted where it would otherwise not be clear where it ends.
void append_token(std::string& out, std::string_view token) {
  bool bare = !token.empty();
  for (const char c : token) bare = bare && c > ' ' && c < '\x7f' && c != '"' && c != '=' && c != '\\';
  if (bare) {
    out += token;
    return;
  }
  out += '"';
  append_text(out, token, true);
  out += '"';
}

}  // namespace

std::string format_log_text(const LogRecord& record) {
  constexpr std::size_t kLevelWidth = 5;
  std::string line = format_micros(record.time);
  std::string level(log_level_name(record.level));
  level.resize(std::max(level.size(), kLevelWidth), ' ');
  line += ' ' + level + ' ';
  append_text(line, record.message, false);
  for_each_field(record, [&](std::string_view key, std::string_view value) {
    line += ' ';
    append_token(line, key);
    line += '=';
    append_token(line, value);
  });
  return line;
}

std::string format_log_json(const LogRecord& record) {
  std::string line = R"({"time":")" + format_micros(record.time) + R"(","level":")";
  line += log_level_name(record.level);
  line += R"(","message":)";
  append_json_string(line, record.message);
  for_each_field(record, [&](std::string_view key, std::string_view value) {
    // A field may be called what every line has already: readers would see one of the two only.
    const bool taken = key == "time" || key == "level" || key == "message";
    line += ',';
    append_json_string(line, taken ? std::string(key) + '_' : std::string(key));
    line += ':';
    append_json_string(line, value);
  });
  line += '}';
  return line;
}

}  // namespace windlass::base
