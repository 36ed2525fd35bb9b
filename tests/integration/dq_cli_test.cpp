// windlass dq and the example programs, as their users run them.
#include <filesystem>

#include "cli_fixture.hpp"
#include "dq_fixture.hpp"
#include "running_program.hpp"
#include "support/eventually.hpp"
#include "support/http_stub.hpp"

namespace windlass::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class DqCli : public Cli {
 protected:
  void SetUp() override {
    if (!beanstalkd_is_installed()) GTEST_SKIP() << kNoBeanstalkd;
    if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
    for (int i = 0; i < 2; ++i) servers_.emplace_back();
    redis_ = std::make_unique<RedisServer>();
  }
  std::string node(int i) const { return servers_[i].endpoint() + "/tube"; }
  Arguments dq(const std::string& verb, const Arguments& more = {}) const {
    Arguments argv{WINDLASS_TOOL, "dq", verb, "--node", node(0), "--node", node(1)};
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }
  std::uint64_t jobs() const { return servers_[0].jobs("", "tube") + servers_[1].jobs("", "tube"); }

  std::deque<Beanstalkd> servers_;
  std::unique_ptr<RedisServer> redis_;
};

TEST_F(DqCli, PutsRevokesAndConsumes) {
  const Ran soon = run(dq("put", {"--delay", "2s", "body"}));
  EXPECT_EQ(soon.code, 0) << soon.err;
  EXPECT_EQ(soon.out, node(0) + "/1," + node(1) + "/1\n");
  const Ran later = run(dq("put", {"--at", "2030-01-01T00:00:00Z", "body"}));
  const std::string id = later.out.substr(0, later.out.size() - 1);
  EXPECT_EQ(run(dq("revoke", {id})).out, "2 copies deleted\n");
  EXPECT_EQ(run(dq("revoke", {id})).code, 3);
  const Ran consumed = run(dq("consume", {"--lock", redis_->url(), "--exec", "cat", "--count", "1"}));
  EXPECT_EQ(consumed.code, 0) << consumed.err;
  EXPECT_EQ(consumed.out, "body");
  EXPECT_THAT(redis_->run_text({"GET", redis_->run_text({"RANDOMKEY"})}), StartsWith("windlass1 done"));
}

TEST_F(DqCli, ACommandThatFailsIsBuriedShownAndKicked) {
  ASSERT_EQ(run(dq("put", {"boom"})).code, 0);
  const std::string locks = "sqlite:" + path("locks.db");
  const Ran failed = run(dq("consume", {"--lock", locks, "--exec", "false", "--count", "2", "--max-retry", "1",
                                        "--retry-delay", "10ms", "--json"}));
  EXPECT_EQ(failed.code, 0);
  EXPECT_THAT(failed.out, HasSubstr(R"("attempt":2,"done":false)"));
  const auto buried = run(dq("buried", {"--json"})).json();
  ASSERT_GE(size_of(buried, "buried"), 1u) << "the copy that ran; the other one follows when a consumer meets it";
  EXPECT_THAT(run(dq("buried")).out, HasSubstr("boom"));
  ASSERT_EQ(run(dq("kick")).code, 0);
  const Ran done = run(dq("consume", {"--lock", locks, "--exec", "cat", "--count", "1"}));
  EXPECT_EQ(done.out, "boom");
}

