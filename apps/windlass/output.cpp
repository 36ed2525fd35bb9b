#include "output.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/clock.hpp"
#include "base/utf8.hpp"
#include "core/text.hpp"
#include "text_width.hpp"

namespace windlass::app {
namespace {

using namespace std::chrono_literals;

bool g_output_failed = false;  // confined to the main thread, which prints

// Characters that move the cursor, colour the screen or turn the direction of what follows.
bool steers_terminal(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029 || c == 0xfeff;
}

void append_hex(std::string& out, std::string_view mark, unsigned value, int digits) {
  out += mark;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += "0123456789abcdef"[(value >> shift) & 0xf];
}

void append_steering(std::string& out, char32_t c) {
  switch (c) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: c < 0x80 ? append_hex(out, "\\x", c, 2) : append_hex(out, "\\u", c, 4);
  }
}

std::string two_units(std::int64_t big, const char* big_unit, std::int64_t small, const char* small_unit) {
  std::string text = std::to_string(big) + big_unit;
  if (small != 0) text += std::to_string(small) + small_unit;
  return text;
}

}  // namespace

void put(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) g_output_failed = true;
}
bool output_failed() { return g_output_failed; }

bool use_color() {
  static const bool use = [] {
    const char* no = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) && !(no && *no) && term && std::strcmp(term, "dumb") != 0;
  }();
  return use;
}

std::string paint(Color color, std::string_view text) {
  static constexpr std::array<const char*, 6> kCodes{"", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"};
  if (!use_color() || color == Color::kNone) return std::string(text);
  return kCodes.at(static_cast<std::size_t>(color)) + std::string(text) + "\x1b[0m";
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const base::Utf8Char c = base::decode_utf8(text);
    if (c.length == 0) append_hex(out, "\\x", static_cast<unsigned char>(text[0]), 2);
    else if (steers_terminal(c.code)) append_steering(out, c.code);
    else out += text.substr(0, c.length);
    text.remove_prefix(std::max<std::size_t>(c.length, 1));
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t max) {
  // No character takes more than four bytes, so that the rest need not be looked at.
  const std::string all = printable(text.substr(0, 4 * max + 4));
  return cut_to(all, max);
}

std::string shortened_payload(const Payload& payload, std::size_t max) {
  return payload.present() ? shortened(payload.bytes(), max) : "-";
}

TimePoint now() { return base::real_clock().now(); }

std::string short_duration(Duration d) {
  if (d < Duration::zero()) return "-" + short_duration(-d);
  const auto whole = [&](auto unit) { return d / unit; };
  if (d >= 24h) return two_units(whole(24h), "d", d % 24h / 1h, "h");
  if (d >= 1h) return two_units(whole(1h), "h", d % 1h / 1min, "m");
  if (d >= 1min) return two_units(whole(1min), "m", d % 1min / 1s, "s");
  if (d >= 1s) return core::format_duration(d / 100ms * 100ms);
  return core::format_duration(d >= 1ms ? d / 1ms * 1ms : d / 1us * 1us);
}

std::string relative_time(TimePoint t) {
  if (t == kNoTime) return "-";
  const Duration ahead = t - now();
  if (ahead > -1ms && ahead < 1ms) return "now";
  return ahead > Duration::zero() ? "in " + short_duration(ahead) : short_duration(-ahead) + " ago";
}

std::string full_time(TimePoint t) {
  return t == kNoTime ? "-" : core::format_time(t) + " (" + relative_time(t) + ")";
}

std::string short_bytes(std::uint64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.*f %s", unit == 0 ? 0 : 1, value, kUnits.at(unit));
  return buffer;
}

Table::Table(std::vector<std::string> columns) : columns_(std::move(columns)) {
  for (std::string& name : columns_) {
    right_.push_back(name.starts_with('>'));
    if (right_.back()) name.erase(0, 1);
    width_.push_back(text_width(name));
  }
}

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i] = printable(cells[i]);
    width_[i] = std::max(width_[i], text_width(cells[i]));
  }
  rows_.push_back(std::move(cells));
}

std::string Table::line(const std::vector<std::string>& cells) const {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string padding(width_[i] - text_width(cells[i]), ' ');
    if (i > 0) out += "  ";
    out += right_[i] ? padding + cells[i] : cells[i] + padding;
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

void Table::print() const {
  put(paint(Color::kBold, line(columns_)) + "\n");
  print_rows();
}

void Table::print_rows() const {
  std::string out;
  for (const auto& row : rows_) out += line(row) + "\n";
  put(out);
}

void print_fields(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::size_t width = 0;
  for (const auto& [name, value] : fields) width = std::max(width, name.size());
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!value.empty()) out += paint(Color::kBold, name) + std::string(width - name.size() + 2, ' ') + printable(value) + "\n";
  }
  put(out);
}

}  // namespace windlass::app
