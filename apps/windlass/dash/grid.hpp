// Grid: a screen as text, apart from any terminal, so that tests can read what users see.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::app::dash {

enum class Style : std::uint8_t { kPlain, kBold, kDim, kSelected, kBar, kError, kGood, kWarn, kBad, kAccent };

// A wide glyph stands in the first of its two cells; the second is empty.
struct Cell {
  std::string glyph = " ";
  Style style = Style::kPlain;
  friend bool operator==(const Cell&, const Cell&) = default;
};

class Grid {
 public:
  Grid(int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }
  const Cell& at(int x, int y) const { return cells_[static_cast<std::size_t>(y * width_ + x)]; }

  // Writes the text, made printable, into at most `max` columns, never over the edge. Returns the column behind it.
  int put(int x, int y, std::string_view text, Style style = Style::kPlain, int max = INT32_MAX);
  void fill(int y, Style style);

  // The lines, without blanks at their ends.
  std::vector<std::string> lines() const;

 private:
  Cell& cell(int x, int y) { return cells_[static_cast<std::size_t>(y * width_ + x)]; }

  int width_, height_;
  std::vector<Cell> cells_;
};

// A column of a table. When a table is too wide, columns with a `min` give way down to it; then those of the highest
// rank go.
struct Column {
  std::string name;
  bool right = false;
  int min = 0;   // 0: never narrower than its text
  int rank = 0;  // 0: never left out
};

struct TableText {
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
};

// The widths that the columns get, two blanks between them; 0 for those left out.
std::vector<int> fit_columns(const TableText& table, int width);

// Draws the names and as many rows as there is room for from line `y` to before line `end`, so that the selected one
// (-1: none) is among them. Returns the line behind the last.
int draw_table(Grid& grid, const TableText& table, int y, int end, int selected);

}  // namespace windlass::app::dash