TEST_F(DqCli, ProducerAndConsumerWriteIntoOneTraceWhoseIdIsThatOfTheMessage) {
  HttpStub collector([](const std::string&) { return HttpStub::ok("{}"); });
  ASSERT_EQ(run(dq("put", {"body", "--traces", collector.url("/v1/traces")})).code, 0);
  const Ran consumed = run(dq("consume", {"--lock", "sqlite:" + path("locks.db"), "--count", "1", "--log-format", "json", "--traces",
                                          collector.url("/v1/traces"), "--exec",
                                          "sh -c 'echo words >&2; printf \"%s %s\" $WINDLASS_TASK_ID $TRACEPARENT'", "--json"}));
  EXPECT_EQ(consumed.code, 0) << consumed.err;
  const codec::Value result = consumed.json();
  const std::string key = at(result, "key");
  EXPECT_THAT(at(result, "result"), StartsWith(key + " 00-" + key + "-"));
  std::string sent;
  for (const std::string& request : collector.requests()) sent += request;
  EXPECT_THAT(sent, HasSubstr("\"name\":\"put tube\""));
  EXPECT_THAT(sent, HasSubstr("\"name\":\"process tube\""));
  EXPECT_EQ(RunningProgram::count(sent, "\"traceId\":\"" + key + "\""), 2) << sent;
  for (const std::string& field : {"\"task\":\"" + key, "\"trace\":\"" + key, std::string("\"queue\":\"tube\""), std::string("\"type\":\"tube\""),
                                  std::string("\"attempt\":")}) {
    EXPECT_THAT(consumed.err, HasSubstr(field));
  }
}

TEST_F(DqCli, StatsAreForPeopleAndForPrograms) {
  ASSERT_EQ(run(dq("put", {"--delay", "1h", "body"})).code, 0);
  EXPECT_THAT(run(dq("stats")).out, HasSubstr(node(0)));
  const auto stats = run(dq("stats", {"--json"})).json();
  EXPECT_EQ(size_of(stats, "tubes"), 2u);
  EXPECT_THAT(codec::write_json(stats), HasSubstr(R"("delayed":1,"buried":0,"total":1)"));
  servers_[1].kill();
  const Ran one_away = run(dq("stats", {"--json"}));
  EXPECT_EQ(one_away.code, 5);
  EXPECT_EQ(size_of(one_away.json(), "tubes"), 1u);
  EXPECT_THAT(one_away.err, HasSubstr(servers_[1].endpoint()));
  EXPECT_EQ(run(dq("put", {"body"})).code, 5);
}

TEST_F(DqCli, WrongUseIsCode2) {
  EXPECT_EQ(run({WINDLASS_TOOL, "dq", "put", "--node", node(0), "x"}).code, 2) << "one node only";
  EXPECT_EQ(run({WINDLASS_TOOL, "dq", "put", "--node", node(0), "--node", node(0), "x"}).code, 2);
  EXPECT_EQ(run({WINDLASS_TOOL, "dq", "put", "--node", "nonsense", "x"}).code, 2);
  EXPECT_EQ(run(dq("put", {"--at", "2001-01-01T00:00:00Z", "x"})).code, 2);
  EXPECT_EQ(run(dq("put", {"--delay", "1s", "--at", "2030-01-01T00:00:00Z", "x"})).code, 2);
  EXPECT_EQ(run(dq("consume", {"--lock", "memory:", "--exec", "cat"})).code, 2);
  EXPECT_EQ(run(dq("consume", {"--lock", redis_->url(), "--exec", "no-such-command"})).code, 2);
  EXPECT_EQ(run(dq("put", {"--json", "@/no/such/file"})).code, 2);
}

TEST_F(DqCli, TheExamplesShowFiveMessages) {
  const std::string programs = std::string(WINDLASS_EXAMPLES) + "/example_dq_";
  if (!std::filesystem::exists(programs + "producer")) GTEST_SKIP() << "the examples were not built";
  RunningProgram consumer({programs + "consumer", redis_->url(), node(0), node(1)});
  const Ran produced = run({programs + "producer", node(0), node(1)});
  EXPECT_EQ(produced.code, 0) << produced.err;
  EXPECT_THAT(produced.out, HasSubstr("1004 is " + node(0)));
  for (const char* body : {"1000", "1001", "1002", "1003", "1004"})
    EXPECT_TRUE(consumer.wait_for(std::string("got ") + body)) << consumer.err();
  EXPECT_TRUE(eventually([&] { return jobs() == 0; })) << "their other copies follow";
  EXPECT_EQ(consumer.end(), 0);
  EXPECT_EQ(RunningProgram::count(consumer.out(), "got "), 5);
}

}  // namespace
}  // namespace windlass::testing
