// Nodes and ids as users write them.
#include "dq/nodes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass::dq {
namespace {

using ::testing::HasSubstr;

TEST(DqNodes, ANodeIsEndpointSlashTube) {
  const auto node = parse_node("127.0.0.1:11300/mail");
  ASSERT_TRUE(node);
  EXPECT_EQ(*node, Node("127.0.0.1:11300", "mail"));
  for (const char* bad :
       {"", "127.0.0.1:11300", "127.0.0.1:11300/", "127.0.0.1/mail", "h:1/a b", "h:1/a/b", "h:1/a,b", "unix:/tmp/x"}) {
    EXPECT_EQ(parse_node(bad).error().code(), ErrorCode::kInvalidArgument) << bad;
  }
  EXPECT_THAT(parse_node("h:1/" + std::string(201, 'x')).error().message(), HasSubstr("201 bytes"));
}

TEST(DqNodes, ANodeMayStandThereOnce) {
  EXPECT_TRUE(check_nodes({{"h:1", "a"}, {"h:2", "a"}, {"h:1", "b"}}));
  EXPECT_THAT(check_nodes({{"h:1", "a"}, {"h:1", "a"}}).error().message(), HasSubstr("twice"));
  EXPECT_FALSE(check_nodes({}));
}

TEST(DqNodes, AnIdNamesACopyOnEachNode) {
  const auto copies = parse_id("h:1/a/12,h:2/b/7");
  ASSERT_TRUE(copies);
  ASSERT_EQ(copies->size(), 2u);
  EXPECT_EQ((*copies)[1].node, Node("h:2", "b"));
  EXPECT_EQ((*copies)[1].job, 7u);
  EXPECT_EQ(copy_id(Node("h:1", "a"), 12), "h:1/a/12");
}

TEST(DqNodes, PartsWithFewerThanThreeFieldsArePassedOverAndBadNumbersAreNot) {
  EXPECT_EQ(parse_id("nonsense,h:1/a,h:1/a/5,")->size(), 1u);
  EXPECT_EQ(parse_id("")->size(), 0u);
  EXPECT_THAT(parse_id("h:1/a/5x").error().message(), HasSubstr("h:1/a/5x"));
  EXPECT_FALSE(parse_id("h:1/a/-5"));
  EXPECT_EQ(parse_id("h:1/a/5/more")->front().job, 5u) << "as in the original, what follows does not count";
}

}  // namespace
}  // namespace windlass::dq
