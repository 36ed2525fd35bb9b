// windlass enqueue, and every way it can be refused.
#include "cli_fixture.hpp"

namespace windlass::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using CliEnqueue = Cli;

TEST_F(CliEnqueue, PrintsTheIdAndWithJsonTheTask) {
  const Ran plain = windlass({"enqueue", "hello", R"({"a":1})", "--id", "my-0"});
  EXPECT_EQ(plain.code, 0) << plain.err;
  EXPECT_EQ(plain.out, "my-0\n");
  const codec::Value task = windlass({"enqueue", "hello", R"({"a":1})", "--json"}).json();
  EXPECT_EQ(at(task, "id").size(), 36u);
  EXPECT_EQ(at(task, "queue"), "default");
  EXPECT_EQ(at(task, "type"), "hello");
  EXPECT_EQ(at(task, "state"), "pending");
  EXPECT_EQ(at(task, "payload"), R"({"a":1})");
}

TEST_F(CliEnqueue, EveryOptionReachesTheStore) {
  const Ran enqueued = windlass({"enqueue", "hello", "x", "--queue", "low", "--in", "1500ms", "--max-retry", "0", "--timeout", "2s",
                                 "--expires-in", "1m", "--unique", "30s", "--id", "my-1", "--header", "k=v", "--header", "l=w=z",
                                 "--retention", "1h", "--json"});
  ASSERT_EQ(enqueued.code, 0) << enqueued.err;
  EXPECT_EQ(at(enqueued.json(), "state"), "scheduled");
  const codec::Value task = inspect("my-1");
  EXPECT_EQ(at(task, "queue"), "low");
  EXPECT_EQ(at(task, "state"), "scheduled");
  EXPECT_EQ(at(task, "max_retry"), "0");
  EXPECT_EQ(at(task, "timeout"), "2s");
  EXPECT_EQ(at(task, "retention"), "1h0m0s");
  EXPECT_EQ(at(task, "headers"), R"({"k":"v","l":"w=z"})");
  EXPECT_THAT(at(task, "next_process_at"), StartsWith("20"));
  EXPECT_THAT(at(task, "expires_at"), StartsWith("20"));
  EXPECT_EQ(at(task, "deadline"), "") << "what is not set is not there";
}

TEST_F(CliEnqueue, PointsInTimeAreRfc3339) {
  ASSERT_EQ(windlass({"enqueue", "t", "--id", "a", "--process-at", "2099-01-01T01:00:00+01:00", "--deadline", "2099-06-01T00:00:00.25Z",
                      "--expires-at", "2099-02-01T00:00:00Z"}).code, 0);
  const codec::Value task = inspect("a");
  EXPECT_EQ(at(task, "next_process_at"), "2099-01-01T00:00:00Z");
  EXPECT_EQ(at(task, "deadline"), "2099-06-01T00:00:00.25Z");
  EXPECT_EQ(at(task, "expires_at"), "2099-02-01T00:00:00Z");
}

TEST_F(CliEnqueue, AGroupMakesItWaitThere) {
  ASSERT_EQ(windlass({"enqueue", "t", "x", "--group", "g", "--id", "a"}).code, 0);
  EXPECT_EQ(at(inspect("a"), "state"), "aggregating");
  EXPECT_EQ(at(inspect("a"), "group"), "g");
  EXPECT_EQ(windlass({"group", "ls", "--json"}).out, "{\"queue\":\"default\",\"groups\":[{\"group\":\"g\",\"size\":1}]}\n");
}

TEST_F(CliEnqueue, ThePayloadComesFromArgumentFileOrInput) {
  write_file(path("body"), "from file");
  ASSERT_EQ(windlass({"enqueue", "t", "--id", "none"}).code, 0);
  ASSERT_EQ(windlass({"enqueue", "t", "", "--id", "empty"}).code, 0);
  ASSERT_EQ(windlass({"enqueue", "t", "[1,2]", "--id", "list"}).code, 0);
  ASSERT_EQ(windlass({"enqueue", "t", "@" + path("body"), "--id", "file"}).code, 0);
  ASSERT_EQ(windlass({"enqueue", "t", "-", "--id", "input"}, "from input\n").code, 0);
  EXPECT_EQ(inspect("none").find("payload"), nullptr);
  EXPECT_NE(inspect("empty").find("payload"), nullptr) << "empty is not the same as none";
  EXPECT_EQ(at(inspect("list"), "payload"), "[1,2]");
  EXPECT_EQ(at(inspect("file"), "payload"), "from file");
  EXPECT_EQ(at(inspect("input"), "payload"), "from input\n");
}

TEST_F(CliEnqueue, BytesThatAreNotTextComeBackInBase64) {
  ASSERT_EQ(windlass({"enqueue", "t", "-", "--id", "a"}, std::string_view("\xff\x00\x01", 3)).code, 0);
  EXPECT_EQ(at(inspect("a"), "payload"), "/wAB");
  EXPECT_EQ(at(inspect("a"), "payload_encoding"), "base64");
}

