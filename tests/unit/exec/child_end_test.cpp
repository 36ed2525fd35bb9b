#include "exec/child_end.hpp"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exec/child_orders.hpp"
#include "exec/core_path.hpp"
#include "exec/output_lines.hpp"

namespace windlass::exec {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ChildEnd signalled(int signal) {
  ChildEnd end;
  end.served = true;
  end.signal = signal;
  return end;
}

ChildEnd exited(int code) {
  ChildEnd end;
  end.served = end.exited = true;
  end.exit_code = code;
  return end;
}

RunReport report(const ChildEnd& end, int lane = 0, ChildStop stop = ChildStop::kNone,
                 const HandlerOptions& limits = {}) {
  return report_child_end(end, lane, stop, "why", limits);
}

TEST(ChildEnd, ASignalIsNamedWithTheCoreAndTheLastOutput) {
  ChildEnd end = signalled(SIGSEGV);
  end.core = "/var/core.7";
  end.tail = "a line\xff\n";
  const Failure failure = report(end).outcome.failure();
  EXPECT_EQ(failure.kind, FailureKind::kSignal);
  EXPECT_EQ(failure.signal, SIGSEGV);
  EXPECT_EQ(failure.message, "handler process was ended by SIGSEGV (core dumped: /var/core.7)");
  EXPECT_EQ(failure.detail, "a line\xEF\xBF\xBD\n");
}

TEST(ChildEnd, TheFirstSignalCounts) {
  ChildEnd end = signalled(SIGALRM);
  end.crash = CrashFrame{0, SIGABRT, false};
  EXPECT_EQ(report(end).outcome.failure().signal, SIGABRT) << "the backtrace hung, and was ended";
}

TEST(ChildEnd, AnExitIsToldFromTheChildsOwn) {
  EXPECT_EQ(report(exited(0)).outcome.failure().message,
            "handler process exited with code 0 before the handler returned");
  EXPECT_EQ(report(exited(3)).outcome.failure().exit_code, 3);
  EXPECT_EQ(report(exited(kExitConnectionLost)).outcome.failure().kind, FailureKind::kError);
}

TEST(ChildEnd, ACrashWithoutMemoryLeftIsAMemoryFailure) {
  ChildEnd end = signalled(SIGSEGV);
  end.crash = CrashFrame{0, SIGSEGV, true};
  const Failure failure = report(end, 0, ChildStop::kNone, {.memory_max = 1000}).outcome.failure();
  EXPECT_EQ(failure.kind, FailureKind::kMemory);
  EXPECT_THAT(failure.message, HasSubstr("1000 bytes"));
}

TEST(ChildEnd, AChildThatTheKernelKilledForTheMemoryOfItsControlGroupIsAMemoryFailure) {
  ChildEnd end = signalled(SIGKILL);
  end.out_of_memory = true;
  const RunReport got = report(end, 0, ChildStop::kNone, {.memory_max = 1000});
  EXPECT_EQ(got.outcome.failure().kind, FailureKind::kMemory);
  EXPECT_EQ(got.loss, ChildLoss::kByThisRun);
}

TEST(ChildEnd, AChildThatNeverServedIsNobodysCrash) {
  ChildEnd end = exited(1);
  end.served = false;
  EXPECT_EQ(report(end).outcome.failure().message, "handler process did not come to serve: it exited with code 1");
  EXPECT_EQ(report(end).loss, ChildLoss::kNone);
}

TEST(ChildEnd, TheRunThatEndedTheChildIsFound) {
  EXPECT_EQ(report(signalled(SIGKILL)).loss, ChildLoss::kByThisRun) << "it was alone";
  ChildEnd shared = signalled(SIGKILL);
  shared.running = 3;
  EXPECT_EQ(report(shared).loss, ChildLoss::kUnclear);
  shared.crash = CrashFrame{-1, SIGSEGV, false};
  EXPECT_EQ(report(shared).loss, ChildLoss::kUnclear) << "a thread that a handler started";
  shared.crash = CrashFrame{2, SIGSEGV, false};
  EXPECT_EQ(report(shared, 2).loss, ChildLoss::kByThisRun);
  EXPECT_EQ(report(shared, 1).loss, ChildLoss::kByOther);
}

TEST(ChildEnd, WhatTheServerDidIsNoCrash) {
  EXPECT_EQ(report(signalled(SIGTERM), 0, ChildStop::kTerminated).loss, ChildLoss::kNone);
  EXPECT_EQ(report(signalled(SIGKILL), 0, ChildStop::kKilled).loss, ChildLoss::kNone);
  EXPECT_EQ(report(signalled(SIGKILL), 0, ChildStop::kForOther).loss, ChildLoss::kByOther);
  const RunReport broken = report(signalled(SIGKILL), 0, ChildStop::kDisconnected);
  EXPECT_EQ(broken.loss, ChildLoss::kByThisRun);
  EXPECT_EQ(broken.outcome.failure().message, "handler process was killed: why");
}

TEST(ChildOrders, ComeOutAsTheyWentIn) {
  const ChildOrders orders{.lanes = 8, .cpu_seconds = 60, .memory_limited = true, .watch_rss = true};
  EXPECT_EQ(*parse_orders(orders_text(orders)), orders);
  EXPECT_EQ(*parse_orders(orders_text({})), ChildOrders{});
}

TEST(ChildOrders, OthersAreRefused) {
  for (const char* text : {"", " ", "1", "1 1 0 0", "1 1 0 0 0 ", "1 0 0 0 0", "1 65 0 0 0", "1 1 -1 0 0", "1 1 0 2 0",
                           "1 1 0 0 x", "1  1 0 0 0"}) {
    EXPECT_FALSE(parse_orders(text)) << "'" << text << "'";
  }
  EXPECT_EQ(parse_orders("2 whatever comes then").error().code(), ErrorCode::kUnsupported);
}

TEST(CorePath, FollowsThePattern) {
  EXPECT_EQ(expand_core_pattern("core", false, 7), "core");
  EXPECT_EQ(expand_core_pattern("core", true, 7), "core.7");
  EXPECT_EQ(expand_core_pattern("/var/%%/core.%p", true, 7), "/var/%/core.7");
  EXPECT_EQ(expand_core_pattern("core.%e", false, 7), "") << "not known here";
  EXPECT_EQ(expand_core_pattern("core%", false, 7), "");
  EXPECT_EQ(expand_core_pattern("|/usr/lib/systemd/systemd-coredump %P", false, 7),
            "by /usr/lib/systemd/systemd-coredump");
}

TEST(OutputLines, AreCutWhereverThePiecesEnd) {
  std::vector<std::string> seen;
  OutputLines lines([&](std::string_view line) { seen.emplace_back(line); }, 8);
  lines.append("a\nb");
  lines.append("c\n\nlast");
  EXPECT_THAT(seen, ElementsAre("a", "bc", ""));
  lines.end_line();
  EXPECT_THAT(seen, ElementsAre("a", "bc", "", "last"));
  EXPECT_EQ(lines.take_tail(), "bc\n\nlast");
  EXPECT_EQ(lines.take_tail(), "") << "since the last call";
}

}  // namespace
}  // namespace windlass::exec
