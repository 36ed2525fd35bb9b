#include "completion.hpp"

#include <functional>

namespace windlass::app {
namespace {

// In single quotes, for any of the three shells.
std::string quoted(const std::string& text, const std::string& escaped_quote = "'\\''") {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? escaped_quote : std::string(1, c);
  return out + "'";
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

// Calls `each` with every command and its place in the tree: "" for the root, "/task/ls".
void for_each_command(const CommandTree& tree, const std::string& place,
                      const std::function<void(const CommandTree&, const std::string&)>& each) {
  each(tree, place);
  for (const CommandTree& command : tree.commands) for_each_command(command, place + "/" + command.name, each);
}

// 'a'|'b': the places of all commands, for a case of bash and zsh.
std::string places(const CommandTree& root, const std::string& between) {
  std::vector<std::string> all;
  for_each_command(root, "", [&](const CommandTree&, const std::string& place) {
    if (!place.empty()) all.push_back(quoted(place));
  });
  return joined(all, between);
}

// Calls `each` with the pattern 'PLACE OPTION'|... of each option that takes a value; those of the root are good in
// every place.
void for_each_value(const CommandTree& root,
                    const std::function<void(const std::string& pattern, const OptionText&)>& each) {
  for_each_command(root, "", [&](const CommandTree& command, const std::string& place) {
    for (const OptionText& option : command.options) {
      if (option.value.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names)
        patterns.push_back((place.empty() ? "*" : quoted(place)) + quoted(" " + name));
      each(joined(patterns, "|"), option);
    }
  });
}

bool takes_file(const CommandTree& command) {
  for (const OptionText& argument : command.arguments) {
    if (argument.takes_file()) return true;
  }
  return false;
}

// What may be chosen where an argument stands: "bash", "zsh".
std::vector<std::string> argument_choices(const CommandTree& command) {
  std::vector<std::string> all;
  for (const OptionText& argument : command.arguments)
    all.insert(all.end(), argument.choices.begin(), argument.choices.end());
  return all;
}

}  // namespace

std::string bash_completion(const CommandTree& root) {
  const std::string name = "_" + root.name;
  std::string out = "# bash completion of " + root.name + ": source it, or put it into a folder of completions.\n" +
                    name +
                    "() {\n"
                    "  local place= word i cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                    "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                    "    word=${COMP_WORDS[i]}\n"
                    "    case $place/$word in\n      " +
                    places(root, "|") +
                    ") place=$place/$word ;;\n"
                    "    esac\n  done\n"
                    "  local words= files=\n"
                    "  case \"$place $prev\" in\n";
  for_each_value(root, [&](const std::string& pattern, const OptionText& option) {
    out += "    " + pattern + ") ";
    if (option.takes_file())
      out += "COMPREPLY=($(compgen -f -- \"$cur\"))";
    else
      out += "COMPREPLY=($(compgen -W " + quoted(joined(option.choices, " ")) + " -- \"$cur\"))";
    out += "; return ;;\n";
  });
  out += "  esac\n  case $place in\n";
  for_each_command(root, "", [&](const CommandTree& command, const std::string& place) {
    std::vector<std::string> words = argument_choices(command);
    for (const CommandTree& sub : command.commands) words.push_back(sub.name);
    for (const OptionText& option : command.options)
      words.insert(words.end(), option.names.begin(), option.names.end());
    out += "    " + quoted(place) + ") words=" + quoted(joined(words, " ")) + (takes_file(command) ? " files=1" : "") +
           " ;;\n";
  });
  std::vector<std::string> global;
  for (const OptionText& option : root.options) global.insert(global.end(), option.names.begin(), option.names.end());
  out +=
      "  esac\n"
      "  [[ $cur == -* && -n $place ]] && words+=" +
      quoted(" " + joined(global, " ")) +
      "\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
      "  [[ -n $files && $cur != -* ]] && COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
      "  return 0\n}\n"
      "complete -F " +
      name + " " + root.name + "\n";
  return out;
}

std::string zsh_completion(const CommandTree& root) {
  const std::string name = "_" + root.name;
  // A colon ends the word and begins its description.
  const auto described = [](const std::string& word, const std::string& help) { return quoted(word + ":" + help); };
  std::string out = "#compdef " + root.name + "\n" + name +
                    "() {\n"
                    "  local place= word i\n"
                    "  local -a found\n"
                    "  for ((i = 2; i < CURRENT; i++)); do\n"
                    "    word=${words[i]}\n"
                    "    case $place/$word in\n      " +
                    places(root, "|") +
                    ") place=$place/$word ;;\n"
                    "    esac\n  done\n"
                    "  case \"$place ${words[CURRENT-1]}\" in\n";
  for_each_value(root, [&](const std::string& pattern, const OptionText& option) {
    out += "    " + pattern + ") ";
    if (option.takes_file())
      out += "_files";
    else if (option.choices.empty())
      out += "_message " + quoted(option.value);
    else
      out += "found=(" + joined(option.choices, " ") + "); _describe -t values value found";
    out += "; return ;;\n";
  });
  out += "  esac\n  case $place in\n";
  for_each_command(root, "", [&](const CommandTree& command, const std::string& place) {
    out += "    " + quoted(place) + ") found=(";
    for (const std::string& choice : argument_choices(command)) out += " " + quoted(choice);
    for (const CommandTree& sub : command.commands) out += " " + described(sub.name, sub.help);
    for (const OptionText& option : command.options) {
      for (const std::string& word : option.names) out += " " + described(word, option.help);
    }
    out += std::string(" )") + (takes_file(command) ? "; _files" : "") + " ;;\n";
  });
  out += "  esac\n  if [[ ${words[CURRENT]} == -* && -n $place ]]; then found+=(";
  for (const OptionText& option : root.options) {
    for (const std::string& word : option.names) out += " " + described(word, option.help);
  }
  out +=
      " ); fi\n  _describe -t commands command found\n}\n"
      "if [[ ${funcstack[1]} == " +
      name + " ]]; then " + name + " \"$@\"; else compdef " + name + " " + root.name + "; fi\n";
  return out;
}

std::string fish_completion(const CommandTree& root) {
  const std::string at = "__" + root.name + "_at";
  const auto text = [](const std::string& words) { return quoted(words, "\\'"); };
  std::string out = "# fish completion of " + root.name + "\nfunction " + at +
                    "\n  set -l place ''\n"
                    "  for word in (commandline -opc)[2..-1]\n"
                    "    switch \"$place/$word\"\n      case " +
                    places(root, " ") +
                    "\n        set place \"$place/$word\"\n    end\n  end\n"
                    "  test \"$place\" = \"$argv[1]\"\nend\n"
                    "complete -c " +
                    root.name + " -f\n";
  for_each_command(root, "", [&](const CommandTree& command, const std::string& place) {
    const std::string here = "complete -c " + root.name + " -n " + text(at + " \"" + place + "\"");
    for (const CommandTree& sub : command.commands) out += here + " -a " + sub.name + " -d " + text(sub.help) + "\n";
    for (const std::string& choice : argument_choices(command)) out += here + " -a " + text(choice) + "\n";
    if (takes_file(command)) out += here + " -F\n";
    for (const OptionText& option : command.options) {
      // Those of the root are good in every place.
      out += place.empty() ? "complete -c " + root.name : here;
      for (const std::string& name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.value.empty()) out += option.takes_file() ? " -r -F" : " -x";
      if (!option.choices.empty()) out += " -a " + text(joined(option.choices, " "));
      out += " -d " + text(option.help) + "\n";
    }
  });
  return out;
}

}  // namespace windlass::app
