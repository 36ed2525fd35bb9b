// windlass work: commands as handlers, in processes that are killed, stopped and woken.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "cli_fixture.hpp"
#include "exec/fd.hpp"
#include "running_program.hpp"

namespace windlass::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::HasSubstr;

class CliWork : public Cli {
 protected:
  void enqueue(const std::string& type, const std::string& id, Arguments more = {}) {
    Arguments arguments{"enqueue", type, "x", "--id", id, "--retention", "1h"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = windlass(arguments);
    ASSERT_EQ(ran.code, 0) << ran.err;
  }
  // `windlass work` with these rules, running until somebody ends it.
  RunningProgram start_worker(const Arguments& rules) {
    Arguments arguments{"work", "--shutdown-timeout", "30s"};
    for (const std::string& rule : rules) arguments.insert(arguments.end(), {"--exec", rule});
    return RunningProgram(with_broker(arguments));
  }
  // Waits until the task is in that state; the store has no other way to tell us.
  bool becomes(const std::string& id, const std::string& state) {
    for (int i = 0; i < 1000; ++i) {
      if (at(inspect(id), "state") == state) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
};

TEST_F(CliWork, RunsWhatIsThereInAllQueuesAndEnds) {
  enqueue("hello", "a");
  enqueue("hello:world", "b", {"--queue", "low"});
  enqueue("hello", "c", {"--queue", "critical", "--in", "300ms"});
  const Ran ran = work_all("hello=cat", {"--concurrency", "4", "--queues", "critical=6,default=3,low=1"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  for (const char* id : {"a", "b", "c"}) {
    EXPECT_EQ(at(inspect(id), "state"), "completed") << id;
    EXPECT_EQ(at(inspect(id), "result"), "x") << id;
  }
}

TEST_F(CliWork, TheCommandSeesItsTask) {
  enqueue("greet", "id-7", {"--header", "lang=de"});
  ASSERT_EQ(work_all(R"(greet=sh -c 'echo "$0 $WINDLASS_TASK_ID $WINDLASS_HEADER_LANG" {queue}; cat' {type})").code, 0);
  EXPECT_EQ(at(inspect("id-7"), "result"), "greet id-7 de default\nx");
}

TEST_F(CliWork, ACrashIsAFailedTaskAndNotADeadWorker) {
  enqueue("boom", "b1", {"--max-retry", "0"});
  enqueue("fine", "f1");
  const Ran ran = windlass({"work", "--exec", R"(boom=sh -c "kill -SEGV $$")", "--exec", "fine=cat", "--until-empty"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const codec::Value task = inspect("b1");
  EXPECT_EQ(at(task, "state"), "archived");
  EXPECT_EQ(at(task, "failure.kind"), "signal");
  EXPECT_EQ(at(task, "failure.signal"), "SIGSEGV");
  EXPECT_EQ(at(inspect("f1"), "state"), "completed");
}

TEST_F(CliWork, ATimeoutReallyStopsTheCommand) {
  enqueue("slow", "s1", {"--max-retry", "0", "--timeout", "1s"});
  EXPECT_EQ(work_all("slow=sleep 60").code, 0);
  const codec::Value task = inspect("s1");
  EXPECT_EQ(at(task, "state"), "archived");
  EXPECT_EQ(at(task, "failure.kind"), "timeout");
  EXPECT_THAT(at(task, "failure.message"), HasSubstr("SIGTERM"));
}

TEST_F(CliWork, MemoryBeyondTheLimitIsAFailureOfItsOwnKind) {
  enqueue("eat", "e1", {"--max-retry", "0"});
  // tail keeps the only line that it gets.
  EXPECT_EQ(windlass({"work", "--exec", "eat=sh -c 'head -c 300000000 /dev/zero | tail >/dev/null'", "--memory-max", "100MiB", "--until-empty"}).code, 0);
  EXPECT_EQ(at(inspect("e1"), "failure.kind"), "memory");
}

TEST_F(CliWork, CommandsRunAsAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can run commands as another user";
  enqueue("who", "w1");
  EXPECT_EQ(windlass({"work", "--exec", "who=sh -c 'id -un; id -Gn'", "--user", "nobody", "--until-empty"}).code, 0);
  EXPECT_EQ(at(inspect("w1"), "result"), "nobody\nnogroup\n");
}

TEST_F(CliWork, AUserThatIsNotThereIsWrongUse) {
  const Ran ran = windlass({"work", "--exec", "a=true", "--user", "no-such-user"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("there is no user 'no-such-user'"));
}

TEST_F(CliWork, AShutdownDoesNotWaitForACommandThatIgnoresSigterm) {
  RunningProgram worker(with_broker({"work", "--shutdown-timeout", "0s", "--exec", "stubborn=sh -c 'trap \"\" TERM; echo up >&2; sleep 600 & wait; wait'"}));
  enqueue("stubborn", "s1", {"--max-retry", "0"});
  ASSERT_TRUE(worker.wait_for_error("up"));
  EXPECT_EQ(worker.end(), 0);
  EXPECT_EQ(at(inspect("s1"), "state"), "pending");
}

TEST_F(CliWork, ExitCodesDecideAndTheErrorsAreKept) {
  enqueue("t", "no", {"--max-retry", "0"});
  enqueue("t", "never");
  EXPECT_EQ(work_all("t=sh -c 'echo because {id} >&2; test {id} = never && exit 76; exit 3'").code, 0);
  EXPECT_EQ(at(inspect("no"), "failure.kind"), "exit_code");
  EXPECT_EQ(at(inspect("no"), "failure.exit_code"), "3");
  EXPECT_EQ(at(inspect("no"), "failure.message"), "command exited with code 3: because no");
  EXPECT_EQ(at(inspect("no"), "failure.detail"), "because no\n");
  EXPECT_EQ(at(inspect("never"), "state"), "archived") << "76: never again, whatever retries are left";
  EXPECT_EQ(at(inspect("never"), "retried"), "0");
}

TEST_F(CliWork, WhatACommandSaysIsLoggedWithItsTask) {
  enqueue("t", "id-9");
  const Ran ran = windlass({"--log-format", "json", "work", "--exec", "t=sh -c 'echo said something >&2'", "--until-empty"});
  bool found = false;
  std::istringstream lines(ran.err);
  for (std::string line; std::getline(lines, line);) {
    found = found || (line.find("said something") != line.npos && line.find("\"id-9\"") != line.npos);
  }
  EXPECT_TRUE(found) << ran.err;
}

TEST_F(CliWork, ATaskThatExpiredIsNeverRun) {
  enqueue("t", "late", {"--expires-in", "1ms"});
  ASSERT_EQ(work_all("t=touch " + path("ran")).code, 0);
  EXPECT_EQ(at(inspect("late"), "failure.kind"), "expired");
  EXPECT_FALSE(std::filesystem::exists(path("ran")));
}

TEST_F(CliWork, AnEnqueueWakesAWorkerInAnotherProcess) {
  RunningProgram worker = start_worker({"t=sh -c 'echo run >" + make_fifo("ran") + "'"});
  enqueue("t", "a");
  EXPECT_EQ(read_file(path("ran")), "run\n");
  EXPECT_TRUE(becomes("a", "completed"));
  worker.signal(SIGTERM);
  EXPECT_EQ(worker.wait(), 0) << worker.err();
}

TEST_F(CliWork, SigtermLetsTheRunningCommandFinish) {
  const std::string started = make_fifo("started"), go = make_fifo("go");
  RunningProgram worker = start_worker({"t=sh -c 'echo >" + started + "; cat " + go + "'"});
  enqueue("t", "a");
  read_file(started);
  worker.signal(SIGTERM);
  write_file(go, "finished");
  EXPECT_EQ(worker.wait(), 0) << worker.err();
  EXPECT_EQ(at(inspect("a"), "state"), "completed");
  EXPECT_EQ(at(inspect("a"), "result"), "finished");
}

TEST_F(CliWork, ASecondSignalEndsTheWorkerAndItsCommandsAtOnce) {
  const std::string started = make_fifo("started");
  RunningProgram worker = start_worker({"t=sh -c 'echo $$ >" + started + "; exec sleep 600'"});
  enqueue("t", "a");
  const pid_t command = std::stoi(read_file(started));
  const exec::Fd watch(static_cast<int>(::syscall(SYS_pidfd_open, command, 0)));
  worker.signal(SIGINT);
  worker.signal(SIGTERM);
  EXPECT_THAT(worker.wait(), AnyOf(128 + SIGINT, 128 + SIGTERM));
  pollfd ended{watch.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 50000), 1) << "the command outlived its worker";
}

TEST_F(CliWork, SigtstpTakesNoNewTasksAndLetsRunningOnesEnd) {
  const std::string started = make_fifo("started"), go = make_fifo("go");
  RunningProgram worker = start_worker({"t=sh -c 'echo >" + started + "; cat " + go + "'"});
  enqueue("t", "running");
  read_file(started);
  worker.signal(SIGTSTP);
  ASSERT_TRUE([&] {
    for (int i = 0; i < 1000; ++i) {
      if (windlass({"server", "ls", "--json"}).out.find("\"stopped\"") != std::string::npos) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }());
  enqueue("t", "later");
  write_file(go, "");
  EXPECT_TRUE(becomes("running", "completed"));
  EXPECT_EQ(at(inspect("later"), "state"), "pending");
  worker.signal(SIGTERM);
  EXPECT_EQ(worker.wait(), 0) << worker.err();
}

TEST_F(CliWork, AWorkerKilledInMidTaskLosesNothing) {
  const std::string started = make_fifo("started");
  RunningProgram first = start_worker({"t=sh -c 'echo $$ >" + started + "; exec sleep 600'"});
  enqueue("t", "a");
  const pid_t command = std::stoi(read_file(started));
  const exec::Fd watch(static_cast<int>(::syscall(SYS_pidfd_open, command, 0)));
  enqueue("t", "b");
  first.signal(SIGKILL);
  EXPECT_EQ(first.wait(), 128 + SIGKILL);
  pollfd ended{watch.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 50000), 1) << "the command outlived its worker";

  EXPECT_EQ(work_all("t=cat").code, 0);
  for (const char* id : {"a", "b"}) {
    EXPECT_EQ(at(inspect(id), "state"), "completed") << id;
    EXPECT_EQ(at(inspect(id), "retried"), "0") << "the death of a worker costs the task no retry";
  }
  EXPECT_EQ(at(inspect("a"), "crashes"), "1");
}

TEST_F(CliWork, CancelStopsARunningCommand) {
  const std::string started = make_fifo("started");
  RunningProgram worker = start_worker({"t=sh -c 'echo >" + started + "; exec sleep 600'"});
  enqueue("t", "a");
  read_file(started);
  ASSERT_TRUE(becomes("a", "active"));
  EXPECT_EQ(windlass({"task", "cancel", "a", "--for-good"}).code, 0);
  EXPECT_TRUE(becomes("a", "archived"));
  EXPECT_EQ(at(inspect("a"), "failure.kind"), "cancelled");
  worker.signal(SIGTERM);
  EXPECT_EQ(worker.wait(), 0) << worker.err();
}

TEST_F(CliWork, RefusesRulesThatCannotWork) {
  const std::pair<Arguments, const char*> cases[] = {
      {{"work"}, "--exec"},
      {{"work", "--exec", "cat"}, "PATTERN=COMMAND"},
      {{"work", "--exec", "t="}, "empty"},
      {{"work", "--exec", "t=sh -c 'oops"}, "not closed"},
      {{"work", "--exec", "t=windlass-no-such-command"}, "windlass-no-such-command"},
      {{"work", "--exec", "t=cat", "--exec", "t=cat"}, "t"},
      {{"work", "--exec", "t=cat", "--queues", "a=0"}, "--queues"},
      {{"work", "--exec", "t=cat", "--queues", "a=x"}, "--queues"},
      {{"work", "--exec", "t=cat", "--queues", "a,a"}, "--queues"},
      {{"work", "--exec", "t=cat", "--concurrency", "0"}, "--concurrency"},
  };
  for (const auto& [arguments, says] : cases) {
    const Ran refused = windlass(arguments);
    EXPECT_EQ(refused.code, 2) << ::testing::PrintToString(arguments) << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(says));
  }
}

}  // namespace
}  // namespace windlass::testing
