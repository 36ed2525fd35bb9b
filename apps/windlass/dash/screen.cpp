#include "dash/screen.hpp"

#include <langinfo.h>

#include <array>
#include <clocale>
#include <cstring>
#include <cwchar>

#define NCURSES_WIDECHAR 1
#include <curses.h>

#include "base/utf8.hpp"
#include "output.hpp"

namespace windlass::app::dash {
namespace {

constexpr int kWaitMs = 50;
// Escape alone is told from the start of a sequence by this silence.
constexpr int kEscapeMs = 25;

constexpr short kErrorPair = 1, kGoodPair = 2, kWarnPair = 3, kBadPair = 4, kAccentPair = 5;

// Whether the terminal has colours and its user wants them.
bool colored() { return has_colors() && use_color(); }

attr_t attributes_of(Style style) {
  switch (style) {
    case Style::kPlain: return A_NORMAL;
    case Style::kBold: return A_BOLD;
    case Style::kDim: return A_DIM;
    case Style::kSelected:
    case Style::kBar: return A_REVERSE;
    case Style::kError: return A_BOLD | (colored() ? 0U : A_REVERSE);
    case Style::kWarn: return A_BOLD;
    case Style::kGood:
    case Style::kBad:
    case Style::kAccent: return A_NORMAL;
  }
  return A_NORMAL;
}

short pair_of(Style style) {
  if (!colored()) return 0;
  switch (style) {
    case Style::kError: return kErrorPair;
    case Style::kGood: return kGoodPair;
    case Style::kWarn: return kWarnPair;
    case Style::kBad: return kBadPair;
    case Style::kAccent: return kAccentPair;
    default: return 0;
  }
}

void set_up_colors() {
  if (!colored()) return;
  start_color();
  use_default_colors();
  init_pair(kErrorPair, COLOR_WHITE, COLOR_RED);
  init_pair(kGoodPair, COLOR_GREEN, -1);
  init_pair(kWarnPair, COLOR_YELLOW, -1);
  init_pair(kBadPair, COLOR_RED, -1);
  init_pair(kAccentPair, COLOR_CYAN, -1);
}

// The glyph with the marks that join it.
std::array<wchar_t, CCHARW_MAX + 1> wide_text(std::string_view glyph) {
  std::array<wchar_t, CCHARW_MAX + 1> out{};
  for (std::size_t n = 0; n < CCHARW_MAX && !glyph.empty(); ++n) {
    const base::Utf8Char c = base::decode_utf8(glyph);
    if (c.length == 0) break;
    out.at(n) = static_cast<wchar_t>(c.code);
    glyph.remove_prefix(c.length);
  }
  return out;
}

}  // namespace

Screen::Screen() {
  // Nearly every terminal is UTF-8, also where the locale of a login over ssh does not say so.
  std::setlocale(LC_CTYPE, "");
  if (std::strcmp(nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
  initscr();
  raw();
  noecho();
  nonl();
  keypad(stdscr, TRUE);
  curs_set(0);
  set_escdelay(kEscapeMs);
  timeout(kWaitMs);
  set_up_colors();
}

Screen::~Screen() { endwin(); }

int Screen::width() const { return COLS; }
int Screen::height() const { return LINES; }

void Screen::show(const Grid& grid) {
  erase();
  for (int y = 0; y < grid.height(); ++y) {
    for (int x = 0; x < grid.width(); ++x) {
      const Cell& cell = grid.at(x, y);
      if (cell.glyph.empty() || (cell.glyph == " " && cell.style == Style::kPlain)) continue;
      cchar_t out;
      setcchar(&out, wide_text(cell.glyph).data(), attributes_of(cell.style), pair_of(cell.style), nullptr);
      mvadd_wch(y, x, &out);
    }
  }
  refresh();
}

void Screen::forget() { clearok(curscr, TRUE); }

std::optional<Key> Screen::read_key() {
  wint_t key = 0;
  const int kind = get_wch(&key);
  if (kind == ERR) return std::nullopt;
  if (kind != KEY_CODE_YES) return static_cast<Key>(key);
  switch (key) {
    case KEY_UP: return kUp;
    case KEY_DOWN: return kDown;
    case KEY_LEFT: return kLeft;
    case KEY_RIGHT: return kRight;
    case KEY_PPAGE: return kPageUp;
    case KEY_NPAGE: return kPageDown;
    case KEY_ENTER: return kEnter;
    default: return std::nullopt;
  }
}

}  // namespace windlass::app::dash
