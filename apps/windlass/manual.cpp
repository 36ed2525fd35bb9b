// windlass completion bash|zsh|fish, man, help: what is made from the command line itself.
#include <memory>

#include <CLI/CLI.hpp>

#include "completion.hpp"
#include "man_page.hpp"
#include "output.hpp"
#include "session.hpp"
#include "suggest.hpp"

namespace windlass::app {
namespace {

std::string completion(const CommandTree& root, const std::string& shell) {
  if (shell == "bash") return bash_completion(root);
  return shell == "zsh" ? zsh_completion(root) : fish_completion(root);
}

ManText man_text() {
  ManText text;
  text.version = WINDLASS_VERSION;
  for (const auto& [code, meaning] : exit_codes()) text.exit_codes.emplace_back(code, meaning);
  text.notes.assign(std::begin(kNotes), std::end(kNotes));
  return text;
}

Result<int> help(CLI::App& root, const std::vector<std::string>& path) {
  const std::string unknown = unknown_word(read_tree(root), path);
  if (!unknown.empty()) return Error(ErrorCode::kInvalidArgument, unknown + " (see --help)");
  CLI::App* command = &root;
  std::string name = root.get_name();
  for (const std::string& word : path) {
    command = command->get_subcommand(word);
    name += " " + word;
  }
  put(command->get_formatter()->make_help(command, name, CLI::AppFormatMode::Normal));
  return kOk;
}

}  // namespace

void add_manual(CLI::App& app, Session& session) {
  CLI::App* complete = app.add_subcommand("completion", "Print a script that completes command lines in a shell");
  auto shell = std::make_shared<std::string>();
  complete->add_option("SHELL", *shell, "the shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  complete->callback([&app, &session, shell] {
    session.run = [&app, shell]() -> Result<int> {
      put(completion(read_tree(app), *shell));
      return kOk;
    };
  });
  app.add_subcommand("man", "Print the manual page, for man -l -")->callback([&app, &session] {
    session.run = [&app]() -> Result<int> {
      put(man_page(read_tree(app), man_text()));
      return kOk;
    };
  });
  CLI::App* helper = app.add_subcommand("help", "Show the help of a command");
  auto path = std::make_shared<std::vector<std::string>>();
  helper->add_option("COMMAND", *path, "the words of the command: task ls");
  helper->callback([&app, &session, path] { session.run = [&app, path] { return help(app, *path); }; });
}

}  // namespace windlass::app
