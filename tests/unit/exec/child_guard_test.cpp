#include "exec/child_guard.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <windlass/log.hpp>

#include "exec/command.hpp"
#include "exec/spawn.hpp"

namespace windlass::exec {
namespace {

Child sleeper(const ChildGuard& guard) {
  Result<Child> child = spawn_child({"sleep", "600"}, environment_with({}), {.announce_to = guard.announce_fd()});
  if (!child) throw std::runtime_error(child.error().message());
  return *std::move(child);
}

int signal_of(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(ChildGuard, KillsWhatIsAnnouncedWhenItsOwnerGoes) {
  Child watched, finished;
  {
    const auto guard = ChildGuard::start();
    ASSERT_TRUE(guard);
    watched = sleeper(**guard);
    finished = sleeper(**guard);
    (*guard)->remove(finished.pid);
  }
  EXPECT_EQ(signal_of(watched.pid), SIGKILL);
  ::kill(finished.pid, SIGTERM);
  EXPECT_EQ(signal_of(finished.pid), SIGTERM) << "taken off the list before: left alone";
}

TEST(ChildGuard, IsInASessionOfItsOwn) {
  Child watched;
  {
    const auto guard = ChildGuard::start();
    ASSERT_TRUE(guard);
    watched = sleeper(**guard);
    EXPECT_NE(::getsid((*guard)->pid()), ::getsid(0)) << "^C at the terminal does not reach it";
  }
  EXPECT_EQ(signal_of(watched.pid), SIGKILL);
}

TEST(ChildGuard, CommandsRunOnWhenTheGuardItselfWasKilled) {
  const auto guard = ChildGuard::start();
  ASSERT_TRUE(guard);
  ::kill((*guard)->pid(), SIGKILL);
  CommandSpec spec;
  spec.argv = {"echo", "alive"};
  spec.guard = guard->get();
  EXPECT_EQ(run_command(spec, {}).output, "alive\n");
  EXPECT_EQ(run_command(spec, {}).output, "alive\n");
}

class CountLines final : public LogSink {
 public:
  void write(const LogRecord&) override { ++lines; }
  std::atomic<int> lines = 0;
};

std::atomic<int> g_signals = 0;

// Whether the thread is in the system call that sends.
bool is_sending(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/syscall");
  long number = -1;
  return file >> number && number == SYS_sendto;
}

// A signal that comes while the worker waits for room on the way to the guard.
TEST(ChildGuard, ASlowGuardIsNotTakenForADeadOne) {
  const auto lines = std::make_shared<CountLines>();
  set_log_sink(lines);
  struct sigaction count {}, before {};
  count.sa_handler = [](int) { ++g_signals; };
  ::sigaction(SIGUSR1, &count, &before);
  const auto guard = ChildGuard::start();
  ASSERT_TRUE(guard);
  ::kill((*guard)->pid(), SIGSTOP);
  std::atomic<pid_t> thread = 0;
  std::thread worker([&] {
    thread = ::gettid();
    for (pid_t group = 1; group < 10000; ++group) (*guard)->remove(group);
  });
  for (int i = 1; i <= 10; ++i) {
    while (thread == 0 || !is_sending(thread)) ::sched_yield();
    ::pthread_kill(worker.native_handle(), SIGUSR1);
    while (g_signals < i) ::sched_yield();
  }
  ::kill((*guard)->pid(), SIGCONT);
  worker.join();
  EXPECT_EQ(lines->lines, 0) << "it was said to be gone";
  ::sigaction(SIGUSR1, &before, nullptr);
  set_log_sink(make_stream_sink(2, LogFormat::kText));
}

TEST(ChildGuard, ACommandIsTakenOffTheListAtItsEnd) {
  const auto guard = ChildGuard::start();
  ASSERT_TRUE(guard);
  CommandSpec spec;
  spec.argv = {"true"};
  spec.guard = guard->get();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(run_command(spec, {}).exit_code, 0);
}

// The number of a group that never ran may be another's by the time the guard ends.
TEST(ChildGuard, ACommandThatCannotBeStartedIsNotOnTheList) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  const Fd ours(ends[0]), guards(ends[1]);
  ASSERT_FALSE(spawn_child({"/dev/null"}, {}, {.announce_to = ours.get()}));
  pid_t begun = 0, over = 0;
  ASSERT_EQ(::recv(guards.get(), &begun, sizeof begun, MSG_DONTWAIT), ssize_t{sizeof begun});
  ASSERT_EQ(::recv(guards.get(), &over, sizeof over, MSG_DONTWAIT), ssize_t{sizeof over}) << "it is never taken off";
  EXPECT_GT(begun, 0);
  EXPECT_EQ(over, -begun);
}

TEST(ChildGuard, AProgramThatCannotBeStartedIsAnError) {
  const auto guard = ChildGuard::start("/windlass-no-such-program");
  ASSERT_FALSE(guard);
  EXPECT_EQ(guard.error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace windlass::exec
