// What a handler does to its process fails its task, and nothing else.
#include <signal.h>

#include "process_fixture.hpp"

namespace windlass::testing {
namespace {

// The worker lives, and the next task runs.
#define EXPECT_WORKER_GOES_ON() EXPECT_EQ(run("ok").state, TaskState::kCompleted)

TEST_F(ProcessTest, ASegfaultIsAFailedTask) {
  const TaskInfo info = run("segv");
  EXPECT_EQ(info.state, TaskState::kArchived);
  EXPECT_EQ(info.failure.kind, FailureKind::kSignal);
  EXPECT_EQ(info.failure.signal, SIGSEGV);
  EXPECT_THAT(info.failure.message, HasSubstr("SIGSEGV"));
  EXPECT_EQ(info.crashes, 1);
  EXPECT_WORKER_GOES_ON();
}

TEST_F(ProcessTest, ACrashLeavesABacktrace) {
  EXPECT_THAT(run("segv").failure.detail, HasSubstr("process_tests"));
}

TEST_F(ProcessTest, AnAbortIsASignal) {
  EXPECT_EQ(run("abort").failure.signal, SIGABRT);
  EXPECT_WORKER_GOES_ON();
}

TEST_F(ProcessTest, AnExitIsAFailureWhateverItsCode) {
  for (const char* type : {"exit", "_exit"}) {
    for (const int code : {0, 3}) {
      const TaskInfo info = run(type, std::to_string(code));
      EXPECT_EQ(info.state, TaskState::kArchived) << type;
      EXPECT_EQ(info.failure.kind, FailureKind::kExitCode) << type;
      // At an exit() in the middle of everything AddressSanitizer finds leaks, and puts its own code in place.
      if (kAddressSanitizer && std::string(type) == "exit") continue;
      EXPECT_EQ(info.failure.exit_code, code) << type;
      EXPECT_THAT(info.failure.message, HasSubstr("exited with code " + std::to_string(code))) << type;
    }
  }
  EXPECT_WORKER_GOES_ON();
}

TEST_F(ProcessTest, AStackOverflowIsASegfault) {
  EXPECT_EQ(run("overflow").failure.signal, SIGSEGV);
  EXPECT_WORKER_GOES_ON();
}

TEST_F(ProcessTest, ADoubleFreeIsContained) {
  const TaskInfo info = run("double-free");
  // The C library aborts; AddressSanitizer reports, and exits.
  EXPECT_EQ(info.failure.kind, kAddressSanitizer ? FailureKind::kExitCode : FailureKind::kSignal);
  EXPECT_THAT(info.failure.detail, HasSubstr("double"));
  EXPECT_WORKER_GOES_ON();
}

TEST_F(ProcessTest, AKillFromOutsideIsNamed) {
  const TaskInfo info = run("kill");
  EXPECT_EQ(info.failure.kind, FailureKind::kSignal);
  EXPECT_EQ(info.failure.signal, SIGKILL);
  EXPECT_WORKER_GOES_ON();
}

TEST_F(ProcessTest, MemoryBeyondTheLimitIsAFailureOfItsOwnKind) {
  if (kAddressSanitizer) GTEST_SKIP() << "AddressSanitizer takes more address space than any limit allows";
  for (const char* type : {"eat", "eat-in-c"}) {
    const TaskInfo info = run(type);
    EXPECT_EQ(info.state, TaskState::kArchived) << type;
    EXPECT_EQ(info.failure.kind, FailureKind::kMemory) << type << ": " << info.failure.message;
  }
  EXPECT_WORKER_GOES_ON();
}

TEST_F(ProcessTest, ACpuLimitEndsALoop) {
  const TaskInfo info = run("spin-limited");
  EXPECT_EQ(info.failure.signal, SIGXCPU);
  EXPECT_THAT(info.failure.message, HasSubstr("more CPU time than 1s"));
  EXPECT_WORKER_GOES_ON();
}

TEST_F(ProcessTest, AChildThatIsKilledWhileItsResultIsOnItsWayLosesNothing) {
  config.crash_limit = 0;
  for (int i = 0; i < 20; ++i) {
    const TaskInfo info = run("ok-then-kill", {}, once().max_retry(1000));
    EXPECT_EQ(info.state, TaskState::kCompleted) << "once it got through, and retried until then";
    EXPECT_EQ(info.result, "kept");
    EXPECT_EQ(info.crashes, info.retried);
  }
}

TEST_F(ProcessTest, AHandlerThatClosesAllDescriptorsLosesItsChildOnly) {
  for (const char* type : {"close-all", "close-all-and-sleep"}) {
    const TaskInfo info = run(type);
    EXPECT_EQ(info.state, TaskState::kArchived) << type;
    EXPECT_EQ(info.failure.kind, FailureKind::kError) << type;
    EXPECT_THAT(info.failure.message, HasSubstr("connection")) << type;
  }
  EXPECT_WORKER_GOES_ON();
}

TEST_F(ProcessTest, AHandlerMayCloseItsStandardStreams) {
  EXPECT_EQ(run("close-standard").state, TaskState::kCompleted);
  EXPECT_WORKER_GOES_ON();
}

TEST_F(ProcessTest, AChildThatDiesBetweenItsResultAndItsEndHasNotDoneTheTask) {
  const TaskInfo info = run("result-then-kill");
  EXPECT_EQ(info.state, TaskState::kArchived);
  EXPECT_EQ(info.failure.signal, SIGKILL);
  EXPECT_EQ(info.crashes, 1);
  EXPECT_WORKER_GOES_ON();
}

TEST_F(ProcessTest, BytesThatAreNoFramesEndTheChild) {
  EXPECT_THAT(run("write-into-all").failure.message, HasSubstr("no frame"));
  EXPECT_WORKER_GOES_ON();
}

TEST_F(ProcessTest, ACrashTakesItsGrandchildrenAlong) {
  const std::string mark = dir.file("mark");
  EXPECT_EQ(run("grandchild-then-segv", mark).failure.signal, SIGSEGV);
  const pid_t grandchild = marked_pid(mark);
  EXPECT_TRUE(eventually([&] { return !process_lives(grandchild); }));
}

TEST_F(ProcessTest, ACrashIsRetriedLikeAnyFailure) {
  config.crash_limit = 0;
  const TaskInfo info = run("segv", {}, EnqueueOptions().max_retry(4));
  EXPECT_EQ(info.state, TaskState::kArchived);
  EXPECT_EQ(info.retried, 4);
  EXPECT_EQ(info.crashes, 5);
  EXPECT_EQ(info.failure.kind, FailureKind::kSignal);
}

TEST_F(ProcessTest, ATaskThatKilledThreeChildrenIsPoison) {
  const TaskInfo info = run("segv", {}, EnqueueOptions().max_retry(25));
  EXPECT_EQ(info.state, TaskState::kArchived);
  EXPECT_EQ(info.crashes, 3);
  EXPECT_EQ(info.retried, 2);
  EXPECT_EQ(info.failure.kind, FailureKind::kCrashed);
  EXPECT_EQ(info.failure.signal, SIGSEGV);
  EXPECT_THAT(info.failure.message, HasSubstr("SIGSEGV"));
}

TEST_F(ProcessTest, OtherFailuresOfAHandlerAreNoCrashes) {
  const TaskInfo info = run("throw", {}, EnqueueOptions().max_retry(4));
  EXPECT_EQ(info.retried, 4);
  EXPECT_EQ(info.crashes, 0);
  EXPECT_EQ(info.failure.kind, FailureKind::kException);
  EXPECT_EQ(info.failure.message, "std::runtime_error: no such host");
}

TEST_F(ProcessTest, TheOtherTasksOfAChildAreGivenBackAndPayNothing) {
  config.concurrency = 4;
  start();
  const std::string first = dir.file("first"), second = dir.file("second");
  const std::string a = enqueue("shared:wait", first), b = enqueue("shared:wait", second);
  ASSERT_EQ(marked(first), marked(second)) << "both run in one child";
  const TaskInfo culprit = run("shared:segv");
  EXPECT_EQ(culprit.failure.signal, SIGSEGV);
  for (const std::string& id : {a, b}) {
    EXPECT_EQ(task(id).state, TaskState::kCompleted) << "it ran again, and to its end";
    EXPECT_EQ(task(id).retried, 0);
    EXPECT_EQ(task(id).crashes, 0);
  }
}

TEST_F(ProcessTest, WhereNobodyKnowsWhichTaskItWasNobodyPaysButAllAreSuspects) {
  config.concurrency = 4;
  config.crash_limit = 0;
  start();
  const std::string mark = dir.file("mark");
  const std::string bystander = enqueue("shared:wait", mark);
  marked(mark);
  const TaskInfo culprit = run("shared:_exit", {}, EnqueueOptions().max_retry(0));
  EXPECT_EQ(task(bystander).state, TaskState::kCompleted);
  EXPECT_EQ(task(bystander).retried, 0);
  EXPECT_GE(task(bystander).crashes, 1);
  EXPECT_EQ(culprit.state, TaskState::kArchived) << "alone in a child, it could no longer hide";
  EXPECT_EQ(culprit.failure.exit_code, 9);
}

}  // namespace
}  // namespace windlass::testing
