// The program of the README, compiled as it stands there (scripts/check-docs compares them) and run as its reader would.
#include "cli_fixture.hpp"

namespace windlass::testing {
namespace {

class Quickstart : public Cli {
 protected:
  // How many runs have ended on the program's database.
  std::string processed() const {
    return at(run({WINDLASS_TOOL, "--broker", "sqlite:" + path("tasks.db"), "stats", "--json"}).json(), "total.processed_total");
  }
};

TEST_F(Quickstart, SendsItsOneMailAndEndsOnCtrlC) {
  Process program({"sh", "-c", "cd '" + folder_.string() + "' && exec '" WINDLASS_QUICKSTART "'"});
  while (processed() != "1") {  // the test's time limit ends it if that never comes
  }
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.err(), ::testing::HasSubstr("sending 'Welcome' to ada@example.org"));
  EXPECT_THAT(program.err(), ::testing::HasSubstr("type=email:send")) << "a handler's line bears its task";
}

}  // namespace
}  // namespace windlass::testing
