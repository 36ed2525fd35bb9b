// What is made from the command line: completion in the shells themselves, the manual, help, and what a mistyped word
// is told.
#include "cli_fixture.hpp"

namespace windlass::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

Arguments words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

class CliManual : public Cli {
 protected:
  // Where the completion of a shell lies.
  std::string script(const std::string& shell) const {
    const Ran ran = windlass({"completion", shell});
    EXPECT_EQ(ran.code, 0) << ran.err;
    write_file(path("completion." + shell), ran.out);
    return path("completion." + shell);
  }
  // What bash offers for the last of the words.
  Arguments in_bash(const Arguments& words) const {
    Arguments argv{
        "bash", "--norc", "-c",
        "source " + script("bash") +
            "; COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)); $(complete -p windlass | sed 's/.*-F \\([^ ]*\\).*/\\1/'); "
            "printf '%s\\n' \"${COMPREPLY[@]}\"",
        "bash"};
    argv.insert(argv.end(), words.begin(), words.end());
    const Ran ran = run(argv);
    EXPECT_EQ(ran.err, "");
    return words_of(ran.out);
  }
  static bool is_installed(const std::string& program) { return run({"sh", "-c", "command -v " + program}).code == 0; }
};

TEST_F(CliManual, BashCompletesCommandsOptionsAndValues) {
  EXPECT_THAT(in_bash({"windlass", "ta"}), ElementsAre("task"));
  EXPECT_THAT(in_bash({"windlass", ""}), IsSupersetOf({"enqueue", "queue", "task", "--broker"}));
  EXPECT_THAT(in_bash({"windlass", "task", "delete"}), ElementsAre("delete", "delete-all"));
  EXPECT_THAT(in_bash({"windlass", "task", "ls", "--st"}), ElementsAre("--state"));
  EXPECT_THAT(in_bash({"windlass", "task", "ls", "--state", "a"}), ElementsAre("active", "archived", "aggregating"));
  EXPECT_THAT(in_bash({"windlass", "--broker", "x", "queue", "h"}), ElementsAre("history")) << "behind a value";
  EXPECT_THAT(in_bash({"windlass", "task", "ls", "--log-fo"}), ElementsAre("--log-format")) << "an option of the root";
  EXPECT_THAT(in_bash({"windlass", "task", "ls", "--log-format", ""}), ElementsAre("text", "json"));
  EXPECT_THAT(in_bash({"windlass", "completion", "z"}), ElementsAre("zsh"));
  EXPECT_THAT(in_bash({"windlass", "task", "ls", "--queue", ""}), IsEmpty()) << "a value that it cannot know";
}

TEST_F(CliManual, BashCompletesFilesWhereFilesAreTaken) {
  write_file(path("entries.toml"), "");
  EXPECT_THAT(in_bash({"windlass", "schedule", path("ent")}), ElementsAre(path("entries.toml")));
  EXPECT_THAT(in_bash({"windlass", "--config", path("ent")}), ElementsAre(path("entries.toml")));
}

TEST_F(CliManual, FishCompletes) {
  if (!is_installed("fish")) GTEST_SKIP() << "fish is not installed (scripts/setup test)";
  const auto in_fish = [&](const std::string& line) {
    const Ran ran = run({"fish", "--no-config", "-c",
                         "source " + script("fish") + "; complete -C '" + line + "' | string replace -r '\\t.*' ''"},
                        {}, {"HOME=" + folder_.string()});
    EXPECT_EQ(ran.err, "");
    return words_of(ran.out);
  };
  EXPECT_THAT(in_fish("windlass ta"), ElementsAre("task"));
  EXPECT_THAT(in_fish("windlass task ls --stat"), ElementsAre("--state"));
  EXPECT_THAT(in_fish("windlass task ls --state pe"), ElementsAre("pending"));
  EXPECT_THAT(in_fish("windlass task ls --log-format j"), ElementsAre("json"));
  EXPECT_THAT(in_fish("windlass completion b"), ElementsAre("bash"));
}

TEST_F(CliManual, ZshTakesItsScript) {
  if (!is_installed("zsh")) GTEST_SKIP() << "zsh is not installed (scripts/setup test)";
  const Ran ran = run({"zsh", "-f", "-c",
                       "autoload -Uz compinit; compinit -D; source " + script("zsh") + "; print ${_comps[windlass]}"},
                      {}, {"HOME=" + folder_.string()});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out, "_windlass\n");
}

