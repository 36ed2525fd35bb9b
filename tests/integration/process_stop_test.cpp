// Hard timeouts and cancelling: a run that is told to stop does stop, and never runs twice at once.
#include <signal.h>

#include "process_fixture.hpp"
#include "running_program.hpp"

namespace windlass::testing {
namespace {

// A run that must get somewhere before it is stopped is for a child that is there already: run("ok") starts it.
EnqueueOptions for_a_second() { return EnqueueOptions().max_retry(0).timeout(1s); }

TEST_F(ProcessTest, ATimeoutEndsALoopAndASleep) {
  for (const char* type : {"spin", "sleep"}) {
    run("ok");
    const TaskInfo info = run(type, dir.file(type), for_a_second());
    EXPECT_EQ(info.state, TaskState::kArchived) << type;
    EXPECT_EQ(info.failure.kind, FailureKind::kTimeout) << type;
    // On a busy machine it may be killed before it has ended on SIGTERM.
    EXPECT_THAT(info.failure.message, HasSubstr("SIGTERM")) << type;
    EXPECT_EQ(info.crashes, 0) << type << ": it was the server that ended the child";
  }
  EXPECT_EQ(run("ok").state, TaskState::kCompleted);
}

TEST_F(ProcessTest, AHandlerThatIgnoresSigtermIsKilled) {
  run("ok");
  const std::string mark = dir.file("mark");
  const TaskInfo info = run("ignore-term", mark, for_a_second());
  EXPECT_EQ(info.failure.kind, FailureKind::kTimeout);
  EXPECT_THAT(info.failure.message, HasSubstr("killed"));
  EXPECT_FALSE(process_lives(marked_pid(mark)));
}

TEST_F(ProcessTest, AStoppedChildTakesItsGrandchildrenAlong) {
  run("ok");
  const std::string mark = dir.file("mark");
  EXPECT_EQ(run("grandchild", mark, for_a_second()).failure.kind, FailureKind::kTimeout);
  const pid_t grandchild = marked_pid(mark);
  EXPECT_TRUE(eventually([&] { return !process_lives(grandchild); }));
}

TEST_F(ProcessTest, AHandlerThatHearsTheStopTokenEndsByItselfAndItsChildGoesOn) {
  config.isolation.grace = 60s;
  const TaskInfo before = run("ok");
  const TaskInfo info = run("wait-for-stop", dir.file("mark"), for_a_second());
  EXPECT_EQ(info.failure.kind, FailureKind::kTimeout);
  EXPECT_THAT(info.failure.message, HasSubstr("told to stop: timeout"));
  EXPECT_EQ(run("ok").result, before.result) << "the same process";
}

TEST_F(ProcessTest, ACancelForGoodArchivesWhateverRetriesAreLeft) {
  start();
  const std::string mark = dir.file("mark");
  const std::string id = enqueue("sleep", mark, EnqueueOptions().max_retry(25));
  const pid_t child = marked_pid(mark);
  get(Inspector(broker).cancel("default", id, Cancel::kForGood));
  get(server->wait_until_empty());
  EXPECT_EQ(task(id).state, TaskState::kArchived);
  EXPECT_EQ(task(id).failure.kind, FailureKind::kCancelled);
  EXPECT_EQ(task(id).retried, 0);
  EXPECT_FALSE(process_lives(child));
}

TEST_F(ProcessTest, AStoppingServerGivesItsTasksBackOnceTheirProcessesAreGone) {
  config.shutdown_timeout = 0s;
  config.isolation.grace = 60s;
  start();
  const std::string mark = dir.file("mark");
  const std::string id = enqueue("ignore-term", mark, EnqueueOptions().max_retry(0));
  const pid_t child = marked_pid(mark);
  server->stop();
  EXPECT_FALSE(process_lives(child));
  EXPECT_EQ(task(id).state, TaskState::kPending) << "not a failure of the task";
  EXPECT_EQ(task(id).retried, 0);
}

TEST_F(ProcessTest, AShutdownDoesNotWaitForTheGraceOfATimeout) {
  config.shutdown_timeout = 0s;
  config.isolation.grace = 60s;
  start();
  const std::string mark = dir.file("mark");
  const std::string id = enqueue("ignore-stop", mark, for_a_second());
  const pid_t child = marked_pid(mark);
  server->stop();
  EXPECT_FALSE(process_lives(child));
  EXPECT_EQ(task(id).failure.kind, FailureKind::kTimeout);
}

TEST_F(ProcessTest, TheOthersInAChildThatHadToBeStoppedPayNothing) {
  config.concurrency = 4;
  run("shared:ok");
  const std::string first = dir.file("first"), second = dir.file("second");
  const std::string stuck = enqueue("shared:wait", first, EnqueueOptions().max_retry(0).timeout(3s));
  const std::string other = enqueue("shared:wait", second);
  ASSERT_EQ(marked(first), marked(second)) << "both run in one child";
  get(server->wait_until_empty());
  EXPECT_EQ(task(stuck).failure.kind, FailureKind::kTimeout);
  EXPECT_EQ(task(other).state, TaskState::kCompleted);
  EXPECT_EQ(task(other).retried, 0);
  EXPECT_EQ(task(other).crashes, 0);
}

TEST_F(ProcessTest, ASigtermFromElsewhereDoesNotEndAChild) {
  start();
  const std::string mark = dir.file("mark");
  const std::string id = enqueue("wait-for-stop", mark, EnqueueOptions().max_retry(0));
  EXPECT_EQ(RunningProgram({"kill", "-TERM", marked(mark)}).wait(), 0);
  get(Inspector(broker).cancel("default", id, Cancel::kForGood));
  get(server->wait_until_empty());
  EXPECT_THAT(task(id).failure.message, HasSubstr("told to stop: cancelled")) << "the handler said so, so it lived";
}

TEST_F(ProcessTest, HalfAFrameOnTheControlSocketHoldsUpNobody) {
  run("ok");
  EXPECT_EQ(run("half-a-frame", {}, for_a_second()).failure.kind, FailureKind::kTimeout);
}

TEST_F(ProcessTest, AStoppedProcessIsEndedToo) {
  run("ok");
  const std::string mark = dir.file("mark");
  const std::string id = enqueue("sleep", mark, for_a_second());
  ::kill(marked_pid(mark), SIGSTOP);
  get(server->wait_until_empty());
  EXPECT_EQ(task(id).failure.kind, FailureKind::kTimeout);
}

}  // namespace
}  // namespace windlass::testing
