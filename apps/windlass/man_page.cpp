#include "man_page.hpp"

#include <algorithm>
#include <cctype>

namespace windlass::app {
namespace {

// Text that roff leaves as it is.
std::string plain(const std::string& text) {
  std::string out;
  if (!text.empty() && (text[0] == '.' || text[0] == '\'')) out = "\\&";
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '"')
      out += "\\(dq";
    else if (c == '~')
      out += "\\(ti";
    else
      out += c;
  }
  return out;
}

std::string bold(const std::string& text) { return "\\fB" + plain(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + plain(text) + "\\fR"; }

std::string capitals(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

void append_option(std::string& out, const OptionText& option) {
  out += ".TP\n";
  std::string names;
  for (const std::string& name : option.names) names += (names.empty() ? "" : ", ") + bold(name);
  out += names + (option.value.empty() ? "" : " " + italic(option.value)) + "\n" + plain(option.help);
  if (!option.choices.empty()) {
    std::string choices;
    for (const std::string& choice : option.choices) choices += (choices.empty() ? "" : ", ") + choice;
    out += " (" + plain(choices) + ")";
  }
  if (!option.environment.empty()) out += "; or the environment variable " + bold(option.environment);
  out += ".\n";
}

std::string argument_text(const OptionText& argument) {
  const std::string text = italic(argument.names.front()) + (argument.repeatable ? "..." : "");
  return argument.required ? text : "[" + text + "]";
}

// Commands that do something, each with its whole name; those that only hold others have nothing to say.
void append_commands(std::string& out, const CommandTree& command, const std::string& prefix) {
  const std::string name = prefix + command.name;
  if (!command.commands.empty()) {
    for (const CommandTree& sub : command.commands) append_commands(out, sub, name + " ");
    return;
  }
  out += ".SS " + plain(name) + "\n" + bold(name);
  for (const OptionText& argument : command.arguments) out += " " + argument_text(argument);
  if (command.options.size() > 1) out += " [" + italic("options") + "]";
  out += "\n.PP\n" + plain(command.help) + ".\n";
  for (const OptionText& argument : command.arguments) {
    out += ".TP\n" + italic(argument.names.front()) + "\n" + plain(argument.help) + ".\n";
  }
  for (const OptionText& option : command.options) {
    if (option.names.front() != "--help") append_option(out, option);
  }
}

}  // namespace

std::string man_page(const CommandTree& root, const ManText& text) {
  const std::string title = root.name;
  std::string out = ".TH " + capitals(title) + " 1 \"\" \"" + title + " " + plain(text.version) +
                    "\" \"User Commands\"\n" + ".SH NAME\n" + title + " \\- distributed task queue\n" +
                    ".SH SYNOPSIS\n" + bold(title) + " [" + italic("options") + "] " + italic("command") + " ...\n" +
                    ".SH DESCRIPTION\n" + plain(root.help) + "\n";
  for (const std::string& note : text.notes) out += ".PP\n" + plain(note) + "\n";
  out += ".SH OPTIONS\nThese are good for all commands.\n";
  for (const OptionText& option : root.options) append_option(out, option);
  out += ".SH COMMANDS\n";
  for (const CommandTree& command : root.commands) append_commands(out, command, "");
  out += ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : text.exit_codes)
    out += ".TP\n" + bold(std::to_string(code)) + "\n" + plain(meaning) + ".\n";
  return out;
}

}  // namespace windlass::app
