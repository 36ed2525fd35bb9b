// Entries from a file that people edit while it is read.
#include <cstdio>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/periodic.hpp>

#include "support/child_process.hpp"

namespace windlass {
namespace {

using ::testing::HasSubstr;

constexpr const char* kToml = "[[entry]]\nname = \"a\"\ncron = \"@daily\"\ntype = \"t\"\n";

class FileProvider : public ::testing::Test {
 protected:
  std::string path(const std::string& name = "schedule.toml") { return dir_.file(name); }
  void write(const std::string& text, const std::string& name = "schedule.toml") {
    std::ofstream(path(name), std::ios::trunc) << text;
    // Each write gets a time of its own, however coarse the file system counts.
    const timespec times[2] = {{0, UTIME_OMIT}, {1'700'000'000 + ++writes_, 0}};
    utimensat(AT_FDCWD, path(name).c_str(), times, 0);
  }
  std::string ask(const ProviderPtr& provider) {
    const auto configs = provider->configs({});
    return configs ? std::to_string(configs->size()) + " entries" : configs.error().message();
  }

  windlass::testing::TempDir dir_;
  int writes_ = 0;
};

TEST_F(FileProvider, ReadsTomlYamlAndJson) {
  write(kToml);
  write("entry:\n- {name: a, cron: '@daily', type: t}\n", "s.yaml");
  write("- {name: a, cron: '@daily', type: t}\n", "s.yml");
  write(R"([{"name":"a","cron":"@daily","type":"t"}])", "s.json");
  for (const auto* name : {"schedule.toml", "s.yaml", "s.yml", "s.json"}) {
    EXPECT_EQ(ask(file_provider(path(name))), "1 entries") << name;
  }
}

TEST_F(FileProvider, WhatIsWrongIsSaidWithPathAndPlace) {
  EXPECT_EQ(ask(file_provider(path("none.toml"))), path("none.toml") + ": cannot be read: No such file or directory");
  write("x", "s.ini");
  EXPECT_THAT(ask(file_provider(path("s.ini"))), HasSubstr("must end in .toml, .yaml, .yml or .json"));
  write("[[entry]]\ncron = \n");
  EXPECT_THAT(ask(file_provider(path())), HasSubstr(path() + ": line 2, column "));
  write("[[entry]]\nname = \"x\"\ncron = 5\n");
  EXPECT_EQ(ask(file_provider(path())), path() + ": entry 1 ('x'): \"cron\": must be a text");
}

TEST_F(FileProvider, AnEmptyFileIsAnErrorAndAnEmptyListIsNot) {
  write("");
  EXPECT_THAT(ask(file_provider(path())), HasSubstr("is empty; an empty list of entries must be written out"));
  write("# entries were here\n");
  EXPECT_THAT(ask(file_provider(path())), HasSubstr("must be a list of entries"));
  write("entry = []\n");
  EXPECT_EQ(ask(file_provider(path())), "0 entries");
}

TEST_F(FileProvider, AChangeIsSeenOnceTheFileStandsStill) {
  write(kToml);
  const auto provider = file_provider(path());
  EXPECT_EQ(ask(provider), "1 entries");
  EXPECT_FALSE(provider->changed());
  write(std::string(kToml) + kToml);
  EXPECT_FALSE(provider->changed()) << "it may still be written to";
  write(std::string(kToml) + kToml + "[[entry]]\nname = \"b\"\n");
  EXPECT_FALSE(provider->changed());
  EXPECT_TRUE(provider->changed());
  EXPECT_THAT(ask(provider), HasSubstr("entry 3 ('b'): \"cron\" is missing"));
  EXPECT_FALSE(provider->changed()) << "it was read, right or wrong";
}

TEST_F(FileProvider, AFileThatIsReplacedIsAChangeAndOneThatIsGoneIsNone) {
  write(kToml);
  const auto provider = file_provider(path());
  EXPECT_EQ(ask(provider), "1 entries");
  std::remove(path().c_str());
  EXPECT_FALSE(provider->changed());
  EXPECT_FALSE(provider->changed());
  write("entry = []\n", "new.toml");
  std::rename(path("new.toml").c_str(), path().c_str());
  EXPECT_FALSE(provider->changed());
  EXPECT_TRUE(provider->changed());
  EXPECT_EQ(ask(provider), "0 entries");
}

}  // namespace
}  // namespace windlass
