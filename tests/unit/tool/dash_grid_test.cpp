// Text in cells: widths of glyphs, tables that fit, sparklines.
#include "dash/grid.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dash/throughput.hpp"
#include "text_width.hpp"

namespace windlass::app::dash {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(TextWidth, WideGlyphsTakeTwoColumnsAndMarksNone) {
  EXPECT_EQ(text_width("abc"), 3u);
  EXPECT_EQ(text_width("队列"), 4u);
  EXPECT_EQ(text_width("e\u0301"), 1u);
  EXPECT_EQ(text_width("🚀!"), 3u);
  EXPECT_EQ(text_width("한국"), 4u);
  EXPECT_EQ(text_width("▁█"), 2u);
}

TEST(TextWidth, CutsBetweenGlyphs) {
  EXPECT_EQ(cut_to("队列队列", 8), "队列队列");
  EXPECT_EQ(cut_to("队列队列", 7), "队列...");
  EXPECT_EQ(cut_to("队列队列", 6), "队...") << "half a glyph has no room";
  EXPECT_EQ(cut_to("abcdef", 3), "abc");
  EXPECT_EQ(cut_to("", 3), "");
}

TEST(DashGrid, WritesWithinItsEdges) {
  Grid grid(6, 2);
  EXPECT_EQ(grid.put(1, 0, "队列列"), 5) << "the third has half the room it needs";
  grid.put(4, 1, "abc");
  grid.put(0, 5, "nowhere");
  EXPECT_THAT(grid.lines(), ElementsAre(" 队列", "    ab"));
  EXPECT_EQ(grid.at(2, 0).glyph, "") << "the second cell of a wide glyph";
}

TEST(DashGrid, ShowsWhatWouldSteerATerminal) {
  Grid grid(20, 1);
  grid.put(0, 0, "a\x1b[31mb\nc\xff");
  EXPECT_EQ(grid.lines()[0], "a\\x1b[31mb\\nc\\xff");
}

TableText queues() {
  return {{{"QUEUE", false, 6}, {"SIZE", true}, {"MEMORY", true, 0, 2}, {"RATE", true, 0, 1}},
          {{"a-queue-with-a-name", "1", "1 KiB", "0.0/s"}, {"b", "20", "2 KiB", "9.5/s"}}};
}

TEST(DashTable, HasItsNaturalWidthsWhereThereIsRoom) {
  EXPECT_THAT(fit_columns(queues(), 80), ElementsAre(19, 4, 6, 5));
  EXPECT_THAT(fit_columns(queues(), 40), ElementsAre(19, 4, 6, 5));
}

TEST(DashTable, LongTextGivesWayFirstAndThenColumnsOfHighRank) {
  EXPECT_THAT(fit_columns(queues(), 30), ElementsAre(9, 4, 6, 5));
  EXPECT_THAT(fit_columns(queues(), 20), ElementsAre(6, 4, 0, 5));
  EXPECT_THAT(fit_columns(queues(), 13), ElementsAre(6, 4, 0, 0));
  EXPECT_THAT(fit_columns(queues(), 1), ElementsAre(6, 4, 0, 0)) << "less than that is not to be had";
}

TEST(DashTable, KeepsTheSelectedRowInSight) {
  TableText table{{{"N"}}, {}};
  for (int i = 0; i < 10; ++i) table.rows.push_back({std::to_string(i)});
  const auto shown = [&](int selected) {
    Grid grid(3, 4);
    draw_table(grid, table, 0, 4, selected);
    return grid.lines();
  };
  EXPECT_THAT(shown(0), ElementsAre("N", "0", "1", "2"));
  EXPECT_THAT(shown(2), ElementsAre("N", "0", "1", "2"));
  EXPECT_THAT(shown(5), ElementsAre("N", "3", "4", "5"));
  EXPECT_THAT(shown(9), ElementsAre("N", "7", "8", "9"));
}

TEST(DashThroughput, IsTheGrowthOfTheCounterOverTime) {
  Throughput t;
  const TimePoint start = TimePoint(1000s);
  t.look(100, start);
  EXPECT_TRUE(t.rates().empty()) << "one look tells no speed";
  t.look(120, start + 2s);
  t.look(120, start + 3s);
  t.look(130, start + 3s);
  EXPECT_THAT(t.rates(), ElementsAre(10, 0)) << "no time, no rate";
  t.look(4, start + 4s);
  EXPECT_EQ(t.last(), 4) << "a queue that was removed begins anew";
  for (int i = 0; i < 500; ++i) t.look(4, start + 5s + i * 1s);
  EXPECT_EQ(t.rates().size(), Throughput::kKept);
}

TEST(DashThroughput, SparklinesAreAsHighAsTheGreatestOfThem) {
  EXPECT_EQ(sparkline({}, 3), "   ");
  EXPECT_EQ(sparkline({0, 1, 4, 8}, 4), " ▁▄█");
  EXPECT_EQ(sparkline({9, 0, 8}, 2), " █") << "the last ones";
  EXPECT_EQ(sparkline({5}, 3), "  █");
  EXPECT_EQ(sparkline({0, 0}, 2), "  ");
}

TEST(DashThroughput, NumbersAreShort) {
  EXPECT_EQ(short_count(0), "0");
  EXPECT_EQ(short_count(999), "999");
  EXPECT_EQ(short_count(1000), "1.0k");
  EXPECT_EQ(short_count(12'345), "12k");
  EXPECT_EQ(short_count(999'999), "1.0M");
  EXPECT_EQ(short_count(UINT64_MAX), "18E");
  EXPECT_EQ(short_rate(0), "0.0/s");
  EXPECT_EQ(short_rate(9.94), "9.9/s");
  EXPECT_EQ(short_rate(5500.4), "5.5k/s");
}

}  // namespace
}  // namespace windlass::app::dash
