// Screen: the terminal. The only part of the dashboard that knows curses.
#pragma once

#include <optional>

#include "dash/grid.hpp"
#include "dash/model.hpp"

namespace windlass::app::dash {

// Confined to one thread; one at a time in a process. Gives the terminal back as it was when it goes.
class Screen {
 public:
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Of now: the user may have changed it.
  int width() const;
  int height() const;

  // Only what differs from the last grid is sent.
  void show(const Grid& grid);
  // Sends all of it with the next grid, whatever the terminal shows now.
  void forget();
  // Waits for a key; nothing after some 50 ms, or when the size changed.
  std::optional<Key> read_key();
};

}  // namespace windlass::app::dash
