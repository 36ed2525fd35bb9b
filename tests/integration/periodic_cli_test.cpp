// windlass schedule and windlass cron, as their users run them.
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/codec.hpp>

#include "core/text.hpp"
#include "exec/command.hpp"
#include "periodic_store.hpp"
#include "running_program.hpp"
#include "support/child_process.hpp"

namespace windlass::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

struct Ran {
  int code = -1;
  std::string out, err;
};

Ran run(std::vector<std::string> argv) {
  exec::CommandSpec spec;
  spec.argv = std::move(argv);
  spec.output_max = 1 << 20;
  spec.error_tail_max = 1 << 20;
  const auto result = exec::run_command(spec, {});
  return {result.exit_code, result.output, result.error_tail};
}

// `windlass cron next`, which needs no store.
Ran cron_next(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {WINDLASS_TOOL, "cron", "next"});
  return run(std::move(arguments));
}

class PeriodicCli : public OnEachStore {
 protected:
  std::vector<std::string> argv(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {WINDLASS_TOOL, "--broker", store_->url()});
    return arguments;
  }
  Ran windlass(const std::vector<std::string>& arguments) const { return run(argv(arguments)); }
  void write(const std::string& text, const std::string& name = "schedule.toml") {
    std::ofstream(dir_.file("new")) << text;
    std::filesystem::rename(dir_.file("new"), dir_.file(name));
  }
  std::unique_ptr<RunningProgram> schedule(const std::string& name = "schedule.toml") const {
    return std::make_unique<RunningProgram>(argv({"schedule", dir_.file(name)}));
  }

  TempDir dir_;
};

constexpr const char* kEntry = R"(
[[entry]]
name = "nightly"
cron = "0 3 * * *"
tz = "Europe/Berlin"
type = "report"
payload = { kind = "full" }
queue = "low"
unique = "1h"
missed = "latest"
overlap = "skip_if_running"
[entry.headers]
team = "a"
)";

TEST(CronNext, PrintsTheNextTimesAcrossAJumpOfTheClocks) {
  EXPECT_EQ(cron_next({"0 9 * * 1-5", "--tz", "America/New_York", "--from", "2026-03-06T00:00:00Z", "-n",
                      "3", "--json"})
                .out,
            "[\"2026-03-06T14:00:00Z\",\"2026-03-09T13:00:00Z\",\"2026-03-10T13:00:00Z\"]\n");
  const Ran text =
      cron_next({"0 9 * * *", "--tz", "Asia/Kolkata", "--from", "2026-03-06T00:00:00Z", "-n", "1"});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, HasSubstr("2026-03-06T09:00:00+05:30  2026-03-06T03:30:00Z"));
  EXPECT_EQ(cron_next({"0 0 30 2 *", "--json"}).out, "[]\n");
  EXPECT_EQ(cron_next({"0 0 30 2 *"}).out, "never, within five years\n");
  EXPECT_EQ(cron_next({"@every 1h", "--from", "2026-03-06T00:10:00Z", "-n", "1", "--json"}).out,
            "[\"2026-03-06T01:00:00Z\"]\n");
  EXPECT_THAT(
      cron_next({"@every 1h", "--entry", "x", "--from", "2026-03-06T00:10:00Z", "-n", "1", "--json"})
          .out,
      Not(HasSubstr("01:00:00Z")));
  EXPECT_EQ(
      cron_next({"* * * * * *", "--seconds", "--from", "2026-03-06T00:00:00Z", "-n", "1", "--json"}).out,
      "[\"2026-03-06T00:00:01Z\"]\n");
}

