#include <CLI/CLI.hpp>

#include "command_tree.hpp"

namespace windlass::app {
namespace {

// The choices of "TEXT:{text,json}", or of "STATE:{active,pending}".
std::vector<std::string> choices_of(const std::string& type) {
  const std::size_t open = type.find('{');
  if (open == type.npos || type.back() != '}') return {};
  return CLI::detail::split(type.substr(open + 1, type.size() - open - 2), ',');
}

// "FILE" of "TEXT:FILE", "NUMBER" of "INT:POSITIVE" and "UINT:POSITIVE", the name itself of the others.
std::string value_of(const std::string& type) {
  if (type.find(":FILE") != type.npos) return "FILE";
  if (type.starts_with("INT") || type.starts_with("UINT") || type.starts_with("FLOAT")) return "NUMBER";
  return type.substr(0, type.find_first_of(" :"));
}

OptionText read_option(const CLI::Option& option) {
  OptionText text;
  for (const std::string& name : option.get_lnames()) text.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) text.names.push_back("-" + name);
  text.positional = !option.nonpositional();
  if (text.positional) text.names = {option.get_name(true)};
  if (option.get_items_expected_max() > 0) {
    text.value = value_of(option.get_type_name());
    text.choices = choices_of(option.get_type_name());
  }
  text.help = option.get_description();
  text.environment = option.get_envname();
  text.required = option.get_required();
  text.repeatable = option.get_items_expected_max() > 1;
  return text;
}

}  // namespace

CommandTree read_tree(const CLI::App& app) {
  CommandTree tree;
  tree.name = app.get_name();
  tree.help = app.get_description();
  for (const CLI::Option* option : app.get_options({})) {
    OptionText text = read_option(*option);
    (text.positional ? tree.arguments : tree.options).push_back(std::move(text));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App* sub) { return !sub->get_name().empty(); })) {
    tree.commands.push_back(read_tree(*command));
  }
  return tree;
}

}  // namespace windlass::app
