// "did you mean": what somebody who mistyped a command or an option may have wanted.
#pragma once

#include <string>
#include <vector>

#include "command_tree.hpp"

namespace windlass::app {

// Insertions, deletions, replacements and swaps of neighbours that make one text of the other.
std::size_t edit_distance(const std::string& a, const std::string& b);

// What is wrong with the first command or option of the arguments (without the program's name) that the tree does not
// know; nothing if it knows all. With what is like it, if anything is: at most two edits away, longer but begun like
// it, or elsewhere in the tree.
// "'lst' is no command of windlass task: did you mean 'windlass task ls'?"
std::string unknown_word(const CommandTree& root, const std::vector<std::string>& arguments);

}  // namespace windlass::app
