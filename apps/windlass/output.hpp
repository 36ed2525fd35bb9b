// What people read: tables, times, and text that cannot play tricks on their terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <windlass/task.hpp>
#include <windlass/time.hpp>

namespace windlass::app {

// Writes to standard output. The first failure (a full disk, say) is remembered for output_failed().
void put(std::string_view text);
bool output_failed();

// True if standard output is a terminal that takes colours, and the user does not object (NO_COLOR, TERM=dumb).
bool use_color();
enum class Color { kNone, kBold, kDim, kRed, kGreen, kYellow };
// The text in that colour, or as it is.
std::string paint(Color color, std::string_view text);

// The text with all that could steer a terminal (control characters, bytes that are not UTF-8, marks that turn the direction
// of writing) written as \n, \x1b, \u202e.
std::string printable(std::string_view text);
// As printable, at most `max` columns wide, with "..." where more was.
std::string shortened(std::string_view text, std::size_t max);
// "-" for a payload that was never given.
std::string shortened_payload(const Payload& payload, std::size_t max);

TimePoint now();
// "in 5s", "3m12s ago", "now"; "-" for kNoTime.
std::string relative_time(TimePoint t);
// "2026-11-21T07:00:00Z (3m12s ago)"; "-" for kNoTime.
std::string full_time(TimePoint t);
// At most two units: "1h3m", "5.2s", "12ms".
std::string short_duration(Duration d);
std::string short_bytes(std::uint64_t bytes);

// Columns as wide as their widest cell, two blanks between them; numbers stand to the right. Cells are made printable.
class Table {
 public:
  // A name that begins with '>' (not shown) makes a column stand to the right.
  explicit Table(std::vector<std::string> columns);
  void add(std::vector<std::string> cells);
  void print() const;
  // Without the names of the columns.
  void print_rows() const;
  bool empty() const { return rows_.empty(); }

 private:
  std::string line(const std::vector<std::string>& cells) const;

  std::vector<std::string> columns_;
  std::vector<bool> right_;
  std::vector<std::size_t> width_;
  std::vector<std::vector<std::string>> rows_;
};

// "name   value" lines, the names as wide as the widest; empty values are left out.
void print_fields(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace windlass::app
