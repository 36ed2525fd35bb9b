// A pool of handler processes that is closed while runs are in it.
#include "exec/process_pool.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "process_fixture.hpp"
#include "support/fake_context.hpp"

namespace windlass::testing {
namespace {

std::unique_ptr<exec::ProcessPool> start_pool() {
  return get(exec::ProcessPool::start({.isolation = Isolation::kProcess, .handlers_per_child = 1, .grace = 1h}));
}

// Whether the thread of this file in /proc waits for bytes from a socket.
bool waits_in_recv(const std::filesystem::path& thread) {
  std::ifstream file(thread / "syscall");
  long number = -1;
  return file >> number && number == SYS_recvfrom;
}

bool is_stopped(pid_t pid) {
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::ifstream file(thread.path() / "stat");
    std::string text;
    if (!std::getline(file, text) || text.find(") T ") == text.npos) return false;
  }
  return true;
}

// While it lives, this process opens no more files, so it starts none.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{3, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
};

// A stopping server gives up runs that do not end in time. Their threads are in the pool still.
TEST_F(ProcessTest, APoolThatIsClosedEndsTheRunsInItAndTakesNoMore) {
  auto pool = start_pool();
  FakeContext ctx("sleep", Payload(dir.file("mark")));
  auto report = std::async(std::launch::async, [&] { return pool->run(ctx); });
  const pid_t child = marked_pid(dir.file("mark"));
  pool->close();
  const exec::RunReport got = report.get();
  EXPECT_EQ(got.outcome.kind(), Outcome::Kind::kFail);
  EXPECT_EQ(got.loss, exec::ChildLoss::kNone) << "it was the server that ended the child";
  EXPECT_FALSE(process_lives(child));
  EXPECT_THAT(pool->run(ctx).outcome.failure().message, HasSubstr("the server stops"));
  EXPECT_TRUE(pool->children().empty());
}

// A task larger than a socket takes at once: it is not the task that ends them.
TEST_F(ProcessTest, ChildrenThatEndBeforeTheyReadATaskAreNotStartedForEver) {
  ::setenv("WINDLASS_TEST_DIES_EARLY", "1", 1);
  auto pool = start_pool();
  FakeContext ctx("sleep", Payload(std::string(4 << 20, 'x')));
  const exec::RunReport got = pool->run(ctx);
  ::unsetenv("WINDLASS_TEST_DIES_EARLY");
  EXPECT_EQ(got.outcome.kind(), Outcome::Kind::kFail);
  EXPECT_THAT(got.outcome.failure().message, HasSubstr("exited with code 9"));
  EXPECT_EQ(got.loss, exec::ChildLoss::kNone) << "the task has not done it";
}

// It is still in the socket when the child dies, of something that an earlier task has left behind.
TEST_F(ProcessTest, ATaskThatItsChildHasNotReadRunsInAnotherOneAndPaysNothing) {
  auto pool = start_pool();
  FakeContext first("ok"), second("ok");
  pool->run(first);
  const pid_t idle = std::stoi(*first.result());
  ::kill(idle, SIGSTOP);
  ASSERT_TRUE(eventually([&] { return is_stopped(idle); }));
  std::atomic<pid_t> thread = 0;
  auto report = std::async(std::launch::async, [&] {
    thread = ::gettid();
    return pool->run(second);
  });
  ASSERT_TRUE(eventually([&] { return thread != 0; }));
  ASSERT_TRUE(eventually([&] { return waits_in_recv("/proc/self/task/" + std::to_string(thread)); }));
  ::kill(idle, SIGKILL);
  const exec::RunReport got = report.get();
  EXPECT_EQ(got.outcome.kind(), Outcome::Kind::kDone) << got.outcome.failure().message;
  EXPECT_EQ(got.loss, exec::ChildLoss::kNone);
  EXPECT_NE(std::stoi(*second.result()), idle);
}

// The outcome is on its way, and nobody has read it yet.
TEST_F(ProcessTest, AChildThatIsKilledAfterItsHandlerHasReturnedLosesNothing) {
  auto pool = start_pool();
  FakeContext ctx("ok");
  ctx.on_result = [&] {
    const pid_t child = pool->children().at(0);
    ASSERT_TRUE(eventually([&] {
      using Threads = std::filesystem::directory_iterator;
      return std::ranges::count_if(Threads("/proc/" + std::to_string(child) + "/task"), Threads(),
                                   [](const auto& thread) { return waits_in_recv(thread.path()); }) == 2;
    })) << "control and lane: it waits for the next task";
    ::kill(child, SIGKILL);
    ASSERT_TRUE(eventually([&] { return pool->children().empty(); }));
  };
  const exec::RunReport got = pool->run(ctx);
  EXPECT_EQ(got.outcome.kind(), Outcome::Kind::kDone) << got.outcome.failure().message;
}

TEST_F(ProcessTest, WhereNoProcessCanBeStartedARunWaitsUntilItCan) {
  auto lines = keep_lines();
  auto pool = start_pool();
  FakeContext ctx("ok");
  std::future<exec::RunReport> report;
  {
    const NoMoreFiles low;
    report = std::async(std::launch::async, [&] { return pool->run(ctx); });
    EXPECT_TRUE(eventually([&] { return lines->hold("cannot start a handler process"); }));
  }
  EXPECT_EQ(report.get().outcome.kind(), Outcome::Kind::kDone);
}

TEST_F(ProcessTest, ARunThatWaitsForAProcessInVainIsGivenBackAndPaysNothing) {
  auto pool = start_pool();
  FakeContext ctx("ok");
  const NoMoreFiles low;
  const exec::RunReport got = pool->run(ctx);
  EXPECT_EQ(got.loss, exec::ChildLoss::kNotStarted);
  EXPECT_THAT(got.outcome.failure().message, HasSubstr("cannot start a handler process"));
}

TEST_F(ProcessTest, ARunThatWaitsForAProcessHearsThatItIsToStop) {
  auto lines = keep_lines();
  auto pool = start_pool();
  FakeContext ctx("ok");
  const NoMoreFiles low;
  auto report = std::async(std::launch::async, [&] { return pool->run(ctx); });
  EXPECT_TRUE(eventually([&] { return lines->hold("cannot start a handler process"); }));
  ctx.stop(StopReason::kTimeout);
  EXPECT_EQ(report.get().outcome.kind(), Outcome::Kind::kFail);
}

TEST_F(ProcessTest, WhereTheKernelThrowsTheStatusOfChildrenAwayTheFailureSaysSo) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  auto pool = start_pool();
  FakeContext exits("_exit", Payload("3")), crashes("segv");
  const Failure unknown = pool->run(exits).outcome.failure();
  EXPECT_THAT(unknown.message, HasSubstr("SIGCHLD"));
  EXPECT_EQ(unknown.kind, FailureKind::kError);
  EXPECT_EQ(pool->run(crashes).outcome.failure().signal, SIGSEGV) << "the child has said it itself";
  ::signal(SIGCHLD, before);
}

}  // namespace
}  // namespace windlass::testing
