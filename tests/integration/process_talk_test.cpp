// What goes over the border between a server and its handler processes, and how they wear out.
#include <cstdlib>
#include <set>

#include "process_fixture.hpp"

namespace windlass::testing {
namespace {

TEST_F(ProcessTest, TheHandlerSeesTheWholeContext) {
  const TimePoint deadline(4102444800s), due(1700000000s);
  const TaskInfo info =
      run("context", "p\xC3\xA4yload",
          once().task_id("t-1").max_retry(7).deadline(deadline).process_at(due).header("a", "1").header("b", "2"));
  EXPECT_EQ(info.result,
            "t-1|default|context|p\xC3\xA4yload|0/7|4102444800|" +
                std::to_string(std::chrono::floor<std::chrono::seconds>(info.enqueued_at.time_since_epoch()).count()) +
                "|a=1|b=2");
}

TEST_F(ProcessTest, OutcomesComeBackAsTheyWere) {
  start();
  EXPECT_EQ(run("skip", {}, EnqueueOptions().max_retry(9)).failure, Failure(FailureKind::kError, "never"));
  EXPECT_EQ(run("throw").failure.message, "std::runtime_error: no such host");
  const std::string snoozed = enqueue("snooze");
  EXPECT_TRUE(eventually([&] { return task(snoozed).state == TaskState::kScheduled; }));
  get(Inspector(broker).delete_task("default", snoozed));
  EXPECT_EQ(run("unknown").failure.kind, FailureKind::kNoHandler);
}

TEST_F(ProcessTest, ProgressIsSeenWhileTheHandlerRuns) {
  start();
  const std::string mark = dir.file("mark");
  const std::string id = enqueue("progress", mark, EnqueueOptions().max_retry(0).timeout(30s));
  marked(mark);
  EXPECT_TRUE(eventually([&] { return task(id).progress == Progress{40, "halfway"}; }));
  get(Inspector(broker).cancel("default", id, Cancel::kForGood));
}

TEST_F(ProcessTest, LogLinesAndOutputCarryTheTask) {
  auto lines = keep_lines();
  const TaskInfo info = run("log");
  const std::string fields = " task=" + info.id + " queue=default type=log attempt=1";
  EXPECT_THAT(lines->lines(), Contains("from the handler" + fields + " step=one width=640"));
  EXPECT_THAT(lines->lines(), Contains("a line on stderr" + fields + " stream=output"));
  EXPECT_THAT(lines->lines(), Contains("a line on stdout" + fields + " stream=output"));
}

TEST_F(ProcessTest, TheLastOutputStaysWithAFailedTask) {
  run("log");
  EXPECT_EQ(run("fail").failure.detail, "before the failure\n") << "and nothing of the task before";
}

TEST_F(ProcessTest, AFloodOfOutputIsReadButNotAllLogged) {
  auto lines = keep_lines();
  const TaskInfo info = run("flood");
  EXPECT_EQ(info.failure.message, "flooded");
  EXPECT_THAT(info.failure.detail, HasSubstr("the end of the flood"));
  EXPECT_LT(info.failure.detail.size(), 16u << 10);
  EXPECT_TRUE(lines->hold("more output is not logged"));
  EXPECT_LT(lines->lines().size(), 1000u);
}

TEST_F(ProcessTest, ALargeResultComesBackWhole) {
  EXPECT_EQ(run("result", std::to_string(64u << 20)).result, std::string(64u << 20, 'r'));
}

TEST_F(ProcessTest, AResultThatIsLongerThanTheStoreTakesIsDroppedAndTheTaskIsDone) {
  const TaskInfo info = run("result", std::to_string((64u << 20) + 1));
  EXPECT_EQ(info.state, TaskState::kCompleted);
  EXPECT_FALSE(info.result);
}

TEST_F(ProcessTest, LimitsFolderAndEnvironmentAreSet) {
  ::setenv("WINDLASS_TEST_KEPT", "yes", 1);
  ::setenv("WINDLASS_TEST_DROPPED", "yes", 1);
  const TaskInfo info = run("limits");
  EXPECT_THAT(*info.result, HasSubstr("files=64 "));
  EXPECT_THAT(*info.result, HasSubstr("nice=3 folder=/ kept=yes dropped=- child=-"));
}

TEST_F(ProcessTest, OpenFilesAreLimited) { EXPECT_EQ(run("open-files").result, "47 EMFILE"); }

TEST_F(ProcessTest, AddressSpaceIsLimited) {
  if (kAddressSanitizer) GTEST_SKIP() << "AddressSanitizer takes more address space than any limit allows";
  EXPECT_THAT(*run("limits-memory").result, HasSubstr(" memory=1073741824 "));
}

TEST_F(ProcessTest, AFailureThatIsLongerThanTheStoreTakesIsCut) {
  set_log_level(LogLevel::kOff);
  const Failure failure = run("throw-long").failure;
  EXPECT_EQ(failure.kind, FailureKind::kException);
  EXPECT_THAT(failure.message, AllOf(HasSubstr("std::runtime_error: xxx"), HasSubstr("more bytes")));
  EXPECT_LT(failure.message.size(), 2u << 20);
}

TEST_F(ProcessTest, AWorkingFolderThatIsNotThereIsAnErrorThatSaysSo) {
  config.isolation.working_folder = "/no/such/folder";
  EXPECT_THAT(run("ok").failure.message, AllOf(HasSubstr("working folder"), HasSubstr("No such file")));
}

TEST_F(ProcessTest, AChildIsReplacedAfterItsTasks) {
  std::vector<std::string> pids;
  for (int i = 0; i < 7; ++i) pids.push_back(*run("three").result);
  EXPECT_EQ(pids[0], pids[2]);
  EXPECT_NE(pids[2], pids[3]);
  EXPECT_EQ(pids[3], pids[5]);
  EXPECT_NE(pids[5], pids[6]);
}

TEST_F(ProcessTest, AChildThatHoldsTooMuchMemoryIsReplaced) {
  const std::string first = *run("grow").result;
  EXPECT_NE(*run("grow").result, first);
}

TEST_F(ProcessTest, ChildrenStayForTheNextTask) {
  std::set<std::string> pids;
  for (int i = 0; i < 20; ++i) pids.insert(*run("ok").result);
  EXPECT_EQ(pids.size(), 1u);
}

TEST_F(ProcessTest, AChildThatDiesWhileItIsFreeIsReplaced) {
  const pid_t idle = std::stoi(*run("ok").result);
  ::kill(idle, SIGKILL);
  EXPECT_TRUE(eventually([&] { return !process_lives(idle); }));
  const TaskInfo next = run("ok", {}, once().max_retry(1));
  EXPECT_EQ(next.state, TaskState::kCompleted);
}

}  // namespace
}  // namespace windlass::testing
