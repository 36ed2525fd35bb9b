// The configuration file, and what comes before it.
#include "cli_fixture.hpp"

namespace windlass::testing {
namespace {

using ::testing::HasSubstr;

class CliConfig : public Cli {
 protected:
  // stats --json in an environment with the folder's configuration.
  Ran stats(const Arguments& options = {}, std::vector<std::string> environment = {}) const {
    Arguments argv{WINDLASS_TOOL, "stats"};
    argv.insert(argv.end(), options.begin(), options.end());
    environment.push_back("XDG_CONFIG_HOME=" + folder_.string());
    return run(argv, {}, environment);
  }
  void configure(const std::string& text) {
    std::filesystem::create_directories(path("windlass"));
    write_file(path("windlass/config.toml"), text);
  }
};

TEST_F(CliConfig, GivesGlobalOptionsTheirDefaults) {
  configure("# where the tasks are\nbroker = \"" + broker() + "\"\njson = true\n");
  const Ran ran = stats();
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(at(ran.json(), "broker.broker"), "sqlite");
  EXPECT_TRUE(std::filesystem::exists(path("tasks.db")));
}

TEST_F(CliConfig, TheEnvironmentComesBeforeItAndTheCommandLineBeforeBoth) {
  configure("broker = \"nonsense:\"\njson = true\n");
  EXPECT_EQ(stats().code, 2);
  EXPECT_EQ(stats({}, {"WINDLASS_BROKER=" + broker()}).code, 0);
  EXPECT_EQ(stats({"--broker", broker()}, {"WINDLASS_BROKER=nonsense:"}).code, 0);
  EXPECT_THAT(stats({}, {"WINDLASS_BROKER=" + broker(), "WINDLASS_JSON=false"}).out, ::testing::Not(HasSubstr("{")));
}

TEST_F(CliConfig, EveryGlobalOptionHasAVariable) {
  const std::string here = "WINDLASS_BROKER=" + broker();
  EXPECT_THAT(stats({}, {here, "WINDLASS_JSON=1"}).out, HasSubstr("{\"total\""));
  EXPECT_EQ(stats({}, {here, "WINDLASS_LOG_LEVEL=loud"}).code, 2);
  EXPECT_EQ(stats({}, {here, "WINDLASS_LOG_FORMAT=xml"}).code, 2);
  EXPECT_EQ(stats({}, {here, "WINDLASS_CONFIG=" + path("missing.toml")}).code, 2);
  EXPECT_EQ(stats({}, {here, "WINDLASS_LOG_LEVEL=", "WINDLASS_LOG_FORMAT="}).code, 0) << "an empty one is as none";
}

TEST_F(CliConfig, WhatIsWrongInItIsSaidWithTheLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"\nbroker = \n", "line 2"},
      {"# a comment\n\ncolour = \"red\"\n",
       "line 3: 'colour': no such key; there are broker, json, log-level, log-format"},
      {"log-level = \"loud\"\n", "line 1: 'log-level'"},
      {"json = \"perhaps\"\n", "line 1: 'json'"},
      {"broker = [1, 2]\n", "line 1: 'broker': must be a text, a number, true or false"},
      {"help = true\n", "no such key"},
      {"[task]\nlimit = 5\n", "no such key"},
  };
  for (const auto& [text, said] : cases) {
    configure(text);
    const Ran ran = stats();
    EXPECT_EQ(ran.code, 2) << text;
    EXPECT_EQ(ran.out, "") << text;
    EXPECT_THAT(ran.err, HasSubstr(said));
    EXPECT_THAT(ran.err, HasSubstr(path("windlass/config.toml")));
  }
}

TEST_F(CliConfig, TheExampleOfTheReferenceIsTaken) {
  const Ran ran = stats({"--config", WINDLASS_SOURCE_DIR "/examples/config.toml", "--broker", broker()});
  EXPECT_EQ(ran.code, 0) << ran.err;
}

TEST_F(CliConfig, AFileThatIsNamedMustBeThere) {
  const Ran ran = stats({"--config", path("missing.toml")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("missing.toml"));
  write_file(path("other.toml"), "broker = \"" + broker() + "\"\n");
  EXPECT_EQ(stats({"--config", path("other.toml")}).code, 0);
}

}  // namespace
}  // namespace windlass::testing