TEST_F(CliEnqueue, ADuplicateOrATakenIdIsAConflict) {
  ASSERT_EQ(windlass({"enqueue", "t", "x", "--unique", "1h", "--id", "first"}).code, 0);
  const Ran duplicate = windlass({"enqueue", "t", "x", "--unique", "1h"});
  EXPECT_EQ(duplicate.code, 4);
  EXPECT_THAT(duplicate.err, StartsWith("windlass: "));
  EXPECT_EQ(windlass({"enqueue", "t", "y", "--unique", "1h"}).code, 0) << "another payload is other work";
  EXPECT_EQ(windlass({"enqueue", "t", "y", "--unique", "1h", "--unique-key", "k"}).code, 0);
  EXPECT_EQ(windlass({"enqueue", "t", "z", "--unique", "1h", "--unique-key", "k"}).code, 4);
  const Ran taken = windlass({"enqueue", "t", "z", "--id", "first", "--json"});
  EXPECT_EQ(taken.code, 4);
  EXPECT_EQ(taken.out, "");
  EXPECT_THAT(taken.err, StartsWith(R"({"error":"task_id_conflict","message":)"));
}

struct Refusal {
  const char* name;
  Arguments arguments;
  const char* says;
};
void PrintTo(const Refusal& refusal, std::ostream* os) { *os << refusal.name; }

class CliRefuses : public Cli, public ::testing::WithParamInterface<Refusal> {};

TEST_P(CliRefuses, WithExitCode2AndAReason) {
  const Ran refused = windlass(GetParam().arguments);
  EXPECT_EQ(refused.code, 2) << refused.err;
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.err, StartsWith("windlass: "));
  EXPECT_THAT(refused.err, HasSubstr(GetParam().says));
}

const Refusal kRefusals[] = {
    {"BlankType", {"enqueue", "  "}, "type"},
    {"EmptyType", {"enqueue", ""}, "type"},
    {"BlankQueue", {"enqueue", "t", "--queue", " "}, "queue"},
    {"EmptyQueue", {"enqueue", "t", "--queue", ""}, "queue"},
    {"BlankId", {"enqueue", "t", "--id", " "}, "ID"},
    {"EmptyId", {"enqueue", "t", "--id", ""}, "ID"},
    {"BlankGroup", {"enqueue", "t", "--group", "\t"}, "group"},
    {"EmptyGroup", {"enqueue", "t", "--group", ""}, "group"},
    {"UniqueUnderOneSecond", {"enqueue", "t", "--unique", "999ms"}, "1s"},
    {"UniqueKeyAlone", {"enqueue", "t", "--unique-key", "k"}, "--unique"},
    {"InvalidUtf8InType", {"enqueue", "a\xff"}, "UTF-8"},
    {"InvalidUtf8InHeader", {"enqueue", "t", "--header", "k=\xff"}, "UTF-8"},
    {"HeaderWithoutValue", {"enqueue", "t", "--header", "k"}, "KEY=VALUE"},
    {"HeaderWithoutKey", {"enqueue", "t", "--header", "=v"}, "KEY=VALUE"},
    {"NoDuration", {"enqueue", "t", "--in", "soon"}, "soon"},
    {"NegativeTimeout", {"enqueue", "t", "--timeout", "-1s"}, "negative"},
    {"NoTime", {"enqueue", "t", "--at", "tomorrow"}, "tomorrow"},
    {"InAndAt", {"enqueue", "t", "--in", "1s", "--at", "2099-01-01T00:00:00Z"}, "--in"},
    {"NegativeRetries", {"enqueue", "t", "--max-retry", "-1"}, "--max-retry"},
    {"NoNumber", {"enqueue", "t", "--max-retry", "x"}, "--max-retry"},
    {"MissingFile", {"enqueue", "t", "@/nonexistent/file"}, "/nonexistent/file"},
    {"AFolderAsFile", {"enqueue", "t", "@/"}, "/"},
    {"NoType", {"enqueue"}, "TYPE"},
    {"TooManyArguments", {"enqueue", "t", "a", "b"}, "b"},
    {"UnknownOption", {"enqueue", "t", "--colour"}, "--colour"},
};
INSTANTIATE_TEST_SUITE_P(Enqueue, CliRefuses, ::testing::ValuesIn(kRefusals),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_F(CliEnqueue, APayloadOverTheLimitIsRefusedAndNothingIsStored) {
  const std::string url = broker() + "?payload_max=1000";
  const Ran fits = run({WINDLASS_TOOL, "--broker", url, "enqueue", "t", "-"}, std::string(1000, 'x'));
  EXPECT_EQ(fits.code, 0) << fits.err;
  const Ran refused = run({WINDLASS_TOOL, "--broker", url, "enqueue", "t", "-"}, std::string(1001, 'x'));
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("1000"));
  EXPECT_EQ(size_of(windlass({"task", "ls", "--json"}).json(), "tasks"), 1u);
}

TEST_F(CliEnqueue, AnInputWithoutEndIsRefusedToo) {
  const Ran refused = run({"sh", "-c", std::string("'") + WINDLASS_TOOL + "' --broker '" + broker() + "?payload_max=1000' enqueue t - </dev/zero"});
  EXPECT_EQ(refused.code, 1);
}

}  // namespace
}  // namespace windlass::testing
