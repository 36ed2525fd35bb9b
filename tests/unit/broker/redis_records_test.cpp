#include "broker/redis/records.hpp"

#include <algorithm>
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/core/bytes.hpp"

namespace windlass::broker {
namespace {

using namespace std::chrono_literals;
using testing::from_hex;
using testing::to_hex;

constexpr TimePoint kT0{1'700'000'000s};

ServerInfo server() {
  ServerInfo info;
  info.id = "h:7:s";
  info.host = "h";
  info.pid = 7;
  info.concurrency = 10;
  info.queues = {{"default", 1}};
  info.status = "active";
  info.started_at = kT0 + 5ns;
  return info;
}

SchedulerEntry entry() {
  SchedulerEntry e;
  e.id = "e1";
  e.spec = "@every 30s";
  e.task_type = "t";
  e.options = {"Queue(\"low\")", "MaxRetry(3)"};
  e.next_at = kT0;
  return e;
}

// Made with protoc from Asynq's messages.
constexpr const char* kServer =
    "0a016810071a0173200a2a0b0a0764656661756c7410013a0661637469766542080880e2cfaa061005";
constexpr const char* kEntry =
    "0a026531120a406576657279203330731a01742a0c517565756528226c6f7722292a0b4d6178526574727928332932060880e2cfaa063a0b"
    "088092b8c398feffffff01";

TEST(RedisRecords, AServerIsWrittenAsAsynqWritesIt) { EXPECT_EQ(to_hex(encode_server(server(), 0)), kServer); }

TEST(RedisRecords, AServerIsReadAsAsynqWritesIt) {
  const Result<ServerInfo> read = decode_server(from_hex(kServer));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->id, "h:7:s");
  EXPECT_EQ(read->host, "h");
  EXPECT_EQ(read->pid, 7);
  EXPECT_EQ(read->concurrency, 10);
  EXPECT_EQ(read->queues, (std::map<std::string, int>{{"default", 1}}));
  EXPECT_FALSE(read->strict_priority);
  EXPECT_EQ(read->status, "active");
  EXPECT_EQ(read->started_at, kT0 + 5ns);
}

TEST(RedisRecords, AnEntryIsWrittenAsAsynqWritesItAndReadBack) {
  EXPECT_EQ(to_hex(encode_scheduler_entry(entry(), 0)), kEntry);
  const Result<PublishedEntry> read = decode_scheduler_entry(from_hex(kEntry));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->entry.id, "e1");
  EXPECT_EQ(read->entry.spec, "@every 30s");
  EXPECT_EQ(read->entry.options, entry().options);
  EXPECT_EQ(read->entry.next_at, kT0);
  EXPECT_EQ(read->entry.prev_at, kNoTime) << "the year 1 means never";
  EXPECT_FALSE(read->entry.payload.present());
  EXPECT_EQ(read->publication, 0) << "by a Go scheduler";
}

TEST(RedisRecords, OurFieldsComeBack) {
  EXPECT_EQ(decode_scheduler_entry(encode_scheduler_entry(entry(), 42))->publication, 42);
  WorkerInfo worker;
  worker.task_id = "a";
  worker.task_type = "t";
  worker.queue = "q";
  worker.payload = Payload(std::string("\0\xff", 2));
  worker.started_at = kT0 + 1ns;
  worker.overrun = true;
  const Result<WorkerInfo> read = decode_worker(encode_worker(server(), worker));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->task_id, "a");
  EXPECT_EQ(read->payload, worker.payload);
  EXPECT_EQ(read->started_at, kT0 + 1ns);
  EXPECT_EQ(read->deadline, kNoTime);
  EXPECT_TRUE(read->overrun);
}

TEST(RedisRecords, EventsSortByTheirNumbers) {
  std::vector<std::string> records;
  for (const std::int64_t number : {1, 2, 255, 256, 70000}) {
    const SchedulerEvent event{"id" + std::to_string(70000 - number), kT0, kT0 - 1h + 3ns};
    records.push_back(encode_event_number(number) + encode_scheduler_event(event));
  }
  EXPECT_TRUE(std::ranges::is_sorted(records));
  const Result<NumberedEvent> read = decode_scheduler_event(records[3]);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->number, 256);
  EXPECT_EQ(read->event.task_id, "id69744");
  EXPECT_EQ(read->event.enqueued_at, kT0);
  EXPECT_EQ(read->event.tick, kT0 - 1h + 3ns);
}

TEST(RedisRecords, AnEventOfAsynqHasNoNominalTime) {
  const Result<NumberedEvent> read = decode_scheduler_event(from_hex("0a0178" "12060880e2cfaa06"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->event.task_id, "x");
  EXPECT_EQ(read->event.enqueued_at, kT0);
  EXPECT_EQ(read->event.tick, kNoTime);
  EXPECT_EQ(read->number, 0);
}

TEST(RedisRecords, WhatWouldStopAGoProcessIsNotWritten) {
  SchedulerEntry odd = entry();
  odd.spec = "bad \xff";
  odd.options = {"NoArguments", "Queue(\"\xff\")"};
  const Result<PublishedEntry> read = decode_scheduler_entry(encode_scheduler_entry(odd, 1));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->entry.spec, "bad \xEF\xBF\xBD");
  EXPECT_THAT(read->entry.options, ::testing::ElementsAre("Queue(\"\xEF\xBF\xBD\")"));
}

TEST(RedisRecords, IdsOfAnotherFormAndEmptyFieldsAreNoTrouble) {
  ServerInfo info = server();
  info.id = "just a name";
  info.queues = {{"", 0}, {"q", -1}};
  const Result<ServerInfo> read = decode_server(encode_server(info, 3));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, "h:7:just a name");
  EXPECT_EQ(read->queues, info.queues);
}

template <class T>
void expect_read_or_refused(const Result<T>& result) {
  EXPECT_TRUE(result || result.error().code() == ErrorCode::kCorrupt);
}

TEST(RedisRecords, EveryCutOfARecordIsReadOrRefused) {
  for (const std::string& whole : {from_hex(kServer), from_hex(kEntry), encode_event_number(9) + encode_scheduler_event({"x", kT0, kT0})}) {
    for (std::size_t n = 0; n < whole.size(); ++n) {
      for (const char last : {'\x00', '\x7f', '\xff'}) {
        const std::string bytes = whole.substr(0, n) + last;
        expect_read_or_refused(decode_server(bytes));
        expect_read_or_refused(decode_worker(bytes));
        expect_read_or_refused(decode_scheduler_entry(bytes));
        expect_read_or_refused(decode_scheduler_event(bytes));
      }
    }
  }
  EXPECT_EQ(decode_server("\x0a\x05host").error().code(), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace windlass::broker
