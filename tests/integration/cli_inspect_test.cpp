// The commands that look at tasks and queues, and steer them.
#include "cli_fixture.hpp"

namespace windlass::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class CliInspect : public Cli {
 protected:
  void enqueue(const std::string& id, Arguments more = {}) {
    Arguments arguments{"enqueue", "t", "payload-" + id, "--id", id};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = windlass(arguments);
    ASSERT_EQ(ran.code, 0) << ran.err;
  }
  std::vector<std::string> listed(Arguments more) {
    more.insert(more.begin(), {"task", "ls", "--json"});
    const codec::Value out = windlass(more).json();
    std::vector<std::string> ids;
    if (const auto* tasks = out.find("tasks")) {
      for (const codec::Value& task : *tasks->get_if<codec::Value::Array>()) ids.push_back(at(task, "id"));
    }
    return ids;
  }
};

TEST_F(CliInspect, ListsByStateTypeAndPrefix) {
  enqueue("a1");
  enqueue("a2", {"--in", "1h"});
  enqueue("b1");
  ASSERT_EQ(windlass({"task", "archive", "b1"}).code, 0);
  EXPECT_THAT(listed({}), ElementsAre("a1", "a2", "b1")) << "all states";
  EXPECT_THAT(listed({"--queue", "default", "--state", "archived"}), ElementsAre("b1"));
  EXPECT_THAT(listed({"--id-prefix", "a"}), ElementsAre("a1", "a2"));
  EXPECT_THAT(listed({"--type", "other"}), ElementsAre());
  EXPECT_EQ(windlass({"task", "ls", "--queue", "nowhere"}).code, 3);
}

TEST_F(CliInspect, PagesGoOnWhereTheLastOneEnded) {
  for (const char* id : {"a", "b", "c"}) enqueue(id);
  const codec::Value first = windlass({"task", "ls", "--state", "pending", "--limit", "2", "--json"}).json();
  EXPECT_EQ(size_of(first, "tasks"), 2u);
  const codec::Value second = windlass({"task", "ls", "--state", "pending", "--limit", "2", "--cursor", at(first, "next"), "--json"}).json();
  EXPECT_EQ(size_of(second, "tasks"), 1u);
  EXPECT_EQ(second.find("next"), nullptr);
  EXPECT_THAT(listed({"--state", "pending", "--all"}), ElementsAre("a", "b", "c"));
  EXPECT_EQ(windlass({"task", "ls", "--state", "pending", "--cursor", "nonsense"}).code, 2);
}

TEST_F(CliInspect, FindsATaskInWhicheverQueueAndAsksWhenThereAreTwo) {
  enqueue("one", {"--queue", "low"});
  enqueue("two", {"--queue", "low"});
  enqueue("two", {"--queue", "high"});
  EXPECT_EQ(at(inspect("one"), "queue"), "low");
  const Ran ambiguous = windlass({"task", "inspect", "two"});
  EXPECT_EQ(ambiguous.code, 2);
  EXPECT_THAT(ambiguous.err, HasSubstr("high, low"));
  EXPECT_EQ(windlass({"task", "inspect", "two", "--queue", "high"}).code, 0);
  EXPECT_EQ(windlass({"task", "inspect", "three"}).code, 3);
  EXPECT_EQ(windlass({"task", "inspect", "one", "--queue", "high"}).code, 3);
}

TEST_F(CliInspect, RunArchiveAndDeleteChangeTheState) {
  enqueue("a", {"--in", "1h"});
  EXPECT_EQ(windlass({"task", "run", "a"}).code, 0);
  EXPECT_EQ(at(inspect("a"), "state"), "pending");
  EXPECT_EQ(windlass({"task", "run", "a"}).code, 4) << "pending already";
  EXPECT_EQ(windlass({"task", "archive", "a"}).code, 0);
  EXPECT_EQ(at(inspect("a"), "state"), "archived");
  EXPECT_EQ(windlass({"task", "cancel", "a"}).code, 4) << "it does not run";
  EXPECT_EQ(windlass({"task", "delete", "a"}).code, 0);
  EXPECT_EQ(windlass({"task", "delete", "a"}).code, 3);
}

TEST_F(CliInspect, OneBadIdDoesNotHoldUpTheOthers) {
  enqueue("a");
  enqueue("b");
  const Ran ran = windlass({"task", "delete", "a", "missing", "b"});
  EXPECT_EQ(ran.code, 3);
  EXPECT_THAT(listed({}), ElementsAre());
}

TEST_F(CliInspect, BulkFormsActOnWhatMatches) {
  for (const char* id : {"a1", "a2", "b1"}) enqueue(id, {"--in", "1h"});
  EXPECT_EQ(windlass({"task", "run-all", "--state", "scheduled", "--id-prefix", "a", "--json"}).out, "{\"count\":2}\n");
  EXPECT_EQ(windlass({"task", "archive-all", "--state", "pending", "--yes", "--json"}).out, "{\"count\":2}\n");
  EXPECT_EQ(windlass({"task", "delete-all", "--state", "archived", "--yes"}).out, "2 tasks deleted\n");
  EXPECT_EQ(windlass({"task", "cancel-all", "--yes"}).out, "0 tasks asked to stop\n");
  EXPECT_THAT(listed({}), ElementsAre("b1"));
}

TEST_F(CliInspect, WithoutATerminalBulkFormsThatTakeAwayNeedYes) {
  enqueue("a");
  for (const char* verb : {"archive-all", "delete-all"}) {
    const Ran refused = windlass({"task", verb, "--state", "pending"});
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, HasSubstr("--yes"));
  }
  EXPECT_EQ(windlass({"task", "cancel-all"}).code, 2);
  EXPECT_THAT(listed({"--state", "pending"}), ElementsAre("a"));
  EXPECT_EQ(windlass({"task", "run-all", "--state", "scheduled"}).code, 0) << "it takes nothing away";
}

