#include "exec/command.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exec/signals.hpp"
#include "exec/spawn.hpp"

namespace windlass::exec {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using End = CommandResult::End;

CommandSpec shell(const std::string& script) {
  CommandSpec spec;
  spec.argv = {"sh", "-c", script};
  spec.grace = 200ms;
  return spec;
}

CommandResult run(const CommandSpec& spec) { return run_command(spec, {}); }

// A killed process ends a moment later; this waits for it, also where it is no child of ours.
bool is_gone_soon(pid_t pid) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.open()) return errno == ESRCH;
  pollfd ended{process.get(), POLLIN, 0};
  return ::poll(&ended, 1, 50000) == 1;
}

std::size_t open_descriptors() {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
  return n;
}

class TempFolder {
 public:
  TempFolder() {
    std::string name = ::testing::TempDir() + "windlass-exec-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

TEST(RunCommand, InputGoesInAndOutputComesBack) {
  CommandSpec spec;
  spec.argv = {"cat"};
  spec.input = "hello\n";
  const CommandResult result = run(spec);
  EXPECT_EQ(result.end, End::kExited);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, "hello\n");
  EXPECT_EQ(result.error_tail, "");
}

TEST(RunCommand, WithoutInputItReadsAnEmptyStream) {
  CommandSpec spec;
  spec.argv = {"wc", "-c"};
  EXPECT_EQ(run(spec).output, "0\n");
}

TEST(RunCommand, TheExitCodeIsReported) {
  const CommandResult result = run(shell("exit 75"));
  EXPECT_EQ(result.end, End::kExited);
  EXPECT_EQ(result.exit_code, 75);
}

TEST(RunCommand, ASignalIsNotAnExitCode) {
  const CommandResult result = run(shell("ulimit -c 0; kill -SEGV $$"));
  EXPECT_EQ(result.end, End::kSignalled);
  EXPECT_EQ(result.signal, SIGSEGV);
  EXPECT_FALSE(result.core_dumped);
  EXPECT_EQ(signal_name(result.signal), "SIGSEGV");
}

TEST(SignalName, KnowsRealTimeSignalsAndSurvivesNonsense) {
  EXPECT_EQ(signal_name(SIGKILL), "SIGKILL");
  EXPECT_EQ(signal_name(SIGRTMIN + 2), "SIGRTMIN+2");
  EXPECT_EQ(signal_name(1000), "signal 1000");
}

TEST(RunCommand, StandardErrorComesInLinesAndItsEndIsKept) {
  CommandSpec spec = shell("echo one >&2; printf 'two\\nthr' >&2; printf ee >&2");
  std::vector<std::string> lines;
  spec.on_error_line = [&](std::string_view line) { lines.emplace_back(line); };
  spec.error_tail_max = 6;
  const CommandResult result = run(spec);
  EXPECT_THAT(lines, ElementsAre("one", "two", "three"));
  EXPECT_EQ(result.error_tail, "\nthree");
}

TEST(RunCommand, AnEndlessLineOfErrorsIsCutIntoPieces) {
  CommandSpec spec = shell("head -c 1000000 /dev/zero | tr '\\0' x >&2");
  std::size_t longest = 0, sum = 0;
  spec.on_error_line = [&](std::string_view line) {
    longest = std::max(longest, line.size());
    sum += line.size();
  };
  EXPECT_EQ(run(spec).error_tail.size(), spec.error_tail_max);
  EXPECT_EQ(sum, 1000000u);
  EXPECT_EQ(longest, 8u << 10);
}

TEST(RunCommand, SixtyFourMebibytesGoThrough) {
  const std::string input(64 << 20, 'w');
  CommandSpec spec;
  spec.argv = {"cat"};
  spec.input = input;
  spec.output_max = input.size();
  const CommandResult result = run(spec);
  EXPECT_EQ(result.end, End::kExited);
  EXPECT_TRUE(result.output == input) << "got " << result.output.size() << " bytes";
}

TEST(RunCommand, AProgramThatDoesNotReadItsInputIsNotDisturbed) {
  const std::string input(64 << 20, 'w');
  for (const char* script : {"exec 0<&-; echo done", "head -c 10 >/dev/null; echo done", "echo done"}) {
    CommandSpec spec = shell(script);
    spec.input = input;
    const CommandResult result = run(spec);
    EXPECT_EQ(result.end, End::kExited) << script;
    EXPECT_EQ(result.output, "done\n") << script;
  }
}

TEST(RunCommand, AProgramMayCloseAllItsStreamsAndGoOn) {
  CommandSpec spec = shell("exec 0<&- 1>&- 2>&-; sleep 0.1; exit 7");
  spec.input = "x";
  const CommandResult result = run(spec);
  EXPECT_EQ(result.end, End::kExited);
  EXPECT_EQ(result.exit_code, 7);
}

TEST(RunCommand, EndlessOutputIsStoppedAtItsLimit) {
  CommandSpec spec;
  spec.argv = {"yes"};
  spec.output_max = 100000;
  const CommandResult result = run(spec);
  EXPECT_EQ(result.end, End::kOutputTooLong);
  EXPECT_EQ(result.output.size(), 100000u);
}

TEST(RunCommand, OutputOfExactlyTheLimitIsFine) {
  CommandSpec spec = shell("printf 12345");
  spec.output_max = 5;
  EXPECT_EQ(run(spec).end, End::kExited);
  spec.output_max = 4;
  EXPECT_EQ(run(spec).end, End::kOutputTooLong) << "also when the program has ended before it was looked at";
}

TEST(RunCommand, ATimeoutEndsIt) {
  CommandSpec spec;
  spec.argv = {"sleep", "600"};
  spec.timeout = 50ms;
  const CommandResult result = run(spec);
  EXPECT_EQ(result.end, End::kTimedOut);
  EXPECT_EQ(result.signal, SIGTERM);
  EXPECT_FALSE(result.killed);
}

TEST(RunCommand, IgnoringSigtermLeadsToSigkill) {
  std::stop_source stop;
  CommandSpec spec = shell("trap '' TERM; echo ready >&2; while :; do sleep 600; done");
  spec.on_error_line = [&](std::string_view) { stop.request_stop(); };
  const CommandResult result = run_command(spec, stop.get_token());
  EXPECT_EQ(result.end, End::kStopped);
  EXPECT_EQ(result.signal, SIGKILL);
  EXPECT_TRUE(result.killed);
}

TEST(RunCommand, AStoppedProcessIsWokenToHearSigterm) {
  CommandSpec spec = shell("kill -STOP $$");
  spec.timeout = 50ms;
  spec.grace = 1h;
  EXPECT_EQ(run(spec).signal, SIGTERM);
}

TEST(RunCommand, TheStopTokenEndsItAlsoWhenSetBefore) {
  std::stop_source stop;
  stop.request_stop();
  CommandSpec spec;
  spec.argv = {"sleep", "600"};
  EXPECT_EQ(run_command(spec, stop.get_token()).end, End::kStopped);
}

TEST(RunCommand, TheStopTokenEndsItWhileItRuns) {
  std::stop_source stop;
  CommandSpec spec = shell("trap 'echo asked >&2; exit 0' TERM; echo ready >&2; while :; do sleep 0.01; done");
  spec.grace = 30s;
  spec.on_error_line = [&](std::string_view line) {
    if (line == "ready") stop.request_stop();
  };
  const CommandResult result = run_command(spec, stop.get_token());
  EXPECT_EQ(result.end, End::kStopped) << "exit code 0 after SIGTERM does not mean that the work is done";
  EXPECT_THAT(result.error_tail, EndsWith("asked\n"));
  EXPECT_FALSE(result.killed);
}

TEST(RunCommand, OneThatIsInItsGraceEndsAtOnceWhenThereIsHurry) {
  std::stop_source stop, hurry;
  CommandSpec spec = shell("trap 'echo asked >&2' TERM; echo ready >&2; while :; do sleep 0.01; done");
  spec.grace = 1h;
  spec.hurry = hurry.get_token();
  spec.on_error_line = [&](std::string_view line) { (line == "ready" ? stop : hurry).request_stop(); };
  const CommandResult result = run_command(spec, stop.get_token());
  EXPECT_EQ(result.end, End::kStopped);
  EXPECT_TRUE(result.killed);
}

TEST(RunCommand, WhoIsToldInAHurryHasNoGrace) {
  std::stop_source stop, hurry;
  hurry.request_stop();
  CommandSpec spec = shell("trap '' TERM; echo ready >&2; while :; do sleep 600; done");
  spec.grace = 1h;
  spec.hurry = hurry.get_token();
  spec.on_error_line = [&](std::string_view) { stop.request_stop(); };
  EXPECT_TRUE(run_command(spec, stop.get_token()).killed);
}

TEST(RunCommand, HurryAloneStopsNothing) {
  std::stop_source hurry;
  hurry.request_stop();
  CommandSpec spec = shell("exit 7");
  spec.hurry = hurry.get_token();
  EXPECT_EQ(run(spec).exit_code, 7);
}

TEST(RunCommand, GrandchildrenThatHoldTheOutputOpenDoNotHoldUpTheEnd) {
  const CommandResult result = run(shell("sleep 600 & echo $!"));
  EXPECT_EQ(result.end, End::kExited);
  EXPECT_TRUE(is_gone_soon(std::stoi(result.output))) << "they are killed with the group";
}

TEST(RunCommand, OneThatLeftTheGroupDoesNotHoldUpTheEndEither) {
  const TempFolder folder;
  const std::string left_it = (folder / "left").string();
  ASSERT_EQ(::mkfifo(left_it.c_str(), 0600), 0);
  const CommandResult result =
      run(shell("setsid sh -c 'echo $$; echo >" + left_it + "; exec sleep 600' & read -r line <" + left_it));
  EXPECT_EQ(result.end, End::kExited);
  const pid_t left = std::stoi(result.output);
  EXPECT_EQ(::kill(left, SIGKILL), 0) << "setsid is the way to outlive the task on purpose";
}

TEST(RunCommand, AStopReachesGrandchildren) {
  std::stop_source stop;
  CommandSpec spec = shell("sleep 600 & echo $!; echo ready >&2; wait");
  spec.on_error_line = [&](std::string_view) { stop.request_stop(); };
  const CommandResult result = run_command(spec, stop.get_token());
  EXPECT_TRUE(is_gone_soon(std::stoi(result.output)));
}

TEST(RunCommand, TheProgramSeesDefaultSignalsAndNoForeignDescriptors) {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  const int leaked = ::dup(0);
  const auto before_pipe = ::signal(SIGPIPE, SIG_IGN);
  const CommandResult result = run(shell("sed -n 's/^Sig\\(Blk\\|Ign\\):\t//p' /proc/self/status; exec ls /proc/self/fd"));
  ::signal(SIGPIPE, before_pipe);
  ::close(leaked);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);