// Types into an interactive zsh on a terminal of its own. Control-X prints the line and empties it; MENU_COMPLETE lets the second tab
// take the second of what is offered.
constexpr const char* kZshRc = R"(PS1=
autoload -Uz compinit
compinit -D
setopt MENU_COMPLETE
source $ZDOTDIR/completion.zsh
bindkey '^I' complete-word
report() { print -r -- "<<$BUFFER>>"; BUFFER= }
zle -N report
bindkey '^X' report
zle-line-init() { print READY }
zle -N zle-line-init
)";
constexpr const char* kZshTypist = R"(zmodload zsh/zpty
zpty z zsh -d -i
zpty -r z got '*READY*' || { print -r -- "zsh did not start: $got"; exit 1 }
for line in "$@"; do
  zpty -w -n z "${(g::)line}"$'\x18'
  zpty -r z got '*<<*>>*' || { print -r -- "no answer: $got"; exit 1 }
  got=${got##*<<}
  print -r -- "${got%%>>*}"
done
)";

TEST_F(CliManual, ZshCompletes) {
  if (!is_installed("zsh")) GTEST_SKIP() << "zsh is not installed (scripts/setup test)";
  script("zsh");
  write_file(path(".zshrc"), kZshRc);
  write_file(path("typist.zsh"), kZshTypist);
  write_file(path("entries.toml"), "");
  const std::pair<std::string, std::string> typed[] = {
      {"windlass ta\\t", "windlass task "},
      {"windlass task ls --stat\\t", "windlass task ls --state "},
      {"windlass task ls --state a\\t", "windlass task ls --state active"},
      {"windlass task ls --state a\\t\\t", "windlass task ls --state aggregating"},
      {"windlass task ls --log-format j\\t", "windlass task ls --log-format json "},
      {"windlass task del\\t\\t", "windlass task delete-all"},
      {"windlass --broker x queue h\\t", "windlass --broker x queue history "},
      {"windlass completion z\\t", "windlass completion zsh "},
      {"windlass schedule " + path("ent") + "\\t", "windlass schedule " + path("entries.toml") + " "},
      {"windlass task ls --queue \\t", "windlass task ls --queue "},
  };
  Arguments argv{"zsh", "-f", path("typist.zsh")};
  std::string wanted;
  for (const auto& [keys, line] : typed) {
    argv.push_back(keys);
    wanted += line + "\n";
  }
  const Ran ran = run(argv, {}, {"HOME=" + folder_.string(), "ZDOTDIR=" + folder_.string(), "TERM=dumb"});
  EXPECT_EQ(ran.out, wanted) << ran.err;
}

TEST_F(CliManual, TheManualPageIsGoodRoffAndNamesEveryCommand) {
  if (!is_installed("groff")) GTEST_SKIP() << "groff is not installed (scripts/setup test)";
  const Ran page = windlass({"man"});
  ASSERT_EQ(page.code, 0);
  const Ran checked = run({"groff", "-man", "-ww", "-z"}, page.out);
  EXPECT_EQ(checked.err, "");
  const Ran shown = run({"sh", "-c", "groff -man -Tascii -P-cbou"}, page.out);
  for (const char* part :
       {"SYNOPSIS", "EXIT STATUS", "task delete-all", "--state STATE", "WINDLASS_BROKER", "cron history ENTRY..."}) {
    EXPECT_THAT(shown.out, HasSubstr(part));
  }
}

TEST_F(CliManual, HelpOfACommandIsWhatTheOptionSays) {
  EXPECT_EQ(windlass({"help", "task", "ls"}).out, windlass({"task", "ls", "--help"}).out);
  EXPECT_EQ(windlass({"help"}).out, windlass({"--help"}).out);
  EXPECT_EQ(windlass({"help", "tsk"}).code, 2);
}

TEST_F(CliManual, AMistypedWordIsToldWhatIsLikeIt) {
  const std::pair<Arguments, const char*> cases[] = {
      {{"tsk", "ls"}, "'tsk' is no command of windlass: did you mean 'windlass task'?"},
      {{"task", "list"}, "did you mean 'windlass task ls'?"},
      {{"task", "archiveall"}, "did you mean 'windlass task archive-all'?"},
      {{"task", "enqueue"}, "did you mean 'windlass enqueue'?"},
      {{"task", "ls", "--sate", "x"}, "did you mean '--state'?"},
      {{"frobnicate"}, "'frobnicate' is no command of windlass (see --help)"},
  };
  for (const auto& [arguments, said] : cases) {
    const Ran ran = windlass(arguments);
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr(said));
  }
}

}  // namespace
}  // namespace windlass::testing
