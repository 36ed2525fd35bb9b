// The two shapes of YAML that beanstalkd writes.
#include "beanstalk/stats.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass::beanstalk {
namespace {

using ::testing::ElementsAre;

TEST(BeanstalkStats, ADictionaryIsReadByKey) {
  const auto stats = Stats::parse("---\nname: mail\ncurrent-jobs-ready: 3\nos: \"#1 SMP: x\"\nrusage-utime: 0.5\n");
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->text("name"), "mail");
  EXPECT_EQ(stats->number("current-jobs-ready"), 3u);
  EXPECT_EQ(stats->text("os"), "#1 SMP: x");
  EXPECT_EQ(stats->number("absent"), 0u);
  EXPECT_EQ(stats->text("absent"), "");
  EXPECT_EQ(stats->all().size(), 4u);
  EXPECT_FALSE(Stats::parse("---\nnonsense\n"));
}

TEST(BeanstalkStats, AListIsReadInOrder) {
  EXPECT_THAT(*parse_list("---\n- default\n- mail\n"), ElementsAre("default", "mail"));
  EXPECT_FALSE(parse_list("---\nname: x\n"));
}

}  // namespace
}  // namespace windlass::beanstalk
