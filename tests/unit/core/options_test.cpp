#include <gtest/gtest.h>

#include <windlass/task.hpp>

namespace windlass {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kThen{std::chrono::seconds(1'700'000'000)};

EnqueueOptions all_set() {
  return EnqueueOptions()
      .queue("q")
      .max_retry(3)
      .timeout(1s)
      .deadline(kThen)
      .expires_in(2s)
      .unique(3s, "key")
      .process_in(4s)
      .task_id("id")
      .retention(5s)
      .group("g")
      .header("a", "1")
      .header("b", "2");
}

void expect_same(const EnqueueOptions& a, const EnqueueOptions& b) {
  EXPECT_EQ(a.queue(), b.queue());
  EXPECT_EQ(a.max_retry(), b.max_retry());
  EXPECT_EQ(a.timeout(), b.timeout());
  EXPECT_EQ(a.deadline(), b.deadline());
  EXPECT_EQ(a.expires_at(), b.expires_at());
  EXPECT_EQ(a.expires_in(), b.expires_in());
  EXPECT_EQ(a.unique_ttl(), b.unique_ttl());
  EXPECT_EQ(a.unique_key(), b.unique_key());
  EXPECT_EQ(a.process_at(), b.process_at());
  EXPECT_EQ(a.process_in(), b.process_in());
  EXPECT_EQ(a.task_id(), b.task_id());
  EXPECT_EQ(a.retention(), b.retention());
  EXPECT_EQ(a.group(), b.group());
  EXPECT_EQ(a.headers(), b.headers());
}

TEST(EnqueueOptionsMerge, WithNothingChangesNothing) {
  expect_same(all_set().merged_with({}), all_set());
  expect_same(EnqueueOptions().merged_with(all_set()), all_set());
}

TEST(EnqueueOptionsMerge, EverythingSetLaterWins) {
  const EnqueueOptions later = EnqueueOptions()
                                   .queue("r")
                                   .max_retry(0)
                                   .timeout(0s)
                                   .deadline(kNoTime)
                                   .expires_at(kThen)
                                   .unique(9s, "other")
                                   .process_at(kThen)
                                   .task_id("")
                                   .retention(0s)
                                   .group("")
                                   .header("a", "")
                                   .header("b", "")
                                   .header("c", "3");
  expect_same(all_set().merged_with(later), later);
}

TEST(EnqueueOptionsMerge, HeadersAreMergedKeyByKey) {
  const EnqueueOptions merged = all_set().merged_with(EnqueueOptions().header("b", "new").header("c", "3"));
  EXPECT_EQ(merged.headers(), (Headers{{"a", "1"}, {"b", "new"}, {"c", "3"}}));
}

TEST(EnqueueOptionsMerge, TheTwoWaysToGiveATimeShareOnePlace) {
  const EnqueueOptions at = EnqueueOptions().process_at(kThen).expires_at(kThen);
  const EnqueueOptions in = EnqueueOptions().process_in(1s).expires_in(2s);
  expect_same(at.merged_with(in), in);
  expect_same(in.merged_with(at), at);
}

TEST(EnqueueOptionsMerge, ALaterUniqueWithoutKeyDropsTheEarlierKey) {
  const EnqueueOptions merged = all_set().merged_with(EnqueueOptions().unique(9s));
  EXPECT_EQ(merged.unique_ttl(), 9s);
  EXPECT_EQ(merged.unique_key(), "");
}

}  // namespace
}  // namespace windlass