  std::istringstream lines(result.output);
  std::string blocked, ignored, descriptors;
  std::getline(lines, blocked);
  std::getline(lines, ignored);
  std::getline(lines, descriptors, '\0');
  EXPECT_EQ(blocked, "0000000000000000");
  // Above the 31 classic signals stand two that the C library keeps to itself.
  EXPECT_EQ(std::stoull(ignored, nullptr, 16) & 0x7fffffff, 0u);
  EXPECT_EQ(descriptors, "0\n1\n2\n3\n") << "3 is the one that ls opens";
}

TEST(RunCommand, EnvironmentIsAddedToOursAndWins) {
  ::setenv("WINDLASS_TEST_A", "old", 1);
  ::setenv("WINDLASS_TEST_B", "kept", 1);
  CommandSpec spec = shell("echo $WINDLASS_TEST_A $WINDLASS_TEST_B");
  spec.environment = {"WINDLASS_TEST_A=new"};
  EXPECT_EQ(run(spec).output, "new kept\n");
}

TEST(RunCommand, WhatCannotStartSaysWhy) {
  const TempFolder folder;
  std::ofstream(folder / "text") << "no program";
  const auto why = [](std::string program) {
    CommandSpec spec;
    spec.argv = {std::move(program)};
    const CommandResult result = run(spec);
    EXPECT_EQ(result.end, End::kNotStarted);
    return result.error;
  };
  EXPECT_THAT(why("windlass-no-such-command"), HasSubstr("cannot run: 'windlass-no-such-command' is not found in PATH"));
  EXPECT_THAT(why((folder / "missing").string()), HasSubstr("no such file"));
  EXPECT_THAT(why((folder / "text").string()), HasSubstr("no permission"));
  EXPECT_THAT(why("/tmp"), HasSubstr("no permission"));
  std::filesystem::permissions(folder / "text", std::filesystem::perms::owner_all);
  EXPECT_THAT(why((folder / "text").string()), HasSubstr("neither a program nor a script"));
}

