// What a mistyped command is told.
#include "suggest.hpp"

#include <gtest/gtest.h>

namespace windlass::app {
namespace {

CommandTree command(std::string name, std::vector<CommandTree> commands = {}) {
  CommandTree tree;
  tree.name = std::move(name);
  tree.commands = std::move(commands);
  return tree;
}

OptionText option(std::vector<std::string> names, std::string value) {
  OptionText text;
  text.names = std::move(names);
  text.value = std::move(value);
  return text;
}

CommandTree tool() {
  CommandTree ls = command("ls");
  ls.options = {option({"--state"}, "STATE"), option({"--all"}, "")};
  CommandTree root = command(
      "tool", {command("task", {ls, command("archive-all"), command("delete")}), command("enqueue"), command("stats")});
  root.options = {option({"--broker"}, "URL"), option({"--json"}, "")};
  return root;
}

TEST(EditDistance, CountsEditsAndSwapsOfNeighboursAsOne) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("ls", ""), 2u);
  EXPECT_EQ(edit_distance("list", "ls"), 2u);
  EXPECT_EQ(edit_distance("taks", "task"), 1u);
  EXPECT_EQ(edit_distance("archiveall", "archive-all"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(UnknownWord, WhatTheTreeKnowsIsNotUnknown) {
  EXPECT_EQ(unknown_word(tool(), {}), "");
  EXPECT_EQ(unknown_word(tool(), {"task", "ls", "--state", "lost", "--json"}), "");
  EXPECT_EQ(unknown_word(tool(), {"--broker", "nonsense", "stats"}), "") << "a value is no command";
  EXPECT_EQ(unknown_word(tool(), {"--broker=nonsense", "stats"}), "");
  EXPECT_EQ(unknown_word(tool(), {"enqueue", "anything", "-x"}), "") << "arguments and short options are not judged";
}

TEST(UnknownWord, SuggestsWhatIsMostLikeIt) {
  EXPECT_EQ(unknown_word(tool(), {"taks", "ls"}), "'taks' is no command of tool: did you mean 'tool task'?");
  EXPECT_EQ(unknown_word(tool(), {"task", "list"}), "'list' is no command of tool task: did you mean 'tool task ls'?");
  EXPECT_EQ(unknown_word(tool(), {"--broker", "x", "task", "archiveall"}),
            "'archiveall' is no command of tool task: did you mean 'tool task archive-all'?");
  EXPECT_EQ(unknown_word(tool(), {"enq"}), "'enq' is no command of tool: did you mean 'tool enqueue'?")
      << "begun like it";
  EXPECT_EQ(unknown_word(tool(), {"task", "ls", "--sate", "x"}),
            "'--sate' is no option of tool task ls: did you mean '--state'?");
  EXPECT_EQ(unknown_word(tool(), {"task", "ls", "--jsno"}),
            "'--jsno' is no option of tool task ls: did you mean '--json'?");
}

TEST(UnknownWord, FindsACommandElsewhereOrSaysNoMore) {
  EXPECT_EQ(unknown_word(tool(), {"task", "enqueue"}),
            "'enqueue' is no command of tool task: did you mean 'tool enqueue'?");
  EXPECT_EQ(unknown_word(tool(), {"frobnicate"}), "'frobnicate' is no command of tool");
  EXPECT_EQ(unknown_word(tool(), {"x"}), "'x' is no command of tool") << "everything is two edits away from one letter";
}

}  // namespace
}  // namespace windlass::app