TEST_F(CliInspect, ADryRunOfABulkFormOnlyCounts) {
  for (const char* id : {"a1", "a2", "b1"}) enqueue(id);
  EXPECT_EQ(windlass({"task", "delete-all", "--state", "pending", "--dry-run"}).out, "3 tasks would be deleted\n");
  EXPECT_EQ(windlass({"task", "archive-all", "--state", "pending", "--id-prefix", "a", "--dry-run", "--json"}).out,
            "{\"matching\":2,\"dry_run\":true}\n");
  EXPECT_THAT(listed({"--state", "pending"}), ElementsAre("a1", "a2", "b1"));
}

TEST_F(CliInspect, AtATerminalBulkFormsAskFirst) {
  enqueue("a");
  const std::string command = std::string("'") + WINDLASS_TOOL + "' --broker '" + broker() + "' task delete-all --state pending";
  const auto at_a_terminal = [&](const std::string& answer) { return run({"script", "-qec", command, "/dev/null"}, answer); };
  const Ran refused = at_a_terminal("n\n");
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.out, HasSubstr("Delete"));
  EXPECT_THAT(refused.out, HasSubstr("nothing done"));
  EXPECT_THAT(listed({}), ElementsAre("a"));
  EXPECT_EQ(at_a_terminal("y\n").code, 0);
  EXPECT_THAT(listed({}), IsEmpty());
}

TEST_F(CliInspect, QueuesArePausedResumedAndRemoved) {
  enqueue("a");
  EXPECT_EQ(windlass({"queue", "pause", "default"}).code, 0);
  EXPECT_EQ(at(windlass({"queue", "inspect", "default", "--json"}).json(), "paused"), "true");
  EXPECT_EQ(windlass({"queue", "pause", "default"}).code, 4);
  EXPECT_EQ(windlass({"queue", "resume", "default"}).code, 0);
  const Ran full = windlass({"queue", "rm", "default"});
  EXPECT_EQ(full.code, 4);
  EXPECT_THAT(full.err, HasSubstr("--force"));
  EXPECT_EQ(windlass({"queue", "rm", "default", "none", "--force", "--dry-run"}).out, "queue default with 1 tasks would be removed\n");
  EXPECT_EQ(windlass({"queue", "rm", "default", "--force", "--dry-run", "--json"}).out, "{\"matching\":1,\"dry_run\":true}\n");
  const Ran unasked = windlass({"queue", "rm", "default", "--force"});
  EXPECT_EQ(unasked.code, 2);
  EXPECT_THAT(unasked.err, HasSubstr("--yes"));
  EXPECT_THAT(listed({}), ElementsAre("a"));
  EXPECT_EQ(windlass({"queue", "rm", "default", "--force", "--yes"}).code, 0);
  EXPECT_EQ(windlass({"queue", "rm", "default"}).code, 3);
  EXPECT_EQ(windlass({"queue", "ls", "--json"}).out, "{\"queues\":[]}\n");
}

TEST_F(CliInspect, StatsAddUpAllQueues) {
  enqueue("a");
  enqueue("b", {"--queue", "low"});
  const codec::Value stats = windlass({"stats", "--json"}).json();
  EXPECT_EQ(at(stats, "total.pending"), "2");
  EXPECT_EQ(size_of(stats, "queues"), 2u);
  EXPECT_EQ(at(stats, "broker.broker"), "sqlite");
  EXPECT_EQ(size_of(windlass({"queue", "ls", "--json"}).json(), "queues"), 2u);
  EXPECT_EQ(size_of(windlass({"queue", "history", "default", "--days", "3", "--json"}).json(), "days"), 3u);
}

TEST_F(CliInspect, WhatPeopleReadCannotSteerTheirTerminal) {
  ASSERT_EQ(windlass({"enqueue", "evil\x1b[31m", "a\x1b]0;title\x07\nb\xff\xe2\x80\xae", "--id", "x\ry"}).code, 0);
  for (const Arguments& look : {Arguments{"task", "ls"}, Arguments{"task", "inspect", "x\ry"}}) {
    const Ran ran = windlass(look);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("evil\\x1b[31m"));
    EXPECT_THAT(ran.out, HasSubstr("x\\ry"));
    EXPECT_THAT(ran.out, HasSubstr("\\x07\\nb\\xff\\u202e"));
    EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
  }
}

TEST_F(CliInspect, EmptyListsSaySo) {
  enqueue("a");
  EXPECT_THAT(windlass({"server", "ls"}).out, HasSubstr("no servers"));
  EXPECT_THAT(windlass({"cron", "ls"}).out, HasSubstr("no scheduler entries"));
  EXPECT_THAT(windlass({"group", "ls"}).out, HasSubstr("no groups"));
  EXPECT_THAT(windlass({"task", "ls", "--state", "retry"}).out, HasSubstr("no tasks"));
  EXPECT_EQ(windlass({"server", "ls", "--json"}).out, "{\"servers\":[]}\n");
  EXPECT_EQ(windlass({"cron", "ls", "--json"}).out, "{\"entries\":[]}\n");
}

TEST_F(CliInspect, TheDoctorFindsAQueueWithoutServer) {
  EXPECT_EQ(windlass({"doctor"}).code, 0) << "nothing wrong with an empty store";
  enqueue("a");
  const Ran ran = windlass({"doctor"});
  EXPECT_EQ(ran.code, 0) << "a warning is no failure";
  EXPECT_THAT(ran.out, HasSubstr("queue default: no server, 1 tasks wait"));
  EXPECT_EQ(at(windlass({"doctor", "--json"}).json(), "healthy"), "true");
}

}  // namespace
}  // namespace windlass::testing
