#include "command_tree.hpp"

#include <algorithm>

namespace windlass::app {

const CommandTree* CommandTree::find(const std::string& command) const {
  const auto at =
      std::find_if(commands.begin(), commands.end(), [&](const CommandTree& c) { return c.name == command; });
  return at == commands.end() ? nullptr : &*at;
}

const OptionText* CommandTree::find_option(const std::string& option) const {
  const auto named = [&](const OptionText& o) {
    return std::find(o.names.begin(), o.names.end(), option) != o.names.end();
  };
  const auto at = std::find_if(options.begin(), options.end(), named);
  return at == options.end() ? nullptr : &*at;
}

}  // namespace windlass::app
