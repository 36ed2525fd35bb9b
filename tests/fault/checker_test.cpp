// The checker sees what it must see: each history here breaks one rule, or just not.
#include <gtest/gtest.h>

#include "fault/checker.hpp"

namespace windlass::fault {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class Checker : public ::testing::Test {
 protected:
  void intent(const std::string& id, std::int64_t at, std::int64_t due = 0, std::int64_t expires = 0, const std::string& key = "-") {
    events.push_back({EventKind::kIntent, at, id, {"plain", std::to_string(due), std::to_string(expires), key, std::to_string(at + kSecond)}});
  }
  void acked(const std::string& id, std::int64_t at) { events.push_back({EventKind::kAcked, at, id, {}}); }
  void stored(const std::string& id, std::int64_t at = 10) { intent(id, at); acked(id, at + 1); }
  void start(const std::string& id, std::int64_t at, const std::string& server = "s1") {
    events.push_back({EventKind::kStart, at, id, {server}});
  }
  void done(const std::string& id, std::int64_t at, const std::string& server = "s1") {
    events.push_back({EventKind::kDone, at, id, {server}});
  }
  void tick(const std::string& id, std::int64_t nominal) {
    events.push_back({EventKind::kStart, nominal, id, {"s1", std::to_string(nominal)}});
  }
  Findings found() const { return check(events, rests, disturbances, options); }

