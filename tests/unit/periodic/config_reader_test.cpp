// Entries out of trees: every key, and what the errors say.
#include "periodic/config_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/option_text.hpp"

namespace windlass::periodic {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

PeriodicTaskConfigs read(const char* json) {
  auto tree = codec::parse_json(json);
  if (!tree) throw std::runtime_error(tree.error().message());
  auto configs = read_configs(*tree);
  if (!configs) throw std::runtime_error(configs.error().message());
  return *std::move(configs);
}

std::string message(const char* json) {
  try {
    read(json);
    return "accepted";
  } catch (const std::runtime_error& e) { return e.what(); }
}

TEST(ConfigReader, ReadsEveryKey) {
  const auto configs =
      read(R"([{"name":"n","cron":"0 9 * * *","tz":"Europe/Rome","seconds":true,"type":"t","payload":{"a":[1,"x"]},
    "queue":"low","max_retry":3,"timeout":"30s","deadline":"2030-01-02T03:04:05Z","expires_in":"5m","process_in":"1s",
    "retention":"24h","unique":"1h","unique_key":"k","group":"g","headers":{"h":"v"},"missed":"all","missed_limit":7,
    "overlap":"skip_if_running","jitter":"10s"}])");
  ASSERT_EQ(configs.size(), 1u);
  const PeriodicTaskConfig& config = configs[0];
  EXPECT_EQ(config.spec, "0 9 * * *");
  EXPECT_EQ(config.task.type(), "t");
  EXPECT_EQ(config.task.payload(), Payload(R"({"a":[1,"x"]})"));
  EXPECT_EQ(config.options, EntryOptions("n")
                                .zone("Europe/Rome")
                                .seconds()
                                .missed(MissedTicks::kAll, 7)
                                .overlap(Overlap::kSkipIfRunning)
                                .jitter(10s));
  EXPECT_THAT(core::format_options(config.task.options()),
              ElementsAre("Queue(\"low\")", "MaxRetry(3)", "Timeout(30s)", "Deadline(Wed Jan  2 03:04:05 UTC 2030)",
                          "Unique(1h0m0s)", "UniqueKey(\"k\")", "ProcessIn(1s)", "ExpiresIn(5m0s)",
                          "Retention(24h0m0s)", "Group(\"g\")", "Header([\"h\",\"v\"])"));
}

TEST(ConfigReader, APayloadIsTextAsItIsAndAllElseJsonOrMessagePack) {
  const auto payload = [](const char* members) {
    return read((R"([{"cron":"@daily","type":"t")" + std::string(members) + "}]").c_str())[0].task.payload();
  };
  EXPECT_EQ(payload(""), Payload());
  EXPECT_EQ(payload(R"(,"payload":null)"), Payload());
  EXPECT_EQ(payload(R"(,"payload":"")"), Payload(""));
  EXPECT_EQ(payload(R"(,"payload":"plain")"), Payload("plain"));
  EXPECT_EQ(payload(R"(,"payload":42)"), Payload("42"));
  EXPECT_EQ(payload(R"(,"payload":[true])"), Payload("[true]"));
  EXPECT_EQ(payload(R"(,"payload":{"a":1},"payload_format":"msgpack")"), Payload(std::string("\x81\xa1"
                                                                                             "a\x01")));
}

TEST(ConfigReader, TakesAListOrAnObjectWithOne) {
  EXPECT_EQ(read("[]").size(), 0u);
  EXPECT_EQ(read(R"({"entry":[{"cron":"@daily","type":"t"}]})").size(), 1u);
  EXPECT_EQ(read(R"({"entries":[]})").size(), 0u);
}

TEST(ConfigReader, ErrorsNameTheEntryTheKeyAndWhatItMustBe) {
  EXPECT_EQ(message(R"([{"type":"t"}])"), "entry 1: \"cron\" is missing");
  EXPECT_EQ(message(R"([{"cron":"@daily","type":"t"},{"name":"x","cron":"@daily"}])"),
            "entry 2 ('x'): \"type\" is missing");
  EXPECT_THAT(message(R"([{"crn":"@daily"}])"), HasSubstr("entry 1: unknown key \"crn\"; known are name, cron, tz,"));
  EXPECT_EQ(message(R"([{"cron":5}])"), "entry 1: \"cron\": must be a text");
  EXPECT_EQ(message(R"([{"timeout":30}])"), "entry 1: \"timeout\": must be a duration such as \"1h30m\"");
  EXPECT_THAT(message(R"([{"timeout":"soon"}])"), HasSubstr("entry 1: \"timeout\": "));
  EXPECT_EQ(message(R"([{"missed":"some"}])"), "entry 1: \"missed\": must be one of \"skip\", \"latest\", \"all\"");
  EXPECT_EQ(message(R"([{"overlap":true}])"), "entry 1: \"overlap\": must be one of \"allow\", \"skip_if_running\"");
  EXPECT_EQ(message(R"([{"seconds":"yes"}])"), "entry 1: \"seconds\": must be true or false");
  EXPECT_EQ(message(R"([{"max_retry":1.5}])"), "entry 1: \"max_retry\": must be a whole number");
  EXPECT_EQ(message(R"([{"max_retry":99999999999}])"), "entry 1: \"max_retry\": must be a whole number");
  EXPECT_EQ(message(R"([{"headers":{"a":1}}])"), "entry 1: \"headers\": \"a\": must be a text");
  EXPECT_EQ(message(R"([{"headers":[]}])"), "entry 1: \"headers\": must be a table of texts");
  EXPECT_THAT(message(R"([{"deadline":"2030"}])"), HasSubstr("\"deadline\": "));
  EXPECT_THAT(message(R"([{"cron":"@daily","type":"t","unique_key":"k"}])"),
              HasSubstr("\"unique_key\" needs \"unique\""));
  EXPECT_EQ(message(R"([7])"), "entry 1: must be a table with \"cron\", \"type\" and more");
  EXPECT_THAT(message("7"), HasSubstr("must be a list of entries"));
  EXPECT_THAT(message(R"({"entry":{}})"), HasSubstr("must be a list of entries"));
  EXPECT_THAT(message(R"({})"), HasSubstr("under \"entry\""));
  EXPECT_THAT(message(R"({"entry":[],"other":1})"), HasSubstr("nothing else"));
}

}  // namespace
}  // namespace windlass::periodic
