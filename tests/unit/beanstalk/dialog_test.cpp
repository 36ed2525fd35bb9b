// Which answer belongs to which command.
#include "beanstalk/dialog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass::beanstalk {
namespace {

using ::testing::HasSubstr;

TEST(BeanstalkDialog, AnswersComeInTheOrderOfTheCommands) {
  Dialog dialog;
  dialog.send(Commands().use("mail").put({}, "x"));
  dialog.send(Commands().remove(1));
  EXPECT_EQ(dialog.output(), "use mail\r\nput 0 0 1 1\r\nx\r\ndelete 1\r\n");
  dialog.wrote(5);
  EXPECT_EQ(dialog.output(), "ail\r\nput 0 0 1 1\r\nx\r\ndelete 1\r\n");
  dialog.wrote(dialog.output().size());
  EXPECT_EQ(dialog.output(), "");
  EXPECT_EQ(dialog.outstanding(), 3u);

  dialog.received("USING mail\r\nINSER");
  auto first = dialog.next();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((**first).verb, Verb::kUse);
  auto nothing = dialog.next();
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(*nothing);
  dialog.received("TED 5\r\nNOT_FOUND\r\n");
  EXPECT_EQ((**dialog.next()).reply.number, 5u);
  EXPECT_EQ((**dialog.next()).verb, Verb::kDelete);
  EXPECT_EQ(dialog.outstanding(), 0u);
}

TEST(BeanstalkDialog, AnAnswerThatDoesNotFitEndsIt) {
  Dialog dialog;
  dialog.send(Commands().touch(1));
  dialog.received("DELETED\r\n");
  const auto answer = dialog.next();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kCorrupt);
  EXPECT_THAT(answer.error().message(), HasSubstr("DELETED is no answer to touch"));
}

TEST(BeanstalkDialog, AnAnswerToNothingEndsIt) {
  Dialog dialog;
  dialog.received("DELETED\r\n");
  EXPECT_EQ(dialog.next().error().code(), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace windlass::beanstalk