  std::vector<Event> events;
  std::map<std::string, Rest> rests;
  std::vector<Disturbance> disturbances;
  CheckOptions options;
};

TEST_F(Checker, ATaskThatIsDoneOnceIsWell) {
  stored("a");
  start("a", 20);
  done("a", 30);
  Findings expected;
  expected.acked = expected.done = 1;
  EXPECT_EQ(found(), expected);
}

TEST_F(Checker, AnAcknowledgedTaskThatIsNowhereIsLost) {
  stored("a");
  EXPECT_EQ(found().lost, 1u);
  rests["a"] = Rest::kKept;
  EXPECT_EQ(found().lost, 0u);
  rests["a"] = Rest::kArchived;
  EXPECT_EQ(found().lost, 0u);
  EXPECT_EQ(found().archived, 1u);
}

TEST_F(Checker, ATaskThatWasNotAcknowledgedIsNotLost) {
  intent("a", 10);
  events.push_back({EventKind::kUnknown, 11, "a", {}});
  EXPECT_EQ(found().lost, 0u);
  EXPECT_EQ(found().unknown, 1u);
}

TEST_F(Checker, ATaskThatStillWaitsIsStuck) {
  stored("a");
  rests["a"] = Rest::kWaiting;
  EXPECT_EQ(found().stuck, 1u);
}

TEST_F(Checker, TwoRunsToTheEndAreCounted) {
  stored("a");
  for (const std::int64_t at : {20, 40}) start("a", at), done("a", at + 5);
  EXPECT_EQ(found().twice, 1u);
  EXPECT_EQ(found().overlaps, 0u);
}

TEST_F(Checker, ARunThatBeginsDuringAnotherIsAnOverlap) {
  stored("a");
  start("a", 20, "s1");
  start("a", 25, "s2");
  done("a", 30, "s1");
  done("a", 35, "s2");
  EXPECT_EQ(found().overlaps, 1u);
  disturbances = {{"s2", 20, 25}};
  EXPECT_EQ(found().overlaps, 1u) << "the first server was well";
  disturbances = {{"s1", 15, 22}};
  EXPECT_EQ(found().overlaps, 0u) << "the first server was not well";
  disturbances = {{"", 21, 22}};
  EXPECT_EQ(found().overlaps, 0u) << "nor was the store";
  disturbances = {{"", 11, 12}};
  EXPECT_EQ(found().overlaps, 0u) << "nobody knows yet that it is well again";
  options.find_out_ns = 7;
  EXPECT_EQ(found().overlaps, 1u);
}

TEST_F(Checker, ARunOfAServerThatWasKilledEndsThen) {
  stored("a");
  start("a", 20, "s1");
  disturbances = {{"s1", 22, INT64_MAX}};
  start("a", 30, "s2");
  done("a", 31, "s2");
  EXPECT_EQ(found().overlaps, 0u);
}

TEST_F(Checker, ARunBeforeItsTimeIsEarly) {
  intent("a", 10, 50);
  acked("a", 11);
  start("a", 49);
  done("a", 60);
  EXPECT_EQ(found().early, 1u);
  options.clocks_stepped = true;
  EXPECT_EQ(found().early, 0u);
}

TEST_F(Checker, ARunAfterItsExpiryIsLate) {
  intent("a", 10, 0, 50);
  acked("a", 11);
  start("a", 51 + kSecond);
  done("a", 60 + kSecond);
  EXPECT_EQ(found().late, 1u);
  disturbances = {{"s1", 40, 60}};
  EXPECT_EQ(found().late, 0u) << "frozen between its look at the clock and the handler";
}

TEST_F(Checker, AGoServerKnowsNoExpiry) {
  intent("a", 10, 0, 50);
  acked("a", 11);
  start("a", 51 + kSecond, "go");
  done("a", 60 + kSecond, "go");
  EXPECT_EQ(found().late, 1u);
  options.go_servers = {"go"};
  EXPECT_EQ(found().late, 0u);
  EXPECT_EQ(found().not_promised, 1u);
  events[2].detail[0] = events[3].detail[0] = "s1";
  EXPECT_EQ(found().late, 1u) << "another server of the fleet does";
}

TEST_F(Checker, AGoServerForwardsByWholeSeconds) {
  intent("a", 10, 2 * kSecond);
  acked("a", 11);
  start("a", kSecond + 1);
  done("a", kSecond + 2);
  EXPECT_EQ(found().early, 1u);
  options.go_servers = {"go"};
  EXPECT_EQ(found().early, 0u) << "whoever fetches what it forwarded";
  EXPECT_EQ(found().not_promised, 1u);
  events[2].at = kSecond;
  EXPECT_EQ(found().early, 1u) << "a whole second early";
}

TEST_F(Checker, AGoServerThatSleptLooksAtNoFence) {
  stored("a");
  start("a", 20, "go");
  start("a", 40, "s1");
  done("a", 45, "go");
  start("a", 50, "s2");
  done("a", 60, "s1");
  done("a", 61, "s2");
  disturbances = {{"go", 21, 44}};
  EXPECT_EQ(found().overlaps, 1u);
  options.go_servers = {"go"};
  EXPECT_EQ(found().overlaps, 0u);
  EXPECT_EQ(found().not_promised, 1u);
  disturbances.clear();
  EXPECT_EQ(found().overlaps, 2u) << "awake, it keeps its tasks as others do";
}

TEST_F(Checker, TheLossWindowIsTheTimeFromTheAnswerToTheTrouble) {
  stored("a", 10);
  stored("b", 30);
  stored("c", 51);
  start("b", 32);
  done("b", 33);
  disturbances = {{"s1", 15, 16}, {"", 50, 55}, {"", 90, 95}};
  EXPECT_EQ(found().lost, 2u);
  EXPECT_EQ(found().loss_window_ns, 39);
}

TEST_F(Checker, TwoTasksWithOneKeyThatBothWaitBreakTheLock) {
  intent("a", 10, 0, 0, "k");
  acked("a", 11);
  intent("b", 20, 0, 0, "k");
  acked("b", 21);
  start("a", 30);
  done("a", 31);
  start("b", 32);
  done("b", 33);
  EXPECT_EQ(found().unique_broken, 1u);
  events[0].detail[4] = "21";
  EXPECT_EQ(found().unique_broken, 0u) << "its time had run out";
  events[0].detail[4] = "100";
  events[4].at = 15;
  EXPECT_EQ(found().unique_broken, 0u) << "a began before b was stored";
  events[4].at = 30;
  options.clocks_stepped = true;
  EXPECT_EQ(found().unique_broken, 0u) << "its time had run out on the clock of another machine";
}

TEST_F(Checker, TicksAreOneTaskEachWithoutAGap) {
  tick("t1", 100);
  tick("t2", 101);
  tick("t2", 101);  // a second run of the same task
  tick("t4", 103);
  tick("t5", 103);
  EXPECT_EQ(found().ticks_missed, 1u);
  EXPECT_EQ(found().ticks_twice, 1u);
}

TEST_F(Checker, AClockThatIsSetBackShowsTicksThatNobodyPromised) {
  tick("t3", 102);
  tick("t1", 100);
  tick("t4", 103);
  EXPECT_EQ(found().ticks_missed, 1u);
  options.clocks_stepped = true;
  EXPECT_EQ(found().ticks_missed, 0u);
  tick("t6", 105);
  EXPECT_EQ(found().ticks_missed, 1u) << "those behind the first are";
}

TEST_F(Checker, ATickWhoseTaskIsStillThereIsNotMissed) {
  tick("t1", 100);
  tick("t3", 102);
  EXPECT_EQ(found().ticks_missed, 1u);
  options.ticks_left = {{"t2", 101}};
  EXPECT_EQ(found().ticks_missed, 0u);
  options.ticks_left.emplace("t3-again", 102);
  EXPECT_EQ(found().ticks_twice, 1u);
}

}  // namespace
}  // namespace windlass::fault
