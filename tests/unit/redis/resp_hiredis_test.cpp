// The RESP parser beside hiredis' reader, which reads RESP2 only: they agree on every valid message, and whatever both of them
// take of a damaged one they take as the same.
#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <memory>
#include <string>

#include "redis/resp.hpp"
#include "support/seed.hpp"
#include "unit/redis/resp_text.hpp"

namespace windlass::redis {
namespace {

struct FreeReply {
  void operator()(redisReply* reply) const { ::freeReplyObject(reply); }
};
struct FreeReader {
  void operator()(redisReader* reader) const { ::redisReaderFree(reader); }
};
using ReplyPtr = std::unique_ptr<redisReply, FreeReply>;
using ReaderPtr = std::unique_ptr<redisReader, FreeReader>;

bool same(const redisReply& theirs, const Value& ours) {
  const std::string_view text(theirs.str ? theirs.str : "", theirs.str ? theirs.len : 0);
  switch (theirs.type) {
    case REDIS_REPLY_NIL: return ours.is_null();
    case REDIS_REPLY_STATUS: return ours.type() == Type::kSimple && ours.text() == text;
    case REDIS_REPLY_STRING: return ours.type() == Type::kBulk && ours.text() == text;
    case REDIS_REPLY_ERROR: return ours.type() == Type::kError && ours.text() == text;
    case REDIS_REPLY_INTEGER: return ours.type() == Type::kInteger && *ours.integer() == theirs.integer;
    case REDIS_REPLY_ARRAY: break;
    default: return false;
  }
  if (ours.type() != Type::kArray || ours.size() != theirs.elements) return false;
  for (std::size_t i = 0; i < theirs.elements; ++i) {
    if (!same(*theirs.element[i], ours[i])) return false;
  }
  return true;
}

// Nothing: not whole or broken.
ReplyPtr hiredis_reply(const std::string& bytes) {
  const ReaderPtr reader(::redisReaderCreate());
  ::redisReaderFeed(reader.get(), bytes.data(), bytes.size());
  void* reply = nullptr;
  if (::redisReaderGetReply(reader.get(), &reply) != REDIS_OK) return nullptr;
  return ReplyPtr(static_cast<redisReply*>(reply));
}

bool parse_one(const std::string& bytes, Replies& replies) {
  Parser parser;
  std::string_view rest = bytes;
  return parser.parse(rest, replies) == Parser::Outcome::kComplete;
}

TEST(RespBesideHiredis, ValidMessagesReadTheSame) {
  const std::uint64_t seed = testing::test_seed();
  SCOPED_TRACE(testing::replay(seed));
  base::Random random(seed);
  for (int round = 0; round < 5000; ++round) {
    const std::string message = testing::random_message(random, 5, true);
    const ReplyPtr theirs = hiredis_reply(message);
    Replies ours;
    ASSERT_TRUE(theirs) << message;
    ASSERT_TRUE(parse_one(message, ours)) << message;
    ASSERT_TRUE(same(*theirs, ours[0])) << message << " became " << testing::show(ours[0]);
  }
}

TEST(RespBesideHiredis, DamagedMessagesAreRefusedOrReadTheSame) {
  const std::uint64_t seed = testing::test_seed();
  SCOPED_TRACE(testing::replay(seed));
  base::Random random(seed);
  int both = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string message = testing::random_message(random, 3, true);
    for (std::uint64_t n = 1 + random.below(3); n > 0 && !message.empty(); --n) {
      const std::size_t at = random.below(message.size());
      if (random.below(4) == 0) {
        message.erase(at, 1);
      } else {
        message[at] = "\r\n+-:$*019x"[random.below(11)];
      }
    }
    const ReplyPtr theirs = hiredis_reply(message);
    Replies ours;
    if (!parse_one(message, ours) || !theirs) continue;
    ++both;
    ASSERT_TRUE(same(*theirs, ours[0])) << message << " became " << testing::show(ours[0]);
  }
  EXPECT_GT(both, 0) << "no damaged message was still readable: the test compared nothing";
}

}  // namespace
}  // namespace windlass::redis
