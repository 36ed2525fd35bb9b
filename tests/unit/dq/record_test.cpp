// What stands under the key of a message.
#include "dq/record.hpp"

#include <gtest/gtest.h>

namespace windlass::dq {
namespace {

using namespace std::chrono_literals;

Record sample() {
  Record record;
  record.kind = Record::Kind::kRun;
  record.owner = "host:1:uuid.7";
  record.attempt = 3;
  record.number = 12;
  record.span = 10s;
  record.keep = 24h;
  return record;
}

TEST(DqRecord, IsReadBackAsItWasWritten) {
  EXPECT_EQ(sample().text(), "windlass1 run host:1:uuid.7 3 12 10000 86400000");
  for (const auto kind : {Record::Kind::kRun, Record::Kind::kWait, Record::Kind::kDone, Record::Kind::kDead}) {
    Record record = sample();
    record.kind = kind;
    const auto read = Record::parse(record.text());
    ASSERT_TRUE(read) << record.text();
    EXPECT_EQ(read->text(), record.text());
  }
}

TEST(DqRecord, WhatWeDidNotWriteIsNone) {
  for (const char* foreign :
       {"", "aBcDeFgHiJkLmNoP", "windlass1", "windlass1 run o 3 12 10000", "windlass1 run o 3 12 10000 1 1",
        "windlass2 run o 3 12 10000 1", "windlass1 walk o 3 12 10000 1", "windlass1 run o x 12 10000 1",
        "windlass1 run o -3 12 10000 1", "windlass1 run o 3 12 10000 -1", "windlass1 run o 3 12 9999999999999999 1",
        "windlass1 run o 3 12 10000 1 ", " windlass1 run o 3 12 10000 1"}) {
    EXPECT_FALSE(Record::parse(foreign)) << foreign;
  }
}

TEST(DqRecord, ItsAgeIsWhatIsGoneOfItsTime) {
  Exchange found;
  found.left = 24h - 3s;
  EXPECT_EQ(sample().age(found), 3s);
}

}  // namespace
}  // namespace windlass::dq
