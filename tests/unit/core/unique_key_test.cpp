#include "core/unique_key.hpp"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace windlass::core {
namespace {

using namespace std::string_literals;

TEST(UniqueKey, IsThatOfAsynq) {
  EXPECT_EQ(unique_key("q", "t", Payload()), "asynq:{q}:unique:t:");
  EXPECT_EQ(unique_key("q", "t", ""), "asynq:{q}:unique:t:d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(unique_key("q", "t", R"({"u":1})"), "asynq:{q}:unique:t:cfeb4906248f18cb94f202711c2a34cf");
}

TEST(UniqueKey, CountsAllBytesOfThePayload) {
  EXPECT_NE(unique_key("q", "t", "a\0b"s), unique_key("q", "t", "a\0c"s));
  EXPECT_EQ(unique_key("q", "t", "a\0b"s), "asynq:{q}:unique:t:70350f6027bce3713f6b76473084309b");
}

TEST(UniqueKey, TakesQueueAndTypeAsTheyAre) {
  EXPECT_EQ(unique_key("} {:\u00E9", "a:b", Payload()), "asynq:{} {:\u00E9}:unique:a:b:");
}

TEST(UniqueKey, AKeyOfTheUserHasItsOwnPlace) {
  EXPECT_EQ(unique_key_for("q", "t", "abc"), "asynq:{q}:unique:t:key:900150983cd24fb0d6963f7d28e17f72");
  EXPECT_NE(unique_key_for("q", "t", "abc"), unique_key("q", "t", "abc"));
}

TEST(UniqueKey, ThreadsDoNotDisturbEachOther) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    threads.emplace_back([&wrong, i] {
      const std::string payload(i * 1000, 'x');
      const std::string expected = unique_key("q", "t", payload);
      for (int round = 0; round < 500; ++round) wrong[i] += unique_key("q", "t", payload) != expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace windlass::core
