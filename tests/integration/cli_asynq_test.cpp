// Everything that the `asynq` command can do, done here: command by command and flag by flag, on a file and on Redis.
#include <windlass/broker.hpp>

#include "broker/broker.hpp"
#include "integration/cli_fixture.hpp"
#include "support/redis_server.hpp"

namespace windlass::testing {
namespace {

using ::testing::HasSubstr;

// A command of asynq v0.26 with its flags, and the one that does it here with the options that stand for them.
struct Counterpart {
  const char* asynq;
  Arguments asynq_flags;
  const char* windlass;
  Arguments options;
};

const Counterpart kCounterparts[] = {
    {"stats", {"--json"}, "stats", {}},
    {"queue list", {}, "queue ls", {"--nodes"}},
    {"queue inspect", {}, "queue inspect", {}},
    {"queue history", {"--days"}, "queue history", {"--days", "-x"}},
    {"queue pause", {}, "queue pause", {}},
    {"queue unpause", {}, "queue resume", {}},
    {"queue remove", {"--force"}, "queue rm", {"--force", "-f"}},
    {"task list", {"-q", "-s", "-g", "--page", "--size"}, "task ls", {"--queue", "--state", "--group", "--cursor", "--limit"}},
    {"task inspect", {"-q", "-i"}, "task inspect", {"--queue", "ID"}},
    {"task cancel", {}, "task cancel", {"ID..."}},
    {"task archive", {"-q", "-i"}, "task archive", {"--queue", "ID..."}},
    {"task delete", {"-q", "-i"}, "task delete", {"--queue", "ID..."}},
    {"task run", {"-q", "-i"}, "task run", {"--queue", "ID..."}},
    {"task enqueue",
     {"-t", "-l", "--retry", "--queue", "--id", "--timeout", "--deadline", "--unique", "--process_at", "--process_in", "--retention", "--group"},
     "enqueue",
     {"TYPE", "PAYLOAD", "--max-retry", "--queue", "--id", "--timeout", "--deadline", "--unique", "--at", "--in", "--retention", "--group"}},
    {"task archiveall", {"-q", "-s", "-g"}, "task archive-all", {"--queue", "--state", "--group"}},
    {"task deleteall", {"-q", "-s", "-g"}, "task delete-all", {"--queue", "--state", "--group"}},
    {"task runall", {"-q", "-s", "-g"}, "task run-all", {"--queue", "--state", "--group"}},
    {"group list", {"-q"}, "group ls", {"--queue"}},
    {"server list", {}, "server ls", {}},
    {"cron list", {}, "cron ls", {}},
    {"cron history", {"--page", "--size"}, "cron history", {"--limit"}},
    {"dash", {"--refresh"}, "dash", {"--refresh"}},
    {"help", {}, "help", {}},
};

Arguments words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

class CliAsynq : public Cli {
 protected:
  // Of the reference, the table of those who come from asynq: its lines.
  static std::vector<std::string> table() {
    std::istringstream page(read_file(WINDLASS_SOURCE_DIR "/docs/reference/cli.md"));
    std::vector<std::string> lines;
    bool inside = false;
    for (std::string line; std::getline(page, line);) {
      if (line.starts_with("## ")) inside = line == "## Coming from the `asynq` command";
      if (inside && line.starts_with("|")) lines.push_back(line);
    }
    return lines;
  }
  static std::string joined(const std::vector<std::string>& lines) {
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    return all;
  }
};

TEST_F(CliAsynq, EveryCommandAndFlagHasACounterpart) {
  for (const Counterpart& counterpart : kCounterparts) {
    Arguments words = words_of(counterpart.windlass);
    words.insert(words.begin(), WINDLASS_TOOL);
    words.push_back("--help");
    const Ran help = run(words);
    EXPECT_EQ(help.code, 0) << counterpart.windlass;
    EXPECT_THAT(help.out, HasSubstr(std::string("windlass ") + counterpart.windlass + " "));
    for (std::string option : counterpart.options) {
      if (option.ends_with("...")) option.resize(option.size() - 3);
      EXPECT_THAT(help.out, HasSubstr(option)) << counterpart.windlass;
    }
  }
  const std::string root = run({WINDLASS_TOOL, "--help"}).out;
  for (const char* option : {"--broker", "--json", "--config", "--version", "--help"}) EXPECT_THAT(root, HasSubstr(option));
}

TEST_F(CliAsynq, TheReferenceNamesThemAll) {
  const std::string all = joined(table());
  for (const Counterpart& counterpart : kCounterparts) {
    EXPECT_THAT(all, HasSubstr(std::string("`asynq ") + counterpart.asynq)) << "in docs/reference/cli.md";
    EXPECT_THAT(all, HasSubstr(std::string("`windlass ") + counterpart.windlass)) << "in docs/reference/cli.md";
    for (const std::string& flag : counterpart.asynq_flags) EXPECT_THAT(all, HasSubstr(flag)) << counterpart.asynq;
  }
  for (const char* flag : {"--uri", "--db", "--password", "--username", "--cluster", "--cluster_addrs", "--tls", "--tls_server", "--insecure",
                           "--config"}) {
    EXPECT_THAT(all, HasSubstr(flag));
  }
}

// ------------------------------------------------------------------------------------------------------ what they print

struct Step {
  Arguments arguments;
  std::string shows;  // in what it prints for people
  int code = 0;
};

class AsynqStory : public CliAsynq, public ::testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "redis") {
      if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
      redis_ = std::make_unique<RedisServer>();
    }
  }
  std::string url() const { return redis_ ? redis_->url() : broker(); }
  Ran on_store(const Arguments& arguments) const {
    Arguments argv{WINDLASS_TOOL, "--broker", url()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv);
  }
  // What only a fleet makes: a server, an entry, a tick, a task that runs.
  void put_fleet() const {
    const BrokerPtr broker = open_broker(url()).value();
    broker::ServerRecord server;
    server.info.host = "worker-1";
    server.info.pid = 42;
    server.info.id = "worker-1:42:0c5b9f4a-8d19-4a5e-9d3e-0f2c6f1c1d11";
    server.info.concurrency = 7;
    server.info.queues = {{"critical", 6}, {"default", 3}};
    server.info.status = "active";
    server.info.started_at = std::chrono::system_clock::now();
    ASSERT_TRUE(broker->publish_server(server, std::chrono::hours(1)));
    SchedulerEntry entry;
    entry.id = "nightly";
    entry.spec = "0 3 * * *";
    entry.task_type = "report";
    entry.next_at = std::chrono::system_clock::now() + std::chrono::hours(1);
    ASSERT_TRUE(broker->publish_scheduler({"s", {entry}}, std::chrono::hours(1)));
    broker::NewTask task;
    task.message.id = "of-a-tick";
    task.message.queue = "ticks";
    task.message.type = "report";
    task.tick = broker::Tick{"nightly", std::chrono::system_clock::now()};
    ASSERT_TRUE(broker->enqueue({&task, 1}));
  }

  std::unique_ptr<RedisServer> redis_;
};
INSTANTIATE_TEST_SUITE_P(Stores, AsynqStory, ::testing::Values("sqlite", "redis"), [](const auto& row) { return row.param; });

