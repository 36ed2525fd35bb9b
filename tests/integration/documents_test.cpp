// What documents tell their readers to type: all blocks of a document that begin with ```sh, as one script, in a fresh
// folder with a fresh store. scripts/check-docs knows by the list below that they are run.
#include "cli_fixture.hpp"

namespace windlass::testing {
namespace {

class DocumentedCommands : public Cli, public ::testing::WithParamInterface<const char*> {
 protected:
  static std::string script() {
    std::ifstream document(std::string(WINDLASS_SOURCE_DIR "/") + GetParam());
    std::string script = "set -e\n";
    bool inside = false;
    for (std::string line; std::getline(document, line);) {
      if (line == "```sh") inside = true;
      else if (line == "```") inside = false;
      else if (inside) script += line + "\n";
    }
    return script;
  }
};

TEST_P(DocumentedCommands, Run) {
  const std::string tools = std::filesystem::path(WINDLASS_TOOL).parent_path().string();
  const Ran ran = run({"sh", "-c", "cd '" + folder_.string() + "'\n" + script()}, {},
                      {"WINDLASS_BROKER=" + broker(), "PATH=" + tools + ":" + std::getenv("PATH")});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
}

constexpr const char* kDocuments[] = {
    "docs/guide/first-worker.md",
    "docs/guide/first-worker.zh.md",
    "docs/guide/operating.md",
    "docs/guide/time-limits.md",
    "docs/guide/troubleshooting.md",
    "docs/reference/cli.md",
    "docs/reference/cron.md",
};
INSTANTIATE_TEST_SUITE_P(, DocumentedCommands, ::testing::ValuesIn(kDocuments), [](const auto& document) {
  std::string name(document.param);
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace windlass::testing
