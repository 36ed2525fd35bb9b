// The programs of examples/ that end by themselves, as somebody who copies them runs them: on an SQLite file and on a
// Redis server.
#include <sqlite3.h>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/broker.hpp>
#include <windlass/inspector.hpp>

#include "exec/command.hpp"
#include "line_server.hpp"
#include "periodic_store.hpp"
#include "running_program.hpp"
#include "support/http_stub.hpp"

namespace windlass::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class Example : public OnEachStore {
 protected:
  static std::string program(const std::string& name) { return std::string(WINDLASS_EXAMPLES) + "/example_" + name; }
  std::vector<std::string> argv(const std::string& name, const std::vector<std::string>& more) const {
    std::vector<std::string> argv{program(name), store_->url()};
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }
  // Runs it to its end, which must be a good one; returns both outputs.
  static std::string run(const std::vector<std::string>& argv, const std::vector<std::string>& environment = {}) {
    exec::CommandSpec spec;
    spec.argv = argv;
    spec.environment = environment;
    spec.output_max = spec.error_tail_max = 1 << 20;
    const auto result = exec::run_command(spec, {});
    EXPECT_EQ(result.exit_code, 0) << result.error << result.error_tail;
    return result.output + result.error_tail;
  }
  std::string run_example(const std::string& name, const std::vector<std::string>& more = {}) const {
    return run(argv(name, more));
  }
  Inspector inspector() const { return Inspector(*open_broker(store_->url())); }
  std::vector<TaskInfo> archived(const std::string& queue = "default") const {
    const auto page = inspector().list({.queue = queue, .state = TaskState::kArchived});
    EXPECT_TRUE(page) << page.error().message();
    return page ? page->tasks : std::vector<TaskInfo>();
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(dir_.file(name)) << text; }
  std::string read(const std::string& name) const {
    std::ifstream file(dir_.file(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TempDir dir_;
};

TEST_P(Example, AProgramCanBeWatched) {
  const HttpStub collector([](const std::string&) { return HttpStub::ok("{}"); });
  const std::string out = run_example("monitoring", {collector.url("/v1/traces")});
  EXPECT_THAT(out, HasSubstr("\nmails_sent_total 1\n"));
  EXPECT_THAT(out, HasSubstr("windlass_task_run_seconds_count{type=\"email:send\"} 1\n"));
  EXPECT_THAT(out, HasSubstr("windlass_broker_call_seconds_count{call=\"enqueue\"} 1\n"));
  EXPECT_THAT(out, ContainsRegex("\"message\":\"sent\",\"task\":.*\"trace\":\"[0-9a-f]*\""));
}

TEST_P(Example, EveryLineOfATaskBearsItsId) {
  std::stringstream lines(run_example("task_id_in_logs"));
  std::map<std::string, int> with_id;
  for (std::string line; std::getline(lines, line);) {
    for (const char* message : {"run begins", "resized", "reminded", "run ends"}) {
      if (line.find(message) != line.npos && line.find(R"("task":")") != line.npos) ++with_id[message];
    }
  }
  EXPECT_EQ(with_id, (std::map<std::string, int>{{"run begins", 2}, {"resized", 2}, {"reminded", 1}, {"run ends", 2}}));
}

TEST_P(Example, ThumbnailsAreMadeAndWhatIsNoImageIsArchived) {
  write("red.ppm", "P6 128 64 255\n" + std::string(std::size_t{3} * 128 * 64, 'r'));
  write("cut.ppm", "P6 128 64 255\nrrr");
  write("text.ppm", "no image");
  run_example("thumbnails", {dir_.path()});
  EXPECT_EQ(read("red.ppm.thumb"), "P6 64 32 255\n" + std::string(std::size_t{3} * 64 * 32, 'r'));
  EXPECT_EQ(archived().size(), 2u);
}

TEST_P(Example, MailIsSentSnoozedRetriedOrRefusedAsTheServerSays) {
  std::map<std::string, int> asked;
  std::string sent;
  // Limits its callers, and knows ada and grace only; grace at the second attempt.
  LineServer smtp("220 stub\r\n", [&](const std::string& line) -> std::string {
    if (line.starts_with("HELO") && ++asked[line] == 1) return "421 too many mails, come back later\r\n";
    if (line == "RCPT TO:<grace@example.org>" && ++asked[line] == 1) return "451 not now\r\n";
    if (line == "RCPT TO:<nobody@example.org>") return "550 no such mailbox\r\n";
    if (line == "DATA") return "354 go on\r\n";
    if (line.starts_with("Message-ID") || line.starts_with("Subject") || line.empty() || line.starts_with("Good")) {
      sent += line + "\n";
      return "";
    }
    return "250 good\r\n";
  });
  const std::string out = run_example(
      "email", {std::to_string(smtp.port()), "ada@example.org", "grace@example.org", "nobody@example.org"});
  EXPECT_THAT(out, HasSubstr("421 too many mails"));
  EXPECT_THAT(out, HasSubstr("451 not now"));
  EXPECT_THAT(out, ContainsRegex("sent.* to=ada@example.org"));
  EXPECT_THAT(out, ContainsRegex("sent.* to=grace@example.org"));
  EXPECT_EQ(RunningProgram::count(sent, "Subject: Welcome"), 2);
  const auto failed = archived();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].failure.message, "550 no such mailbox");
  EXPECT_EQ(failed[0].retried, 0);
}

TEST_P(Example, AWebHookIsDeliveredRetriedRevokedOrGivenUpAsTheReceiverSays) {
  std::map<std::string, int> asked;
  HttpStub receiver([&](const std::string& request) -> std::string {
    const std::string path = request.substr(5, request.find(' ', 5) - 5);
    if (path == "/flaky" && ++asked[path] == 1) return "HTTP/1.1 503 Busy\r\n\r\n";
    if (path == "/gone") return "HTTP/1.1 410 Gone\r\n\r\n";
    if (path == "/strict") return "HTTP/1.1 422 No\r\n\r\n";
    return HttpStub::ok("");
  });
  const std::string port = receiver.url().substr(receiver.url().rfind(':') + 1);
  const std::string out =
      run_example("webhook", {port.substr(0, port.find('/')), "/good", "/flaky", "/gone", "/strict"});
  EXPECT_THAT(out, ContainsRegex("answered.* path=/good status=200"));
  EXPECT_THAT(out, ContainsRegex("answered.* path=/flaky status=503"));
  EXPECT_THAT(out, ContainsRegex("answered.* path=/flaky status=200"));
  EXPECT_EQ(receiver.requests().size(), 5u);
  const auto failed = archived("webhooks");
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].failure.message, "the receiver refuses it: 422");
}