TEST(RunCommand, ArgumentsThatAreTooLongAreAnErrorAndNotACrash) {
  CommandSpec spec;
  spec.argv = {"echo", std::string(4 << 20, 'x')};
  const CommandResult result = run(spec);
  EXPECT_THAT(result.error, HasSubstr("too long"));
  EXPECT_FALSE(result.may_start_later);
}

TEST(RunCommand, AStartThatFailsForLackOfDescriptorsMayGoWellLater) {
  CommandSpec spec;
  spec.argv = {"true"};
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  // Fails at each step of the start: the next run has one descriptor more.
  const int first_free = ::dup(0);
  ::close(first_free);
  for (int room = 0;; ++room) {
    const rlimit few{static_cast<rlim_t>(first_free + room), before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
    const CommandResult result = run(spec);
    ::setrlimit(RLIMIT_NOFILE, &before);
    if (result.end == End::kExited) break;
    EXPECT_EQ(result.end, End::kNotStarted);
    EXPECT_TRUE(result.may_start_later) << result.error;
    ASSERT_LT(room, 100);
  }
}

TEST(RunCommand, LeavesNoDescriptorAndNoProcessBehind) {
  const CommandSpec good = shell("exit 0"), crash = shell("ulimit -c 0; kill -ABRT $$");
  CommandSpec missing;
  missing.argv = {"windlass-no-such-command"};
  run(good);
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    run(good);
    run(crash);
    run(missing);
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was not reaped";
}

TEST(RunCommand, ManyAtOnceDoNotDisturbEachOther) {
  std::vector<std::jthread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 10; ++n) {
        const std::string input = std::to_string(i) + ":" + std::to_string(n);
        CommandSpec spec;
        spec.argv = {"cat"};
        spec.input = input;
        if (run(spec).output == input) ++right;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, 80);
}

TEST(FindCommand, LooksInPathLikeTheStartDoes) {
  EXPECT_TRUE(find_command("sh"));
  EXPECT_TRUE(find_command("/bin/sh"));
  EXPECT_FALSE(find_command("windlass-no-such-command"));
  EXPECT_FALSE(find_command("/tmp"));
}

}  // namespace
}  // namespace windlass::exec
