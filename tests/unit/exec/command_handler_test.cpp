#include "exec/command_handler.hpp"

#include <signal.h>

#include <map>
#include <mutex>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/log.hpp>

namespace windlass::exec {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class FakeContext final : public Context {
 public:
  const std::string& task_id() const override { return id; }
  const std::string& queue() const override { return queue_name; }
  const std::string& type() const override { return type_name; }
  const Payload& payload() const override { return body; }
  const Headers& headers() const override { return head; }
  int retry_count() const override { return 2; }
  int max_retry() const override { return 9; }
  TimePoint deadline() const override { return until; }
  TimePoint scheduled_at() const override { return TimePoint(1000s); }
  TimePoint enqueued_at() const override { return TimePoint(500s); }
  TimePoint started_at() const override { return TimePoint(2000s); }
  std::stop_token stop_token() const override { return stop.get_token(); }
  StopReason stop_reason() const override { return reason; }
  void write_result(std::string bytes) override { result = std::move(bytes); }
  void set_progress(double, std::string) override {}

  std::string id = "t-1", queue_name = "low", type_name = "image:resize";
  Payload body;
  Headers head;
  TimePoint until;
  StopReason reason = StopReason::kNone;
  std::stop_source stop;
  std::optional<std::string> result;
};

Outcome run(FakeContext& ctx, std::vector<std::string> argv) {
  CommandHandlerSpec spec;
  spec.argv = std::move(argv);
  spec.grace = 1min;
  return command_handler(spec)(ctx);
}

Outcome shell(FakeContext& ctx, const std::string& script) { return run(ctx, {"sh", "-c", script}); }

std::map<std::string, std::string> windlass_environment(FakeContext& ctx) {
  EXPECT_EQ(shell(ctx, "env | grep ^WINDLASS_").kind(), Outcome::Kind::kDone);
  std::map<std::string, std::string> out;
  std::istringstream lines(ctx.result.value_or(""));
  for (std::string line; std::getline(lines, line);) out[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  return out;
}

TEST(CommandHandler, ThePayloadGoesInAndTheResultComesOut) {
  FakeContext ctx;
  ctx.body = Payload(std::string("a\0b\xff", 4));
  EXPECT_EQ(run(ctx, {"cat"}).kind(), Outcome::Kind::kDone);
  EXPECT_EQ(ctx.result, std::string("a\0b\xff", 4));
}

TEST(CommandHandler, ACommandThatSaysNothingHasNoResult) {
  FakeContext ctx;
  EXPECT_EQ(run(ctx, {"true"}).kind(), Outcome::Kind::kDone);
  EXPECT_FALSE(ctx.result);
}

TEST(CommandHandler, TheEnvironmentTellsTheTask) {
  FakeContext ctx;
  ctx.head = {{"trace-id", "abc"}, {"Größe", "x"}};
  ctx.until = TimePoint(3000s + 500ms);
  const auto env = windlass_environment(ctx);
  EXPECT_EQ(env.at("WINDLASS_TASK_ID"), "t-1");
  EXPECT_EQ(env.at("WINDLASS_QUEUE"), "low");
  EXPECT_EQ(env.at("WINDLASS_TYPE"), "image:resize");
  EXPECT_EQ(env.at("WINDLASS_RETRY_COUNT"), "2");
  EXPECT_EQ(env.at("WINDLASS_MAX_RETRY"), "9");
  EXPECT_EQ(env.at("WINDLASS_DEADLINE"), "1970-01-01T00:50:00.5Z");
  EXPECT_EQ(env.at("WINDLASS_SCHEDULED_AT"), "1970-01-01T00:16:40Z");
  EXPECT_EQ(env.at("WINDLASS_ENQUEUED_AT"), "1970-01-01T00:08:20Z");
  EXPECT_EQ(env.at("WINDLASS_HEADER_TRACE_ID"), "abc");
  EXPECT_EQ(env.at("WINDLASS_HEADER_GR____E"), "x");
}

TEST(CommandHandler, ATaskWithoutDeadlineHasNoSuchVariable) {
  FakeContext ctx;
  EXPECT_FALSE(windlass_environment(ctx).contains("WINDLASS_DEADLINE"));
}

TEST(CommandHandler, TemplatesAreFilledInOnceAndNowhereElse) {
  FakeContext ctx;
  ctx.id = "{queue}";
  EXPECT_EQ(run(ctx, {"printf", "%s|", "{id}", "a{type}b", "{queue}{queue}", "{other}", "{"}).kind(), Outcome::Kind::kDone);
  EXPECT_EQ(ctx.result, "{queue}|aimage:resizeb|lowlow|{other}|{|");
}

TEST(CommandHandler, AZeroByteInAHeaderDoesNotCutItShort) {
  FakeContext ctx;
  ctx.head = {{"k", std::string("a\0b", 3)}};
  EXPECT_EQ(windlass_environment(ctx).at("WINDLASS_HEADER_K"), "a\xEF\xBF\xBD" "b");
}

TEST(CommandHandler, AnExitCodeIsAFailureWithTheLastLineOfErrors) {
  FakeContext ctx;
  const Outcome outcome = shell(ctx, "echo first >&2; echo 'no such host' >&2; echo out; exit 3");
  EXPECT_EQ(outcome.kind(), Outcome::Kind::kFail);
  EXPECT_EQ(outcome.failure().kind, FailureKind::kExitCode);
  EXPECT_EQ(outcome.failure().exit_code, 3);
  EXPECT_EQ(outcome.failure().message, "command exited with code 3: no such host");
  EXPECT_EQ(outcome.failure().detail, "first\nno such host\n");
  EXPECT_FALSE(ctx.result) << "what a failed command wrote is no result";
}

TEST(CommandHandler, Exit75IsRetriedAndExit76IsNot) {
  FakeContext ctx;
  EXPECT_EQ(shell(ctx, "exit 75").kind(), Outcome::Kind::kFail);
  const Outcome never = shell(ctx, "echo 'bad address' >&2; exit 76");
  EXPECT_EQ(never.kind(), Outcome::Kind::kSkipRetry);
  EXPECT_EQ(never.failure().kind, FailureKind::kExitCode);
  EXPECT_EQ(never.failure().message, "command exited with code 76: bad address");
}

TEST(CommandHandler, ACrashNamesItsSignal) {
  FakeContext ctx;
  const Outcome outcome = shell(ctx, "ulimit -c 0; kill -SEGV $$");
  EXPECT_EQ(outcome.kind(), Outcome::Kind::kFail);
  EXPECT_EQ(outcome.failure().kind, FailureKind::kSignal);
  EXPECT_EQ(outcome.failure().signal, SIGSEGV);
  EXPECT_EQ(outcome.failure().message, "command was ended by SIGSEGV");
}

ChildLoss loss(const std::string& script) {
  FakeContext ctx;
  CommandHandlerSpec spec;
  spec.argv = {"sh", "-c", script};
  return CommandExecutor(spec).run(ctx).loss;
}

TEST(CommandHandler, OnlyASignalIsACrashAndNotOneThatAsksIt) {
  for (const char* signal : {"SEGV", "ABRT", "KILL"}) {
    EXPECT_EQ(loss(std::string("ulimit -c 0; kill -") + signal + " $$"), ChildLoss::kByThisRun) << signal;
  }
  for (const char* script : {"kill -TERM $$", "kill -INT $$", "kill -HUP $$", "exit 1", "exit 0"}) {
    EXPECT_EQ(loss(script), ChildLoss::kNone) << script;
  }
}

TEST(CommandHandler, OneThatIsStoppedIsNoCrash) {
  FakeContext ctx;
  ctx.reason = StopReason::kTimeout;
  ctx.stop.request_stop();
  CommandHandlerSpec spec;
  spec.argv = {"sleep", "600"};
  EXPECT_EQ(CommandExecutor(spec).run(ctx).loss, ChildLoss::kNone);
}

TEST(CommandHandler, AClosedExecutorRunsNothing) {
  FakeContext ctx;
  CommandHandlerSpec spec;
  spec.argv = {"echo", "x"};
  CommandExecutor executor(spec);
  executor.close();
  EXPECT_THAT(executor.run(ctx).outcome.failure().message, HasSubstr("the server stops"));
  EXPECT_FALSE(ctx.result);
}

TEST(CommandHandler, ACommandThatDoesNotExistIsAFailureThatSaysSo) {
  FakeContext ctx;
  const Outcome outcome = run(ctx, {"windlass-no-such-command"});
  EXPECT_EQ(outcome.kind(), Outcome::Kind::kFail);
  EXPECT_EQ(outcome.failure().kind, FailureKind::kError);
  EXPECT_THAT(outcome.failure().message, HasSubstr("'windlass-no-such-command' is not found in PATH"));
}

TEST(CommandHandler, AResultThatIsTooLongIsAFailureThatSaysSo) {
  FakeContext ctx;
  CommandHandlerSpec spec;
  spec.argv = {"yes"};
  spec.result_max = 1000;
  const Outcome outcome = command_handler(spec)(ctx);
  EXPECT_EQ(outcome.failure().kind, FailureKind::kError);
  EXPECT_THAT(outcome.failure().message, HasSubstr("more than the 1000 bytes"));
  EXPECT_FALSE(ctx.result);
}

TEST(CommandHandler, ItsOwnTimeoutIsATimeout) {
  FakeContext ctx;
  CommandHandlerSpec spec;
  spec.argv = {"sleep", "600"};
  spec.timeout = 50ms;
  const Outcome outcome = command_handler(spec)(ctx);
  EXPECT_EQ(outcome.failure().kind, FailureKind::kTimeout);
  EXPECT_EQ(outcome.failure().message, "command took longer than 50ms: stopped with SIGTERM");
}

TEST(CommandHandler, TheReasonOfAStopBecomesTheKindOfFailure) {
  const std::pair<StopReason, FailureKind> cases[] = {{StopReason::kTimeout, FailureKind::kTimeout},
                                                      {StopReason::kDeadline, FailureKind::kDeadline},
                                                      {StopReason::kCancelled, FailureKind::kCancelled},
                                                      {StopReason::kShutdown, FailureKind::kError},
                                                      {StopReason::kLeaseLost, FailureKind::kError}};
  for (const auto& [reason, kind] : cases) {
    FakeContext ctx;
    ctx.reason = reason;
    ctx.stop.request_stop();
    const Outcome outcome = run(ctx, {"sleep", "600"});
    EXPECT_EQ(outcome.kind(), Outcome::Kind::kFail);
    EXPECT_EQ(outcome.failure().kind, kind);
    EXPECT_THAT(outcome.failure().message, HasSubstr("stopped with SIGTERM"));
  }
}

TEST(CommandHandler, AFailureIsValidTextWhateverTheCommandWrote) {
  FakeContext ctx;
  const Outcome outcome = shell(ctx, "printf 'bad \\377 byte\\n' >&2; exit 1");
  EXPECT_EQ(outcome.failure().message, "command exited with code 1: bad \xEF\xBF\xBD byte");
  EXPECT_EQ(outcome.failure().detail, "bad \xEF\xBF\xBD byte\n");
}

class LinesSink final : public LogSink {
 public:
  void write(const LogRecord& record) override {
    std::lock_guard lock(mu_);
    std::string line(record.message);
    for (const auto* fields : {record.context, record.fields}) {
      if (!fields) continue;
      for (const LogField& field : *fields) line += " " + field.key + "=" + field.value;
    }
    lines.push_back(line);
  }
  std::vector<std::string> lines;

 private:
  std::mutex mu_;
};

TEST(CommandHandler, EveryLineOfErrorsIsLoggedWithTheTask) {
  const auto sink = std::make_shared<LinesSink>();
  set_log_sink(sink);
  FakeContext ctx;
  {
    const LogScope task(std::vector<LogField>{{"task", "t-1"}});
    shell(ctx, "echo one >&2; echo two >&2");
  }
  set_log_sink(make_stream_sink(2, LogFormat::kText));
  EXPECT_THAT(sink->lines, ElementsAre("one task=t-1 stream=stderr", "two task=t-1 stream=stderr",
                                       StartsWith("task done task=t-1 took=")));
}

TEST(CommandHandler, AFailureIsNotLoggedAsDone) {
  const auto sink = std::make_shared<LinesSink>();
  set_log_sink(sink);
  FakeContext ctx;
  shell(ctx, "exit 1");
  set_log_sink(make_stream_sink(2, LogFormat::kText));
  EXPECT_THAT(sink->lines, IsEmpty());
}

}  // namespace
}  // namespace windlass::exec
