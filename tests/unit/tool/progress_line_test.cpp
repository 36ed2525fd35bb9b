#include "progress_bar.hpp"

#include <gtest/gtest.h>

namespace windlass::app {
namespace {

TEST(ProgressLine, GrowsFromEmptyToFull) {
  EXPECT_EQ(progress_line(0, 200, "tasks"), "[>                             ]   0 %  0 of 200 tasks");
  EXPECT_EQ(progress_line(100, 200, "tasks"), "[===============>              ]  50 %  100 of 200 tasks");
  EXPECT_EQ(progress_line(200, 200, "tasks"), "[==============================] 100 %  200 of 200 tasks");
}

TEST(ProgressLine, MoreThanWasCountedIsAllOfIt) {
  EXPECT_EQ(progress_line(5, 3, "tasks"), "[==============================] 100 %  5 of 5 tasks");
  EXPECT_EQ(progress_line(0, 0, "tasks"), "[==============================] 100 %  0 of 0 tasks");
}

}  // namespace
}  // namespace windlass::app
