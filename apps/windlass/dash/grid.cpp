#include "dash/grid.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "output.hpp"
#include "text_width.hpp"

namespace windlass::app::dash {
namespace {

constexpr int kGap = 2;

int width_of(const std::string& text) { return static_cast<int>(text_width(printable(text))); }

int sum_of(const std::vector<int>& widths) {
  int sum = 0;
  for (const int w : widths) sum += w == 0 ? 0 : w + kGap;
  return sum - kGap;
}

void draw_row(Grid& grid, int y, const std::vector<Column>& columns, const std::vector<int>& widths,
              const std::vector<std::string>& cells, Style style) {
  if (style == Style::kSelected) grid.fill(y, style);
  int x = 0;
  for (std::size_t i = 0; i < columns.size() && i < cells.size(); ++i) {
    if (widths[i] == 0) continue;
    const std::string text = cut_to(printable(cells[i]), static_cast<std::size_t>(widths[i]));
    const int indent = columns[i].right ? widths[i] - static_cast<int>(text_width(text)) : 0;
    grid.put(x + indent, y, text, style);
    x += widths[i] + kGap;
  }
}

}  // namespace

Grid::Grid(int width, int height)
    : width_(std::max(width, 1)), height_(std::max(height, 1)), cells_(static_cast<std::size_t>(width_ * height_)) {}

int Grid::put(int x, int y, std::string_view text, Style style, int max) {
  if (y < 0 || y >= height_ || x < 0) return x;
  const int end = max < width_ - x ? x + max : width_;
  const std::string clean = printable(text);
  for (std::string_view rest = clean; !rest.empty();) {
    const base::Utf8Char c = base::decode_utf8(rest);
    const int width = glyph_width(c.code);
    if (x + width > end) break;
    if (width == 0 && x > 0) cell(x - 1, y).glyph += rest.substr(0, c.length);
    if (width > 0) cell(x, y) = {std::string(rest.substr(0, c.length)), style};
    if (width == 2) cell(x + 1, y) = {"", style};
    x += width;
    rest.remove_prefix(c.length);
  }
  return x;
}

void Grid::fill(int y, Style style) {
  for (int x = 0; x < width_ && y >= 0 && y < height_; ++x) cell(x, y) = {" ", style};
}

std::vector<std::string> Grid::lines() const {
  std::vector<std::string> out;
  for (int y = 0; y < height_; ++y) {
    std::string line;
    for (int x = 0; x < width_; ++x) line += at(x, y).glyph;
    line.erase(line.find_last_not_of(' ') + 1);
    out.push_back(line);
  }
  return out;
}

std::vector<int> fit_columns(const TableText& table, int width) {
  std::vector<int> widths;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    int natural = width_of(table.columns[i].name);
    for (const auto& row : table.rows) natural = std::max(natural, i < row.size() ? width_of(row[i]) : 0);
    widths.push_back(std::max(natural, 1));
  }
  while (sum_of(widths) > width) {
    int widest = -1, highest = -1;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const Column& column = table.columns[i];
      const int at = static_cast<int>(i);
      if (widths[i] == 0) continue;
      if (column.min > 0 && widths[i] > column.min &&
          (widest < 0 || widths[i] > widths[static_cast<std::size_t>(widest)]))
        widest = at;
      if (column.rank > 0 && (highest < 0 || column.rank > table.columns[static_cast<std::size_t>(highest)].rank))
        highest = at;
    }
    if (widest >= 0)
      --widths[static_cast<std::size_t>(widest)];
    else if (highest >= 0)
      widths[static_cast<std::size_t>(highest)] = 0;
    else
      break;
  }
  return widths;
}

int draw_table(Grid& grid, const TableText& table, int y, int end, int selected) {
  const std::vector<int> widths = fit_columns(table, grid.width());
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  draw_row(grid, y++, table.columns, widths, names, Style::kBold);
  const int room = std::max(end - y, 0), count = static_cast<int>(table.rows.size());
  const int top = std::clamp(selected - room + 1, 0, std::max(count - room, 0));
  for (int i = top; i < count && y < end; ++i, ++y) {
    draw_row(grid, y, table.columns, widths, table.rows[static_cast<std::size_t>(i)],
             i == selected ? Style::kSelected : Style::kPlain);
  }
  return y;
}

}  // namespace windlass::app::dash
