// Commands that wait for what tasks do: task wait, task ls --follow.
#include "cli_fixture.hpp"
#include "integration/running_program.hpp"

namespace windlass::testing {
namespace {

using ::testing::HasSubstr;

using CliWatch = Cli;

TEST_F(CliWatch, WaitPrintsTheResultOfATaskThatIsDone) {
  ASSERT_EQ(windlass({"enqueue", "t", "hello", "--id", "a", "--retention", "1h"}).code, 0);
  RunningProgram waiting(with_broker({"task", "wait", "a"}));
  ASSERT_EQ(work_all("t=cat").code, 0);
  EXPECT_EQ(waiting.wait(), 0) << waiting.err();
  EXPECT_EQ(waiting.out(), "hello\n");
  EXPECT_EQ(at(windlass({"task", "wait", "a", "--json"}).json(), "result"), "hello") << "one that was done before";
}

TEST_F(CliWatch, WaitFailsWithATaskThatIsArchived) {
  ASSERT_EQ(windlass({"enqueue", "t", "--id", "a", "--max-retry", "0"}).code, 0);
  RunningProgram waiting(with_broker({"task", "wait", "a"}));
  ASSERT_EQ(work_all("t=false").code, 0);
  EXPECT_EQ(waiting.wait(), 1);
  EXPECT_THAT(waiting.err(), HasSubstr("task 'a' is archived: exit_code 1"));
  const Ran json = windlass({"task", "wait", "a", "--json"});
  EXPECT_EQ(json.code, 1);
  EXPECT_EQ(at(json.json(), "failure.kind"), "exit_code");
}

TEST_F(CliWatch, WaitSaysWhenATaskIsGone) {
  EXPECT_EQ(windlass({"task", "wait", "never"}).code, 3);
  const std::string started = make_fifo("started"), go = make_fifo("go");
  ASSERT_EQ(windlass({"enqueue", "t", "--id", "a"}).code, 0);
  RunningProgram worker(
      with_broker({"work", "--exec", "t=sh -c 'echo > " + started + "; cat " + go + "'", "--until-empty"}));
  read_file(started);
  RunningProgram waiting(with_broker({"task", "wait", "a", "--log-level", "debug"}));
  ASSERT_TRUE(waiting.wait_for_error("waiting"));
  write_file(go, "");
  EXPECT_EQ(waiting.wait(), 3);
  EXPECT_THAT(waiting.err(), HasSubstr("gone"));
  EXPECT_EQ(worker.wait(), 0);
}

TEST_F(CliWatch, WaitEndsAtItsTimeout) {
  ASSERT_EQ(windlass({"enqueue", "t", "--id", "a"}).code, 0);
  const Ran ran = windlass({"task", "wait", "a", "--timeout", "1ms", "--json"});
  EXPECT_EQ(ran.code, 6);
  EXPECT_THAT(ran.err, HasSubstr("\"exit_code\":6"));
  EXPECT_THAT(ran.err, HasSubstr("still pending"));
}

TEST_F(CliWatch, FollowPrintsEachTaskThatComesOrChanges) {
  ASSERT_EQ(windlass({"enqueue", "t", "--id", "first"}).code, 0);
  RunningProgram following(with_broker({"task", "ls", "--follow"}));
  ASSERT_TRUE(following.wait_for("first"));
  ASSERT_EQ(windlass({"enqueue", "t", "--id", "second", "--in", "1h"}).code, 0);
  ASSERT_TRUE(following.wait_for("second"));
  EXPECT_EQ(RunningProgram::count(following.out(), "first"), 1) << "one that stays as it is is not printed again";
  ASSERT_EQ(windlass({"task", "archive", "second"}).code, 0);
  ASSERT_TRUE(following.wait_for("second", 2));
  EXPECT_THAT(following.out(), HasSubstr("archived"));
}

TEST_F(CliWatch, FollowWithJsonPrintsATaskALine) {
  RunningProgram following(with_broker({"task", "ls", "--follow", "--state", "pending", "--json"}));
  ASSERT_EQ(windlass({"enqueue", "t", "x", "--id", "a"}).code, 0) << "a queue that is not there yet";
  ASSERT_TRUE(following.wait_for("\n"));
  EXPECT_EQ(at(*codec::parse_json(following.out()), "id"), "a");
}

}  // namespace
}  // namespace windlass::testing
