// The command line itself: help, wrong use, and which store.
#include "cli_fixture.hpp"

namespace windlass::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using CliUsage = Cli;

TEST_F(CliUsage, HelpAndVersionAreNoErrors) {
  const Ran help = run({WINDLASS_TOOL, "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("enqueue"));
  EXPECT_THAT(help.out, HasSubstr("Exit codes"));
  EXPECT_EQ(run({WINDLASS_TOOL, "task", "ls", "--help"}).code, 0);
  const Ran version = run({WINDLASS_TOOL, "--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, StartsWith("windlass 0."));
}

TEST_F(CliUsage, WrongUseIsCode2OnStandardError) {
  for (const Arguments& wrong : {Arguments{}, Arguments{"frobnicate"}, Arguments{"task"}, Arguments{"task", "ls", "--state", "lost"},
                                 Arguments{"task", "inspect"}, Arguments{"task", "delete-all"}, Arguments{"--log-level", "loud", "stats"},
                                 Arguments{"queue", "history", "q", "--days", "0"}, Arguments{"task", "ls", "--limit", "0"}}) {
    const Ran refused = windlass(wrong);
    EXPECT_EQ(refused.code, 2) << ::testing::PrintToString(wrong);
    EXPECT_EQ(refused.out, "");
    EXPECT_THAT(refused.err, StartsWith("windlass: "));
  }
}

TEST_F(CliUsage, WithJsonWrongUseIsJsonToo) {
  EXPECT_THAT(windlass({"task", "ls", "--state", "lost", "--json"}).err, StartsWith(R"({"error":"invalid_argument","message":")"));
}

TEST_F(CliUsage, WithJsonEveryCommandPrintsOneLineOfJson) {
  for (const char* id : {"a", "b", "c"}) ASSERT_EQ(windlass({"enqueue", "t", "x", "--id", id}).code, 0);
  const std::pair<Arguments, int> cases[] = {
      {{"enqueue", "t"}, 0},
      {{"queue", "ls"}, 0},
      {{"queue", "inspect", "default"}, 0},
      {{"queue", "history", "default"}, 0},
      {{"queue", "pause", "default"}, 0},
      {{"queue", "resume", "default"}, 0},
      {{"task", "ls"}, 0},
      {{"task", "inspect", "a"}, 0},
      {{"task", "archive", "a"}, 0},
      {{"task", "run", "a"}, 0},
      {{"task", "delete", "a"}, 0},
      {{"task", "cancel", "b"}, 4},
      {{"task", "wait", "none"}, 3},
      {{"task", "archive-all", "--state", "pending", "--yes"}, 0},
      {{"task", "run-all", "--state", "archived"}, 0},
      {{"task", "cancel-all", "--yes"}, 0},
      {{"task", "delete-all", "--state", "pending", "--yes"}, 0},
      {{"queue", "rm", "default"}, 0},
      {{"group", "ls"}, 3},
      {{"server", "ls"}, 0},
      {{"stats"}, 0},
      {{"doctor"}, 0},
      {{"cron", "ls"}, 0},
      {{"cron", "next", "@hourly"}, 0},
      {{"cron", "history", "none"}, 3},
      {{"cron", "trigger", "none"}, 3},
  };
  for (const auto& [arguments, code] : cases) {
    Arguments with_json = arguments;
    with_json.push_back("--json");
    const Ran ran = windlass(with_json);
    EXPECT_EQ(ran.code, code) << ::testing::PrintToString(arguments) << ran.err;
    for (const std::string& text : {ran.out, ran.err}) {
      if (text.empty()) continue;
      EXPECT_EQ(text.find('\n'), text.size() - 1) << ::testing::PrintToString(arguments) << text;
      EXPECT_TRUE(codec::parse_json(text)) << ::testing::PrintToString(arguments) << text;
    }
    EXPECT_EQ(ran.err.empty(), code == 0) << ::testing::PrintToString(arguments) << ran.err;
    EXPECT_TRUE(code != 0 || !ran.out.empty()) << ::testing::PrintToString(arguments);
  }
}

TEST_F(CliUsage, AnUnknownStoreIsWrongUse) {
  for (const char* url : {"carrier-pigeon:coop", "tasks.db", "sqlite:", "sqlite:x?colour=red"}) {
    const Ran refused = run({WINDLASS_TOOL, "--broker", url, "stats"});
    EXPECT_EQ(refused.code, 2) << url << ": " << refused.err;
    EXPECT_THAT(refused.err, StartsWith("windlass: "));
  }
}

TEST_F(CliUsage, AFileThatIsNoDatabaseIsUnavailableAndStaysAsItIs) {
  const std::string text(5000, 'x');
  write_file(path("tasks.db"), text);
  EXPECT_EQ(windlass({"stats"}).code, 5);
  EXPECT_EQ(read_file(path("tasks.db")), text);
  EXPECT_EQ(windlass({"doctor"}).code, 1);
}

TEST_F(CliUsage, AFileThatCannotBeMadeIsUnavailable) {
  const Ran refused = run({WINDLASS_TOOL, "--broker", "sqlite:" + path("missing/tasks.db"), "stats"});
  EXPECT_EQ(refused.code, 5) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("missing"));
  EXPECT_EQ(run({WINDLASS_TOOL, "--broker", "sqlite:" + folder_.string(), "stats"}).code, 2) << "a folder is no file";
}

TEST_F(CliUsage, TheEnvironmentNamesTheStoreAndTheOptionWins) {
  ASSERT_EQ(run({WINDLASS_TOOL, "enqueue", "t", "--id", "a"}, {}, {"WINDLASS_BROKER=" + broker()}).code, 0);
  EXPECT_EQ(at(inspect("a"), "id"), "a");
  EXPECT_EQ(run({WINDLASS_TOOL, "--broker", broker(), "task", "inspect", "a"}, {}, {"WINDLASS_BROKER=nonsense"}).code, 0);
}

TEST_F(CliUsage, WithoutAnyTheStoreIsAPrivateFileInTheStateFolder) {
  const std::string state = path("state");
  ASSERT_EQ(run({WINDLASS_TOOL, "enqueue", "t", "--id", "a"}, {}, {"XDG_STATE_HOME=" + state}).code, 0);
  struct stat info {};
  ASSERT_EQ(::stat((state + "/windlass").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_TRUE(std::filesystem::exists(state + "/windlass/windlass.db"));
  EXPECT_EQ(run({WINDLASS_TOOL, "enqueue", "t"}, {}, {"XDG_STATE_HOME=", "HOME=" + path("home")}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(path("home/.local/state/windlass/windlass.db")));
}

TEST_F(CliUsage, AFullOutputIsAFailure) {
  ASSERT_EQ(windlass({"enqueue", "t"}).code, 0);
  const Ran full = run({"sh", "-c", std::string("'") + WINDLASS_TOOL + "' --broker '" + broker() + "' stats --json >/dev/full"});
  EXPECT_EQ(full.code, 1);
  EXPECT_THAT(full.err, HasSubstr("standard output"));
}

TEST_F(CliUsage, EveryCommandIsInTheReference) {
  const std::string document = read_file(WINDLASS_SOURCE_DIR "/docs/reference/cli.md");
  for (const char* command :
       {"enqueue", "work", "queue ls", "queue inspect", "queue history", "queue pause", "queue resume", "queue rm", "task ls",
        "task inspect", "task cancel", "task run", "task archive", "task delete", "task run-all", "task archive-all",
        "task delete-all", "task cancel-all", "task wait", "completion", "man", "help", "dash", "migrate", "queue move", "group ls", "server ls", "schedule", "cron ls", "cron history", "cron next",
        "cron trigger", "dq put", "dq revoke", "dq consume", "dq stats", "dq buried", "dq kick", "stats", "doctor", "demo"}) {
    EXPECT_THAT(document, HasSubstr(std::string("windlass ") + command));
  }
}

}  // namespace
}  // namespace windlass::testing