TEST_P(Example, ANightlyReportIsAboutTheDayBeforeItsTick) {
  RunningProgram program(argv("nightly_report", {"@every 1s"}));
  EXPECT_TRUE(program.wait_for("report of 20")) << program.err();
  EXPECT_EQ(program.end(), 0) << program.err();
}

TEST_P(Example, ABulkImportWritesManyRowsAtOnce) {
  const std::string out = run_example("bulk_import", {"1000"});
  EXPECT_EQ(RunningProgram::count(out, "one INSERT of 250 rows"), 4) << out;
}

TEST_P(Example, ALongTaskSaysHowFarItIs) {
  EXPECT_THAT(run_example("transcode", {"short", "20"}), ContainsRegex("completed checksum [0-9.]+"));
}

TEST_P(Example, ALongTaskStopsWhenItIsCancelled) {
  RunningProgram program(argv("transcode", {"long", "1000000000"}));
  ASSERT_TRUE(program.wait_for_error("server started")) << program.err();
  const Inspector look = inspector();
  for (auto task = look.task("default", "long"); task && !task->progress;) task = look.task("default", "long");
  ASSERT_TRUE(look.cancel("default", "long", Cancel::kForGood));
  EXPECT_EQ(program.wait(), 0) << program.err();
  EXPECT_THAT(program.out(), HasSubstr("archived"));
  EXPECT_THAT(program.err(), ContainsRegex("stopped.* why=cancelled"));
}

TEST_P(Example, TheSameHandlerTakesMessagePack) {
  RunningProgram program(argv("periodic_msgpack", {}));
  EXPECT_TRUE(program.wait_for("sample of boiler below 90, ")) << program.err();
  EXPECT_EQ(program.end(), 0) << program.err();
}

TEST_P(Example, AWorkerNeedsNoMoreThanAShell) {
  const std::string tools = std::string(WINDLASS_TOOL).substr(0, std::string(WINDLASS_TOOL).rfind('/'));
  const std::string out = run({WINDLASS_SOURCE_DIR "/examples/worker.sh"},
                              {"WINDLASS_BROKER=" + store_->url(), "PATH=" + tools + ":" + std::getenv("PATH")});
  EXPECT_THAT(out, ContainsRegex("result +1"));
  EXPECT_THAT(out, ContainsRegex("greet-2.*archived.*exited with code 76"));
}

TEST_P(Example, EveryPartOfTheApiAnswersAsTheGuideSays) {
  EXPECT_THAT(run_example("from_asynq"), HasSubstr("completed, result sent\n2 scheduled\n1 pending, 1 archived\n"));
}

TEST_P(Example, ASchedulerTakesTheFileOfTheGuide) {
  RunningProgram program({WINDLASS_TOOL, "--broker", store_->url(), "schedule", WINDLASS_SOURCE_DIR "/examples/schedule.toml"});
  const Inspector look = inspector();
  auto entries = look.scheduler_entries();
  while (entries && entries->empty()) entries = look.scheduler_entries();
  ASSERT_TRUE(entries) << entries.error().message();
  EXPECT_EQ(entries->at(0).id, "daily-report");
  EXPECT_EQ(program.end(), 0) << program.err();
}

INSTANTIATE_TEST_SUITE_P(, Example, ::testing::Values(StoreKind::kSqlite, StoreKind::kRedis), name_of_store);

TEST(TransactionalExample, ATaskIsThereIfAndOnlyIfTheOrderIs) {
  const TempDir dir;
  exec::CommandSpec spec;
  spec.argv = {std::string(WINDLASS_EXAMPLES) + "/example_transactional", dir.file("shop.db")};
  spec.output_max = 1 << 20;
  EXPECT_EQ(exec::run_command(spec, {}).output, "three pens: ordered\nno pens: not ordered\nconfirmed order 1\n");
}

}  // namespace
}  // namespace windlass::testing
