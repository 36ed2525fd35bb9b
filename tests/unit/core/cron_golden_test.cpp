// CronSpec against what robfig/cron v3.0.1 said (cron_golden.txt, made by tests/interop/cron_golden). Where the two
// differ, the difference is listed here and explained in docs/reference/cron.md; a difference that is listed and not
// there fails too.
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/cron.hpp"

namespace windlass::core {
namespace {

std::vector<std::string> split_tabs(const std::string& line) {
  std::vector<std::string> parts;
  std::stringstream stream(line);
  for (std::string part; std::getline(stream, part, '\t');) parts.push_back(part);
  parts.resize(std::max<std::size_t>(parts.size(), 2));  // an empty spec at the end of a line
  return parts;
}

std::vector<std::vector<std::string>> golden(const std::string& kind) {
  std::ifstream file(WINDLASS_CRON_GOLDEN);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    auto parts = split_tabs(line);
    if (parts[0] == kind) rows.push_back(std::move(parts));
  }
  EXPECT_FALSE(rows.empty()) << WINDLASS_CRON_GOLDEN;
  return rows;
}

TEST(CronGolden, WhatRobfigAcceptsWeAcceptButForTheListedExceptions) {
  const std::set<std::string> refused = {"*-5 * * * *", "+5 * * * *", "TZ= * * * * *", "TZ=Local * * * * *"};
  for (const auto& row : golden("good")) EXPECT_EQ(CronSpec::parse(row[1]).ok(), !refused.contains(row[1])) << row[1];
}

TEST(CronGolden, WhatRobfigRefusesWeRefuseButForTheListedExceptions) {
  const std::set<std::string> accepted = {"@every 1d", "*/99999999999999999999 * * * *"};
  for (const auto& row : golden("bad")) EXPECT_EQ(CronSpec::parse(row[1]).ok(), accepted.contains(row[1])) << row[1];
}

std::string our_times(const std::string& zone, const std::string& text, long after) {
  const auto spec = CronSpec::parse(text, {.zone = zone});
  if (!spec) return spec.error().message();
  std::string times;
  TimePoint at{std::chrono::seconds(after)};
  for (int i = 0; i < 4; ++i) {
    const auto next = spec->next(at);
    if (!next) break;
    if (i > 0) times += ',';
    times += std::to_string(std::chrono::floor<std::chrono::seconds>(*next).time_since_epoch().count());
    at = *next;
  }
  return times.empty() ? "never" : times;
}

// What robfig/cron gets wrong, by zone and spec: how many of the start times.
std::map<std::string, int> known_differences() {
  return {
      // a year whose first search step lands on a missing midnight is lost
      {"Africa/Cairo @yearly", 1},
      // the clocks jump at midnight: a weekday is lost, another one fires on the day after
      {"Asia/Tehran 0 9 * * 1-5", 1},
      {"Asia/Tehran 20 0-5/2 * * 0", 1},
      {"Asia/Tehran 45 1 * mar,oct,nov sun", 1},
      // the clocks jump by half an hour: hours are stepped over, days lost
      {"Australia/Lord_Howe 0 0 * * *", 3},
      {"Australia/Lord_Howe 0 0 */2 * 5", 1},
      {"Australia/Lord_Howe 0 0 1-7 * *", 4},
      {"Australia/Lord_Howe 0 2 * * *", 2},
      {"Australia/Lord_Howe 20 0-5/2 * * 0", 3},
      {"Australia/Lord_Howe 30 1 * * *", 1},
      {"Australia/Lord_Howe 45 1 * mar,oct,nov sun", 8},
      {"Australia/Lord_Howe 5/10 */6 * * *", 3},
      {"Australia/Lord_Howe @daily", 3},
      {"Australia/Lord_Howe @weekly", 6},
      // 2011-12-30 does not exist: the search does not end
      {"Pacific/Apia 0 0 1 * *", 1},
      {"Pacific/Apia 0 0 1-7 * *", 1},
      {"Pacific/Apia 0 0 13 * 5", 1},
      {"Pacific/Apia 0 0 31 * *", 1},
      {"Pacific/Apia 20 0-5/2 * * 0", 1},
      {"Pacific/Apia 59 23 31 12 *", 2},
      {"Pacific/Apia @monthly", 1},
      {"Pacific/Apia @weekly", 1},
  };
}

TEST(CronGolden, TheNextTimesAreThoseOfRobfigButForTheListedExceptions) {
  std::map<std::string, int> differences;
  for (const auto& row : golden("next")) {
    const std::string ours = our_times(row[1], row[2], std::stol(row[3]));
    if (ours == row[4]) continue;
    ++differences[row[1] + " " + row[2]];
  }
  EXPECT_EQ(differences, known_differences());
}

}  // namespace
}  // namespace windlass::core
