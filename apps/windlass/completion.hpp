// Completion of the tool's command line in shells, generated from its tree.
//
// Each script finds out which command the words so far name, and offers that command's sub-commands, options and known
// values.
#pragma once

#include <string>

#include "command_tree.hpp"

namespace windlass::app {

// To be sourced, or put into a folder of completions.
std::string bash_completion(const CommandTree& root);
std::string zsh_completion(const CommandTree& root);
std::string fish_completion(const CommandTree& root);

}  // namespace windlass::app
