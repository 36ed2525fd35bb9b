#include "suggest.hpp"

#include <algorithm>

namespace windlass::app {
namespace {

constexpr std::size_t kFarthest = 2;

bool is_like(const std::string& typed, const std::string& known) {
  if (known.starts_with(typed) && typed.size() >= 3) return true;
  // Of a word of two letters nearly everything is two edits away.
  return edit_distance(typed, known) <= std::min(kFarthest, (std::max(typed.size(), known.size()) + 1) / 2);
}

// The names that are most like the one typed, all of those that are equally like it.
std::vector<std::string> nearest(const std::string& typed, const std::vector<std::string>& known) {
  std::vector<std::string> found;
  std::size_t best = SIZE_MAX;
  for (const std::string& name : known) {
    if (!is_like(typed, name)) continue;
    const std::size_t distance = edit_distance(typed, name);
    if (distance < best) found.clear();
    if (distance <= best) found.push_back(name);
    best = std::min(best, distance);
  }
  return found;
}

void find_everywhere(const CommandTree& tree, const std::string& path, const std::string& name,
                     std::vector<std::string>& into) {
  for (const CommandTree& command : tree.commands) {
    if (command.name == name) into.push_back(path + " " + name);
    find_everywhere(command, path + " " + command.name, name, into);
  }
}

std::string said(const std::string& what, const std::vector<std::string>& candidates) {
  std::string text;
  for (const std::string& candidate : candidates) text += (text.empty() ? ": did you mean '" : "' or '") + candidate;
  return what + text + (candidates.empty() ? "" : "'?");
}

std::string unknown_option(const CommandTree& root, const CommandTree& here, const std::string& path,
                           const std::string& word) {
  std::vector<std::string> known;
  for (const OptionText& option : here.options) known.insert(known.end(), option.names.begin(), option.names.end());
  if (&here != &root) {
    for (const OptionText& option : root.options) known.insert(known.end(), option.names.begin(), option.names.end());
  }
  return said("'" + word + "' is no option of " + path, nearest(word, known));
}

std::string unknown_command(const CommandTree& root, const CommandTree& here, const std::string& path,
                            const std::string& word) {
  std::vector<std::string> known;
  for (const CommandTree& command : here.commands) known.push_back(command.name);
  std::vector<std::string> candidates = nearest(word, known);
  for (std::string& candidate : candidates) candidate = path + " " + candidate;
  if (candidates.empty()) find_everywhere(root, root.name, word, candidates);
  return said("'" + word + "' is no command of " + path, candidates);
}

}  // namespace

std::size_t edit_distance(const std::string& a, const std::string& b) {
  // Row by row; two rows back for swaps.
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::string unknown_word(const CommandTree& root, const std::vector<std::string>& arguments) {
  const CommandTree* here = &root;
  std::string path = root.name;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string word = arguments[i].substr(0, arguments[i].find('='));
    if (word.starts_with("--") && word.size() > 2) {
      const OptionText* option = here->find_option(word);
      if (!option) option = root.find_option(word);
      if (!option) return unknown_option(root, *here, path, word);
      const bool value_follows = !option->value.empty() && word.size() == arguments[i].size();
      if (value_follows) ++i;
    } else if (!word.starts_with('-') && !here->commands.empty()) {
      const CommandTree* command = here->find(word);
      if (!command) return unknown_command(root, *here, path, word);
      here = command;
      path += " " + word;
    }
  }
  return "";
}

}  // namespace windlass::app