TEST_P(AsynqStory, EveryCommandDoesWhatAsynqsDoes) {
  put_fleet();
  const std::string in_2030 = "2030-01-31T08:00:00+01:00";
  const Step steps[] = {
      {{"enqueue", "mail", "{\"to\":1}", "--id", "a", "--max-retry", "3", "--timeout", "90s", "--deadline", in_2030, "--retention", "1h"}, "a"},
      {{"enqueue", "mail", "x", "--id", "b", "--unique", "1h"}, "b"},
      {{"enqueue", "mail", "x", "--unique", "1h"}, "", 4},
      {{"enqueue", "mail", "x", "--id", "c", "--in", "1h"}, "c"},
      {{"enqueue", "mail", "x", "--id", "d", "--at", in_2030}, "d"},
      {{"enqueue", "mail", "x", "--id", "e", "--group", "nightly"}, "e"},
      {{"enqueue", "mail", "x", "--id", "f", "--group", "nightly"}, "f"},
      {{"enqueue", "mail", "x", "--id", "g", "--queue", "low"}, "g"},
      {{"stats"}, "mail", 0},
      {{"queue", "ls"}, "low"},
      {{"queue", "inspect", "default", "low"}, "aggregating"},
      {{"queue", "history", "default", "--days", "3"}, "ERROR RATE"},
      {{"queue", "pause", "low"}, "queue low: paused"},
      {{"queue", "ls"}, "paused"},
      {{"queue", "resume", "low"}, "queue low: resumed"},
      {{"queue", "rm", "low"}, "", 4},
      {{"queue", "rm", "low", "--force", "--yes"}, "queue low: removed"},
      {{"task", "ls", "--state", "pending", "--limit", "1"}, "--cursor"},
      {{"task", "ls", "--state", "scheduled"}, "in 59m"},
      {{"task", "ls", "--state", "aggregating", "--group", "nightly"}, "nightly"},
      {{"task", "inspect", "a", "--queue", "default"}, "{\"to\":1}"},
      {{"task", "cancel", "a"}, "", 4},
      {{"task", "archive", "a", "--queue", "default"}, "task a: archived"},
      {{"task", "ls", "--state", "archived"}, "a"},
      {{"task", "run", "a"}, "task a: pending"},
      {{"task", "delete", "a"}, "task a: deleted"},
      {{"task", "run-all", "--state", "scheduled"}, "2 tasks now pending"},
      {{"task", "archive-all", "--state", "aggregating", "--group", "nightly", "--yes"}, "2 tasks archived"},
      {{"task", "delete-all", "--state", "archived", "--yes"}, "2 tasks deleted"},
      {{"enqueue", "mail", "x", "--group", "weekly"}, ""},
      {{"group", "ls", "--queue", "default"}, "weekly"},
      {{"server", "ls"}, "critical=6"},
      {{"cron", "ls"}, "0 3 * * *"},
      {{"cron", "history", "nightly", "--limit", "5"}, "of-a-tick"},
      {{"help"}, "enqueue"},
      {{"--version"}, "windlass 0."},
  };
  for (const Step& step : steps) {
    const Ran ran = on_store(step.arguments);
    EXPECT_EQ(ran.code, step.code) << ::testing::PrintToString(step.arguments) << ran.out << ran.err;
    EXPECT_EQ(ran.err.empty(), step.code == 0) << ::testing::PrintToString(step.arguments) << ran.err;
    if (step.arguments[0] != "stats") {
      EXPECT_THAT(ran.out, HasSubstr(step.shows)) << ::testing::PrintToString(step.arguments);
    }
  }
  const codec::Value stats = on_store({"stats", "--json"}).json();
  EXPECT_EQ(at(stats, "total.pending"), "4") << "b, c, d, and the task of the tick";
  EXPECT_EQ(at(stats, "total.aggregating"), "1");
  EXPECT_EQ(at(stats, "broker.broker"), GetParam());
}