TEST(CronNext, ABadSpecIsCode2AndNamesThePlace) {
  const Ran bad = cron_next({"0 25 * * *"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.err, "windlass: cron '0 25 * * *': hour (character 3): 25 is above 23\n");
  EXPECT_THAT(cron_next({"* * * * *", "--tz", "Nowhere"}).err,
              HasSubstr("unknown time zone \"Nowhere\""));
  EXPECT_THAT(cron_next({"* * * * *", "--json", "--tz", "Nowhere"}).err,
              HasSubstr("\"error\":\"invalid_argument\""));
}

TEST_P(PeriodicCli, ScheduleRunsTheEntriesOfAFileAndCronShowsThem) {
  write(std::string(kEntry) + "[[entry]]\nname = \"often\"\ncron = \"@every 1s\"\ntype = \"t\"\n");
  const auto scheduler = schedule();
  while (RunningProgram::count(windlass({"cron", "history", "often", "--json"}).out, "task_id") < 2) {
    std::this_thread::yield();
  }

  const Ran ls = windlass({"cron", "ls", "--json"});
  EXPECT_THAT(ls.out, HasSubstr(R"("id":"nightly")"));
  EXPECT_THAT(ls.out, HasSubstr("CRON_TZ=Europe/Berlin 0 3 * * *"));
  EXPECT_THAT(windlass({"cron", "ls"}).out, ContainsRegex("often +@every 1s +t"));
  const auto history = codec::parse_json(windlass({"cron", "history", "often", "--json"}).out);
  ASSERT_TRUE(history.ok());
  const auto& newest = history->find("events")->get_if<codec::Value::Array>()->front();
  EXPECT_NE(newest.find("tick"), nullptr);
  EXPECT_THAT(windlass({"cron", "history", "nightly"}).out, HasSubstr("no ticks yet"));
  EXPECT_EQ(scheduler->end(), 0);
  EXPECT_EQ(windlass({"cron", "ls", "--json"}).out, "{\"entries\":[]}\n") << "its record is gone with it";
  EXPECT_EQ(windlass({"cron", "history", "often"}).code, 0) << "its history is not";
}

TEST_P(PeriodicCli, TriggerEnqueuesTheTaskOfAnEntryNow) {
  write(kEntry);
  const auto scheduler = schedule();
  while (windlass({"cron", "ls", "--json"}).out.find("nightly") == std::string::npos) std::this_thread::yield();

  const Ran triggered = windlass({"cron", "trigger", "nightly", "--json"});
  EXPECT_EQ(triggered.code, 0) << triggered.err;
  const auto task = codec::parse_json(triggered.out);
  ASSERT_TRUE(task.ok());
  EXPECT_EQ(*task->find("queue")->get_if<std::string>(), "low");
  EXPECT_EQ(*task->find("type")->get_if<std::string>(), "report");
  EXPECT_THAT(triggered.out, HasSubstr(R"("payload":"{\"kind\":\"full\"}")"));
  EXPECT_THAT(triggered.out, HasSubstr(R"("team":"a")"));
  EXPECT_THAT(triggered.out, HasSubstr("windlass-scheduled-at"));
  const Ran again = windlass({"cron", "trigger", "nightly"});
  EXPECT_EQ(again.code, 4) << "it is unique";
  EXPECT_EQ(windlass({"cron", "trigger", "unknown"}).code, 3);
  EXPECT_EQ(windlass({"cron", "history", "unknown"}).code, 3);
}

TEST_P(PeriodicCli, ScheduleFollowsChangesOfTheFileAndSurvivesWrongOnes) {
  write(kEntry);
  const auto scheduler = schedule();
  EXPECT_TRUE(scheduler->wait_for_error("periodic tasks added")) << scheduler->err();
  write("[[entry]]\nname = \"nightly\"\ncron = \"0 25 * * *\"\ntype = \"t\"\n");
  EXPECT_TRUE(scheduler->wait_for_error("25 is above 23")) << scheduler->err();
  write("[[ent");
  EXPECT_TRUE(scheduler->wait_for_error("line 1, column ")) << scheduler->err();
  EXPECT_THAT(windlass({"cron", "ls"}).out, HasSubstr("0 3 * * *")) << "as it was";
  write("[[entry]]\nname = \"nightly\"\ncron = \"0 4 * * *\"\ntype = \"t\"\n");
  EXPECT_TRUE(scheduler->wait_for_error("periodic tasks changed")) << scheduler->err();
  EXPECT_EQ(scheduler->end(), 0);
}

TEST_P(PeriodicCli, AWrongFileAtTheStartIsCode2) {
  EXPECT_EQ(windlass({"schedule", dir_.file("none.toml")}).code, 2);
  write("[[entry]]\ncron = \"0 25 * * *\"\ntype = \"t\"\n[[entry]]\nname = \"x\"\ncron = \"nonsense\"\ntype = \"t\"\n");
  const Ran wrong = windlass({"schedule", dir_.file("schedule.toml")});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("entry 1: cron '0 25 * * *': hour (character 3): 25 is above 23"));
  EXPECT_THAT(wrong.err, HasSubstr("entry 2 ('x'): cron 'nonsense': has 1 field")) << "all of them";
  write("[[entry]\n");
  EXPECT_THAT(windlass({"schedule", dir_.file("schedule.toml")}).err, HasSubstr("schedule.toml: line 1, column"));
}

TEST_P(PeriodicCli, ScheduleReadsYamlAndJsonToo) {
  write("- {name: y, cron: '@daily', type: t}\n", "s.yaml");
  write(R"({"entries":[{"name":"j","cron":"@daily","type":"t"}]})", "s.json");
  for (const char* name : {"s.yaml", "s.json"}) {
    const auto scheduler = schedule(name);
    EXPECT_TRUE(scheduler->wait_for_error("periodic tasks added")) << scheduler->err();
    EXPECT_EQ(scheduler->end(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, PeriodicCli, ::testing::Values(StoreKind::kSqlite, StoreKind::kRedis), name_of_store);

}  // namespace
}  // namespace windlass::testing
