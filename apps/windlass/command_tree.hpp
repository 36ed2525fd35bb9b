// CommandTree: the command line as a plain value, read from the tree that parses it. What is generated from it
// (completion, the man page, suggestions) can therefore not say anything else than what is parsed.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace windlass::app {

struct OptionText {
  std::vector<std::string> names;    // "--queue", "-q"; of an argument its name alone, "ID"
  std::string value;                 // what it takes: "DURATION"; empty for a flag
  std::vector<std::string> choices;  // all that it takes, if these are few
  std::string help;
  std::string environment;  // the variable that stands for it; empty = none
  bool positional = false;
  bool required = false;
  bool repeatable = false;

  bool takes_file() const { return value == "FILE" || value == "DIR"; }
};

struct CommandTree {
  std::string name;
  std::string help;
  std::vector<OptionText> options;    // own ones; those of the root are good for all commands
  std::vector<OptionText> arguments;  // in their order
  std::vector<CommandTree> commands;

  const CommandTree* find(const std::string& command) const;
  const OptionText* find_option(const std::string& option) const;
};

CommandTree read_tree(const CLI::App& app);

}  // namespace windlass::app