TEST_F(CliAsynq, QueuesOfAClusterAreListedWithTheirSlotsAndNodes) {
  if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
  ClusterSetup cluster({.replicas = false});
  const auto on_cluster = [&](Arguments arguments) {
    arguments.insert(arguments.begin(), {WINDLASS_TOOL, "--broker", cluster.url()});
    return run(arguments);
  };
  for (const char* queue : {"default", "low"}) ASSERT_EQ(on_cluster({"enqueue", "t", "--queue", queue}).code, 0);
  const codec::Value listed = on_cluster({"queue", "ls", "--nodes", "--json"}).json();
  ASSERT_EQ(size_of(listed, "queues"), 2u);
  for (const codec::Value& queue : *listed.find("queues")->get_if<codec::Value::Array>()) {
    const redis::Replies slot = cluster.node(0).run({"CLUSTER", "KEYSLOT", "asynq:{" + at(queue, "queue") + "}:"});
    EXPECT_EQ(at(queue, "slot"), std::to_string(slot[0].integer().value_or(-1)));
    EXPECT_EQ(size_of(queue, "nodes"), 1u);
    EXPECT_THAT(at(queue, "nodes"), HasSubstr("127.0.0.1:"));
  }
  EXPECT_THAT(on_cluster({"queue", "ls", "--nodes"}).out, HasSubstr("SLOT"));
  const Ran alone = windlass({"queue", "ls", "--nodes"});
  EXPECT_EQ(alone.code, 4);
  EXPECT_THAT(alone.err, HasSubstr("no Redis cluster"));
}

}  // namespace
}  // namespace windlass::testing
