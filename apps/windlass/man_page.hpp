// The manual page of the tool in man(7) roff, generated from its tree.
#pragma once

#include <string>
#include <vector>

#include "command_tree.hpp"

namespace windlass::app {

struct ManText {
  std::string version;
  // Meaning of each exit code, in order.
  std::vector<std::pair<int, std::string>> exit_codes;
  // Notes on values, a paragraph each.
  std::vector<std::string> notes;
};

std::string man_page(const CommandTree& root, const ManText& text);

}  // namespace windlass::app
