// The program of the README, compiled as it stands there (scripts/check-docs compares them) and run as its reader would.
#include "cli_fixture.hpp"
#include "running_program.hpp"

namespace windlass::testing {
namespace {

using Quickstart = Cli;

TEST_F(Quickstart, SendsItsOneMailAndEndsOnCtrlC) {
  RunningProgram program({"sh", "-c", "cd '" + folder_.string() + "' && exec '" WINDLASS_QUICKSTART "'"});
  ASSERT_TRUE(program.wait_for_error("sending 'Welcome' to ada@example.org")) << program.err();
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.err(), ::testing::HasSubstr("type=email:send")) << "a handler's line bears its task";
  EXPECT_EQ(at(windlass({"stats", "--json"}).json(), "total.processed_total"), "1");
}

}  // namespace
}  // namespace windlass::testing
