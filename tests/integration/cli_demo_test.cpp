// windlass demo: does everything, checks it, and says so when something is wrong.
#include "cli_fixture.hpp"

#include <fstream>

namespace windlass::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class CliDemo : public Cli {
 protected:
  CliDemo() {
    std::filesystem::create_directories(folder_ / "files/below");
    int n = 0;
    for (const char* name : {"plain", "with blank", "new\nline", "back\\slash", "no-utf8-\xff", "-dash", "below/deep", "empty"}) {
      std::ofstream(folder_ / "files" / name) << std::string(static_cast<std::size_t>(1000 * n++), 'x');
    }
    std::filesystem::create_symlink("plain", folder_ / "files/link");
    make_fifo("files/pipe");
  }
  Ran demo(std::vector<std::string> environment = {}, const Arguments& more = {}) {
    environment.push_back("TMPDIR=" + folder_.string());
    Arguments argv{WINDLASS_TOOL, "demo", path("files")};
    argv.insert(argv.end(), more.begin(), more.end());
    return run(argv, {}, environment);
  }
};

TEST_F(CliDemo, EndsWithATrueLineAndLeavesItsStoreBehind) {
  const Ran ran = demo();
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  // How many ticks come while it runs is up to the machine.
  EXPECT_THAT(ran.out, ContainsRegex("\ndemo: OK tasks=1[5-9][0-9] retries=24 expired=1 duplicates_refused=1 verified=8 crashes_contained=1\n$"));
  EXPECT_THAT(ran.out, ContainsRegex("a tick: nominal time, handler started +20[0-9-]+T[0-9:]+Z, [^ ]+s later\n"));
  const auto at = ran.out.find("sqlite:");
  const std::string url = ran.out.substr(at, ran.out.find(' ', at) - at);
  EXPECT_EQ(run({WINDLASS_TOOL, "--broker", url, "task", "ls", "--queue", "demo-critical", "--state", "archived"}).code, 0);
}

TEST_F(CliDemo, WithJsonItPrintsOneObject) {
  const Ran ran = demo({}, {"--json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1);
  const codec::Value result = ran.json();
  EXPECT_EQ(at(result, "ok"), "true");
  EXPECT_EQ(at(result, "retries"), "24");
  EXPECT_EQ(at(result, "verified"), "8");
  EXPECT_EQ(at(result, "problems"), "[]");
  EXPECT_GE(std::stoi(at(result, "ticks")), 1) << "a tick has one task, with two schedulers";
  EXPECT_THAT(at(result, "tick.nominal"), ContainsRegex("^20[0-9-]+T[0-9:]+Z$")) << "a whole second";
}

TEST_F(CliDemo, ADigestThatDiffersIsAFailure) {
  std::filesystem::create_directories(folder_ / "bin");
  write_file(path("bin/sha256sum"), "#!/bin/sh\n/usr/bin/sha256sum \"$@\" | tr 0 1\n");
  std::filesystem::permissions(path("bin/sha256sum"), std::filesystem::perms::owner_all);
  const Ran ran = demo({"PATH=" + path("bin") + ":" + std::getenv("PATH")});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("demo: FAILED problems="));
  EXPECT_THAT(ran.out, HasSubstr("differs"));
}

TEST_F(CliDemo, AFolderWithoutFilesIsRefused) {
  EXPECT_EQ(run({WINDLASS_TOOL, "demo", path("nowhere")}, {}, {"TMPDIR=" + folder_.string()}).code, 2);
}

}  // namespace
}  // namespace windlass::testing
